/**
 * Products of Householder reflectors and W = U diag(σ) Vᵀ, written from their definition: every reflector is a full
 * n × n matrix and every product a full matrix product. O(m n³), which is why it is only an oracle.
 */
import { sigmoid } from "./activations.ts";
import {
  apply,
  applyTransposed,
  dot,
  identity,
  type Matrix,
  multiply,
  transpose,
  type Vector,
  zeroVector,
} from "./matrix.ts";

/**
 * H(u) = I − 2 u uᵀ / ‖u‖², and I for u = 0, for row `index` of a stack of reflectors: the first `index` entries
 * count as zero whatever is stored there.
 */
function reflector(row: Vector, index: number): Matrix {
  const u = active(row, index);
  const square = dot(u, u);
  const H = identity(u.length);
  if (square === 0) return H;
  for (let i = 0; i < u.length; i++)
    for (let j = 0; j < u.length; j++) H[i]![j]! -= (2 * u[i]! * u[j]!) / square;
  return H;
}

function active(row: Vector, index: number): Vector {
  return row.map((value, j) => (j < index ? 0 : value));
}

/** U = H(row 0) H(row 1) ⋯ H(row m−1), i.e. H_n(u_n) ⋯ H_{n−m+1}(u_{n−m+1}). */
export function orthogonalFrom(rows: Matrix): Matrix {
  return rows.map(reflector).reduce(multiply);
}

/**
 * ∂L/∂rows from G = ∂L/∂U.
 *
 * With U = A H B, ∂L/∂H = Aᵀ G Bᵀ =: D, and of ⟨D, I − 2uuᵀ/uᵀu⟩ the gradient is
 * −2 (D + Dᵀ) u / ‖u‖² + 4 (uᵀ D u) u / ‖u‖⁴. It is 0 where u = 0, in the entries that count as zero, and in the
 * reflector of length 1, which is a sign.
 */
export function orthogonalGradient(rows: Matrix, G: Matrix): Matrix {
  const n = G.length;
  const factors = rows.map(reflector);
  // befores[i] is the product of the reflectors before i, afters[i] of those after it.
  const befores = [identity(n)];
  for (const factor of factors) befores.push(multiply(befores.at(-1)!, factor));
  const afters = [identity(n)];
  for (const factor of factors.slice(1).reverse()) afters.unshift(multiply(factor, afters[0]!));
  return rows.map((row, index) => {
    const u = active(row, index);
    const square = dot(u, u);
    if (square === 0 || n - index === 1) return zeroVector(n);
    const D = multiply(multiply(transpose(befores[index]!), G), transpose(afters[index]!));
    const Du = apply(D, u);
    const DTu = applyTransposed(D, u);
    const gradient = u.map(
      (value, j) => (-2 * (Du[j]! + DTu[j]!)) / square + (4 * dot(u, Du) * value) / square ** 2,
    );
    return active(gradient, index);
  });
}

export interface Band {
  readonly radius: number;
  readonly center: number;
}

/** σ_i = 2r (sigmoid(p_i) − ½) + σ*. */
export function singularValues(p: Vector, { radius, center }: Band): Vector {
  return p.map((value) => 2 * radius * (sigmoid(value) - 0.5) + center);
}

/** W = U diag(σ) Vᵀ. */
export function spectralMatrix(u: Matrix, v: Matrix, p: Vector, band: Band): Matrix {
  const sigma = singularValues(p, band);
  const US = orthogonalFrom(u).map((row) => row.map((value, j) => value * sigma[j]!));
  return multiply(US, transpose(orthogonalFrom(v)));
}

/** ∂L/∂u, ∂L/∂v and ∂L/∂p from G = ∂L/∂W. */
export function spectralGradient(
  u: Matrix,
  v: Matrix,
  p: Vector,
  band: Band,
  G: Matrix,
): { u: Matrix; v: Matrix; p: Vector } {
  const sigma = singularValues(p, band);
  const U = orthogonalFrom(u);
  const V = orthogonalFrom(v);
  const GV = multiply(G, V);
  const GTU = multiply(transpose(G), U);
  const scaleColumns = (A: Matrix) => A.map((row) => row.map((value, j) => value * sigma[j]!));
  const UTGV = multiply(transpose(U), GV);
  return {
    u: orthogonalGradient(u, scaleColumns(GV)),
    v: orthogonalGradient(v, scaleColumns(GTU)),
    p: p.map((value, i) => {
      const s = sigmoid(value);
      return UTGV[i]![i]! * 2 * band.radius * s * (1 - s);
    }),
  };
}
