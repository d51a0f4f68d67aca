/** The number types of safetensors and how their bytes become typed arrays. */

export type TensorValues =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

type Decode = (bytes: Uint8Array) => TensorValues;

type ViewConstructor<T> = {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
};

/** A view of the bytes, or of a copy where they do not stand at a multiple of the element's size. */
function viewAs<T extends TensorValues>(View: ViewConstructor<T>): Decode {
  const elementSize = View.BYTES_PER_ELEMENT;
  return (bytes) => {
    const aligned = bytes.byteOffset % elementSize === 0 ? bytes : bytes.slice();
    return new View(aligned.buffer, aligned.byteOffset, aligned.byteLength / elementSize);
  };
}

const words = viewAs(Uint16Array);
const widen =
  (toFloat: (word: number) => number): Decode =>
  (bytes) =>
    Float32Array.from(words(bytes) as Uint16Array, toFloat);

export const dtypes = {
  F64: { bytes: 8, decode: viewAs(Float64Array) },
  F32: { bytes: 4, decode: viewAs(Float32Array) },
  F16: { bytes: 2, decode: widen(float16) },
  BF16: { bytes: 2, decode: widen(bfloat16) },
  I64: { bytes: 8, decode: viewAs(BigInt64Array) },
  I32: { bytes: 4, decode: viewAs(Int32Array) },
  I16: { bytes: 2, decode: viewAs(Int16Array) },
  I8: { bytes: 1, decode: viewAs(Int8Array) },
  U64: { bytes: 8, decode: viewAs(BigUint64Array) },
  U32: { bytes: 4, decode: viewAs(Uint32Array) },
  U16: { bytes: 2, decode: viewAs(Uint16Array) },
  U8: { bytes: 1, decode: viewAs(Uint8Array) },
  BOOL: { bytes: 1, decode: viewAs(Uint8Array) },
} as const satisfies Record<string, { readonly bytes: number; readonly decode: Decode }>;

export type DtypeName = keyof typeof dtypes;

export function isDtype(name: string): name is DtypeName {
  return Object.hasOwn(dtypes, name);
}

export function decodeValues(dtype: DtypeName, bytes: Uint8Array): TensorValues {
  return dtypes[dtype].decode(bytes);
}

/** Values as float32: the same array where it is one already; 64-bit numbers are rounded. */
export function toFloat32(values: TensorValues): Float32Array {
  if (values instanceof Float32Array) return values;
  if (values instanceof BigInt64Array || values instanceof BigUint64Array)
    return Float32Array.from({ length: values.length }, (_, i) => Number(values[i]));
  return Float32Array.from(values);
}

/** IEEE 754 half precision: 1 sign bit, 5 of exponent, 10 of fraction. */
function float16(word: number): number {
  const sign = word & 0x8000 ? -1 : 1;
  const exponent = (word >> 10) & 0x1f;
  const fraction = word & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const scratch = new DataView(new ArrayBuffer(4));

/** The upper half of a float32. */
function bfloat16(word: number): number {
  scratch.setUint32(0, word * 65_536);
  return scratch.getFloat32(0);
}
