/** Recurrent kernels of TensorFlow.js's layers, which multiply h from the left: each gate's Wᵀ is a block of n columns. */

/** The gates' W, [n, n] each, of a kernel [n, gates · n]. */
export function splitKernel(n: number, gates: number, kernel: ArrayLike<number>): Float32Array[] {
  return Array.from({ length: gates }, (_, gate) => {
    const w = new Float32Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) w[j * n + i] = kernel[i * gates * n + gate * n + j]!;
    return w;
  });
}

/** The kernel [n, gates · n] of the gates' W. */
export function joinKernel(n: number, matrices: readonly ArrayLike<number>[]): Float32Array {
  const gates = matrices.length;
  const kernel = new Float32Array(n * gates * n);
  for (const [gate, w] of matrices.entries())
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) kernel[i * gates * n + gate * n + j] = w[j * n + i]!;
  return kernel;
}
