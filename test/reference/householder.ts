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
  zeroMatrix,
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

/** Σ of `rows` × `columns` with σ on its diagonal; no p: σ = 1. */
function sigmaMatrix(rows: number, columns: number, p: Vector | undefined, band: Band): Matrix {
  const sigma = p ? singularValues(p, band) : new Array<number>(Math.min(rows, columns)).fill(1);
  return zeroMatrix(rows, columns).map((row, i) => row.map((_, j) => (i === j ? sigma[i]! : 0)));
}

/** W = U Σ Vᵀ, [rows, columns], for u [m₁, rows] and v [m₂, columns]. */
export function spectralMatrix(u: Matrix, v: Matrix, p: Vector | undefined, band: Band): Matrix {
  const S = sigmaMatrix(u[0]!.length, v[0]!.length, p, band);
  return multiply(multiply(orthogonalFrom(u), S), transpose(orthogonalFrom(v)));
}

/** ∂L/∂u, ∂L/∂v and ∂L/∂p (without p: of no meaning) from G = ∂L/∂W. */
export function spectralGradient(
  u: Matrix,
  v: Matrix,
  p: Vector | undefined,
  band: Band,
  G: Matrix,
): { u: Matrix; v: Matrix; p: Vector } {
  const S = sigmaMatrix(u[0]!.length, v[0]!.length, p, band);
  const U = orthogonalFrom(u);
  const V = orthogonalFrom(v);
  const UTGV = multiply(multiply(transpose(U), G), V);
  return {
    u: orthogonalGradient(u, multiply(multiply(G, V), transpose(S))),
    v: orthogonalGradient(v, multiply(multiply(transpose(G), U), S)),
    p: (p ?? []).map((value, i) => {
      const s = sigmoid(value);
      return UTGV[i]![i]! * 2 * band.radius * s * (1 - s);
    }),
  };
}
