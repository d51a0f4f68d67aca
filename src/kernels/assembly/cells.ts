/**
 * The element-wise part of the cells, forward and backward, for one timestep of one panel.
 *
 * Panels are [row][8]; a ring block holds four rows of one timestep (128 bytes), blocks RING_STRIDE apart. What takes
 * long, tanh and sigmoid, goes over one array at a time, both vectors of a row at once: two chains of operations that do
 * not wait for one another, and that V8 can join into one (tiles.ts). Both are computed before one is stored for that.
 */
import { LEAKY_RELU, RELU, TANH } from "./descriptor";
import { sigmoidPs, tanhPs } from "./elementwise";
import { RING_STRIDE } from "./outer";
import { mulAdd, negMulAdd } from "./simd";

const LEAK: f32 = 0.01;

/** to = tanh(from), over `count` vectors, an even number. */
function tanhRows(from: usize, to: usize, count: i32): void {
  const delta = to - from;
  const end = from + (<usize>count << 4);
  for (let p = from; p < end; p += 32) {
    const left = tanhPs(v128.load(p, 0));
    const right = tanhPs(v128.load(p, 16));
    v128.store(p + delta, left, 0);
    v128.store(p + delta, right, 16);
  }
}

/** σ in place over `count` vectors, an even number. */
function sigmoidRows(x: usize, count: i32): void {
  const end = x + (<usize>count << 4);
  for (let p = x; p < end; p += 32) {
    const left = sigmoidPs(v128.load(p, 0));
    const right = sigmoidPs(v128.load(p, 16));
    v128.store(p, left, 0);
    v128.store(p, right, 16);
  }
}

/** φ in place over `count` vectors; also written to `copy` unless that is 0. */
export function activate(activation: i32, h: usize, count: i32, copy: usize): void {
  const end = h + (<usize>count << 4);
  const delta = copy ? copy - h : 0;
  const zero = f32x4.splat(0);
  if (activation == TANH) {
    tanhRows(h, h, count);
  } else if (activation == RELU) {
    // Selected, not maximised: a NaN must stay a NaN.
    for (let p = h; p < end; p += 16) {
      const x = v128.load(p);
      v128.store(p, v128.andnot(x, f32x4.lt(x, zero)));
    }
  } else if (activation == LEAKY_RELU) {
    const leak = f32x4.splat(LEAK);
    for (let p = h; p < end; p += 16) {
      const x = v128.load(p);
      v128.store(p, v128.bitselect(f32x4.mul(x, leak), x, f32x4.lt(x, zero)));
    }
  }
  if (copy) for (let p = h; p < end; p += 16) v128.store(p + delta, v128.load(p));
}

/** h = f + x, over `count` vectors; also written to `copy` unless that is 0. */
export function addResidual(f: usize, x: usize, h: usize, count: i32, copy: usize): void {
  const bytes = <usize>count << 4;
  for (let at: usize = 0; at < bytes; at += 16) {
    const y = f32x4.add(v128.load(f + at), v128.load(x + at));
    v128.store(h + at, y);
    if (copy) v128.store(copy + at, y);
  }
}

// @ts-expect-error: decorator
@inline
function ringOffset(vector: i32): usize {
  return <usize>(vector >> 3) * RING_STRIDE + (<usize>(vector & 7) << 4);
}

/** Δ = g ⊙ φ'(a) over `count` vectors, with φ' taken from the output h. */
export function rnnBackward(activation: i32, g: usize, h: usize, ring: usize, count: i32): void {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  const end = g + (<usize>count << 4);
  const toState = h - g;
  // A block of four rows at a time, and the choice of φ outside of the loop over its vectors.
  for (; g < end; ring += RING_STRIDE) {
    let to = ring;
    const blockEnd = g + 128;
    if (activation == TANH) {
      for (; g < blockEnd; g += 16, to += 16) {
        const y = v128.load(g + toState);
        v128.store(to, f32x4.mul(v128.load(g), negMulAdd(y, y, one)));
      }
    } else if (activation == RELU) {
      for (; g < blockEnd; g += 16, to += 16) {
        v128.store(to, v128.and(v128.load(g), f32x4.gt(v128.load(g + toState), zero)));
      }
    } else if (activation == LEAKY_RELU) {
      const leak = f32x4.splat(LEAK);
      for (; g < blockEnd; g += 16, to += 16) {
        const d = v128.load(g);
        v128.store(to, v128.bitselect(d, f32x4.mul(d, leak), f32x4.gt(v128.load(g + toState), zero)));
      }
    } else {
      memory.copy(to, g, 128);
      g = blockEnd;
    }
  }
}

/**
 * LSTM: c = f ⊙ c_prev + i ⊙ g, h = o ⊙ tanh(c).
 * @param gates pre-activations i, f, g, o of `count` vectors each, replaced by their values; tanh(c) is put behind them.
 */
export function lstmForward(gates: usize, cPrevious: usize, c: usize, h: usize, count: i32, copy: usize): void {
  const block = <usize>count << 4;
  const forget = gates + block;
  const candidate = forget + block;
  const output = candidate + block;
  const squashed = output + block;
  sigmoidRows(gates, 2 * count);
  tanhRows(candidate, candidate, count);
  sigmoidRows(output, count);
  for (let at: usize = 0; at < block; at += 32) {
    const kept0 = f32x4.mul(v128.load(forget + at, 0), v128.load(cPrevious + at, 0));
    const kept1 = f32x4.mul(v128.load(forget + at, 16), v128.load(cPrevious + at, 16));
    const left = mulAdd(v128.load(gates + at, 0), v128.load(candidate + at, 0), kept0);
    const right = mulAdd(v128.load(gates + at, 16), v128.load(candidate + at, 16), kept1);
    v128.store(c + at, left, 0);
    v128.store(c + at, right, 16);
  }
  tanhRows(c, squashed, count);
  for (let at: usize = 0; at < block; at += 32) {
    const left = f32x4.mul(v128.load(output + at, 0), v128.load(squashed + at, 0));
    const right = f32x4.mul(v128.load(output + at, 16), v128.load(squashed + at, 16));
    v128.store(h + at, left, 0);
    v128.store(h + at, right, 16);
  }
  if (copy) memory.copy(copy, h, block);
}

/** @param carry ∂L/∂c handed back in time; read and replaced. */
export function lstmBackward(g: usize, gates: usize, cPrevious: usize, carry: usize, ring: usize, count: i32): void {
  const block = <usize>count << 4;
  const ringBlock = <usize>(count >> 3) * RING_STRIDE;
  const one = f32x4.splat(1);
  for (let v = 0; v < count; v++) {
    const at = <usize>v << 4;
    const i = v128.load(gates + at);
    const f = v128.load(gates + block + at);
    const candidate = v128.load(gates + 2 * block + at);
    const o = v128.load(gates + 3 * block + at);
    const squashed = v128.load(gates + 4 * block + at);
    const dh = v128.load(g + at);
    const dc = mulAdd(f32x4.mul(dh, o), negMulAdd(squashed, squashed, one), v128.load(carry + at));
    v128.store(carry + at, f32x4.mul(dc, f));
    const to = ring + ringOffset(v);
    v128.store(to, f32x4.mul(f32x4.mul(dc, candidate), f32x4.mul(i, f32x4.sub(one, i))));
    v128.store(
      to + ringBlock,
      f32x4.mul(f32x4.mul(dc, v128.load(cPrevious + at)), f32x4.mul(f, f32x4.sub(one, f))),
    );
    v128.store(to + 2 * ringBlock, f32x4.mul(f32x4.mul(dc, i), negMulAdd(candidate, candidate, one)));
    v128.store(to + 3 * ringBlock, f32x4.mul(f32x4.mul(dh, squashed), f32x4.mul(o, f32x4.sub(one, o))));
  }
}

/**
 * GRU: n = tanh(x-part + r ⊙ h-part), h = (1 − z) ⊙ n + z ⊙ h_prev.
 * @param gates pre-activations r, z, h-part and x-part of the candidate, `count` vectors each; r, z and n (in place of
 * the x-part) replace them.
 */
export function gruForward(gates: usize, hPrevious: usize, h: usize, count: i32, copy: usize): void {
  const block = <usize>count << 4;
  const update = gates + block;
  const hidden = update + block;
  const candidate = hidden + block;
  sigmoidRows(gates, 2 * count);
  for (let at: usize = 0; at < block; at += 32) {
    const left = mulAdd(v128.load(gates + at, 0), v128.load(hidden + at, 0), v128.load(candidate + at, 0));
    const right = mulAdd(v128.load(gates + at, 16), v128.load(hidden + at, 16), v128.load(candidate + at, 16));
    v128.store(candidate + at, left, 0);
    v128.store(candidate + at, right, 16);
  }
  tanhRows(candidate, candidate, count);
  for (let at: usize = 0; at < block; at += 32) {
    const n0 = v128.load(candidate + at, 0);
    const n1 = v128.load(candidate + at, 16);
    const left = mulAdd(v128.load(update + at, 0), f32x4.sub(v128.load(hPrevious + at, 0), n0), n0);
    const right = mulAdd(v128.load(update + at, 16), f32x4.sub(v128.load(hPrevious + at, 16), n1), n1);
    v128.store(h + at, left, 0);
    v128.store(h + at, right, 16);
  }
  if (copy) memory.copy(copy, h, block);
}

/** @param carry the part of ∂L/∂h_{t−1} that comes straight through z; replaced. */
export function gruBackward(g: usize, gates: usize, hPrevious: usize, carry: usize, ring: usize, count: i32): void {
  const block = <usize>count << 4;
  const ringBlock = <usize>(count >> 3) * RING_STRIDE;
  const one = f32x4.splat(1);
  for (let v = 0; v < count; v++) {
    const at = <usize>v << 4;
    const r = v128.load(gates + at);
    const z = v128.load(gates + block + at);
    const hidden = v128.load(gates + 2 * block + at);
    const n = v128.load(gates + 3 * block + at);
    const dh = v128.load(g + at);
    const oneLessZ = f32x4.sub(one, z);
    const dn = f32x4.mul(f32x4.mul(dh, oneLessZ), negMulAdd(n, n, one));
    const dz = f32x4.mul(f32x4.mul(dh, f32x4.sub(v128.load(hPrevious + at), n)), f32x4.mul(z, oneLessZ));
    const dr = f32x4.mul(f32x4.mul(dn, hidden), f32x4.mul(r, f32x4.sub(one, r)));
    v128.store(carry + at, f32x4.mul(dh, z));
    const to = ring + ringOffset(v);
    v128.store(to, dr);
    v128.store(to + ringBlock, dz);
    v128.store(to + 2 * ringBlock, f32x4.mul(dn, r));
    v128.store(to + 3 * ringBlock, dn);
  }
}
