/**
 * Rewrites a WebAssembly module so that it counts the floating-point work that it does: every multiplication, and
 * every load of a vector, in the function that does it. What is counted is what runs, however it came to be called.
 *
 * The counts of a straight piece of code are added up in front of the instruction that ends it. Nothing else changes:
 * branches go by nesting, not by address.
 */

/** Lanes multiplied (four of a vector, one of a scalar), and vectors loaded, by function. */
export interface Counts {
  multiplications: number;
  loads: number;
}

type Kind = keyof Counts;
const kinds: readonly Kind[] = ["multiplications", "loads"];
const exportPrefix = "count:";

/** @param binary a module with a name section (compiled with --debug). */
export function countInstructions(binary: Uint8Array): Uint8Array {
  const sections = readSections(binary);
  const names = functionNames(sections.find(({ id, name }) => id === 0 && name === "name")?.body);
  const imported = importedFunctions(sections.find(({ id }) => id === 2)?.body);
  const globals = sections.find(({ id }) => id === 6);
  const before = globals ? new Reader(globals.body).unsigned() : 0;
  const code = sections.find(({ id }) => id === 10)!;
  const counters: string[] = [];
  const bodies = readBodies(code.body).map((body, index) => {
    const name = names.get(imported + index) ?? `function ${imported + index}`;
    const first = before + counters.length;
    for (const kind of kinds) counters.push(`${exportPrefix}${kind}:${name}`);
    return countedBody(body, first);
  });
  const replaced = new Map<number, number[]>([
    [6, appended(globals?.body, counters, () => [0x7e, 1, 0x42, 0, 0x0b])],
    [
      7,
      appended(sections.find(({ id }) => id === 7)?.body, counters, (name, i) => [
        ...text(name),
        3,
        ...unsigned(before + i),
      ]),
    ],
    [10, [...unsigned(bodies.length), ...bodies.flatMap((body) => [...unsigned(body.length), ...body])]],
  ]);
  const out = [...binary.subarray(0, 8)];
  const kept = sections.filter(({ id }) => id !== 0);
  if (!globals)
    kept.splice(
      kept.findIndex(({ id }) => id > 6),
      0,
      { id: 6, name: "", body: new Uint8Array() },
    );
  for (const { id, body } of kept) {
    const bytes = replaced.get(id) ?? [...body];
    out.push(id, ...unsigned(bytes.length));
    for (const byte of bytes) out.push(byte);
  }
  return Uint8Array.from(out);
}

/** What an instance has done since it was made, by function. */
export function readCounts(exports: object): Map<string, Counts> {
  const counts = new Map<string, Counts>();
  for (const [key, value] of Object.entries(exports)) {
    if (!key.startsWith(exportPrefix)) continue;
    const [, kind, ...rest] = key.split(":");
    const name = rest.join(":");
    const entry = counts.get(name) ?? { multiplications: 0, loads: 0 };
    entry[kind as Kind] = Number((value as unknown as { value: bigint }).value);
    counts.set(name, entry);
  }
  return counts;
}

class Reader {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  byte(): number {
    return this.bytes[this.at++]!;
  }

  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  skipNumber(): void {
    while (this.byte() >= 128);
  }

  take(length: number): Uint8Array {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  text(): string {
    return new TextDecoder().decode(this.take(this.unsigned()));
  }
}

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest & 127) | 128);
  return [...bytes, rest];
}

/** As a signed number, of a value that is not negative. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 63; rest = Math.floor(rest / 128)) bytes.push((rest & 127) | 128);
  return [...bytes, rest];
}

function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  return [...unsigned(bytes.length), ...bytes];
}

interface Section {
  readonly id: number;
  /** Of a custom section. */
  readonly name: string;
  readonly body: Uint8Array;
}

function readSections(binary: Uint8Array): Section[] {
  const reader = new Reader(binary);
  reader.at = 8;
  const sections: Section[] = [];
  while (reader.at < binary.length) {
    const id = reader.byte();
    const inner = new Reader(reader.take(reader.unsigned()));
    const name = id === 0 ? inner.text() : "";
    sections.push({ id, name, body: inner.bytes.subarray(inner.at) });
  }
  return sections;
}

function functionNames(body: Uint8Array | undefined): Map<number, string> {
  const names = new Map<number, string>();
  const reader = new Reader(body ?? new Uint8Array());
  while (reader.at < reader.bytes.length) {
    const kind = reader.byte();
    const inner = new Reader(reader.take(reader.unsigned()));
    if (kind !== 1) continue;
    for (let count = inner.unsigned(); count > 0; count--) names.set(inner.unsigned(), inner.text());
  }
  return names;
}

function importedFunctions(body: Uint8Array | undefined): number {
  if (!body) return 0;
  const reader = new Reader(body);
  let functions = 0;
  for (let count = reader.unsigned(); count > 0; count--) {
    reader.text();
    reader.text();
    const kind = reader.byte();
    if (kind === 0) {
      functions++;
      reader.unsigned();
    } else if (kind === 2) {
      const limits = reader.byte();
      reader.unsigned();
      if (limits & 1) reader.unsigned();
    } else throw new Error(`an import of kind ${kind}`);
  }
  return functions;
}

function readBodies(body: Uint8Array): Uint8Array[] {
  const reader = new Reader(body);
  return Array.from({ length: reader.unsigned() }, () => reader.take(reader.unsigned()));
}

/** A section's vector with one more entry for each counter. */
function appended(
  body: Uint8Array | undefined,
  counters: readonly string[],
  entry: (name: string, index: number) => number[],
): number[] {
  const reader = new Reader(body ?? Uint8Array.of(0));
  const count = reader.unsigned();
  return [
    ...unsigned(count + counters.length),
    ...reader.bytes.subarray(reader.at),
    ...counters.flatMap((name, i) => entry(name, i)),
  ];
}

/** @param first global that counts this function's multiplications; the next one counts its loads. */
function countedBody(body: Uint8Array, first: number): number[] {
  const reader = new Reader(body);
  for (let groups = reader.unsigned(); groups > 0; groups--) {
    reader.unsigned();
    reader.byte();
  }
  const out = [...body.subarray(0, reader.at)];
  const counts: Counts = { multiplications: 0, loads: 0 };
  while (reader.at < body.length) {
    const start = reader.at;
    const opcode = reader.byte();
    if (endsPiece(opcode)) {
      kinds.forEach((kind, i) => {
        const global = unsigned(first + i);
        if (counts[kind] > 0) out.push(0x23, ...global, 0x42, ...signed(counts[kind]), 0x7c, 0x24, ...global);
        counts[kind] = 0;
      });
    }
    skipImmediates(reader, opcode, counts);
    for (let i = start; i < reader.at; i++) out.push(body[i]!);
  }
  return out;
}

/** loop, if, else, end, br, br_if, br_table, return, unreachable: others follow or begin what runs another number of times. */
function endsPiece(opcode: number): boolean {
  return opcode === 0 || (opcode >= 0x03 && opcode <= 0x0f && opcode !== 0x06);
}

/** Reads what belongs to an instruction, and counts it. */
function skipImmediates(reader: Reader, opcode: number, counts: Counts): void {
  if (opcode === 0xfd) {
    skipVector(reader, counts);
  } else if (opcode === 0xfc) {
    const kind = reader.unsigned();
    // memory.copy, memory.fill; below 8 stand conversions.
    if (kind === 10) reader.take(2);
    else if (kind === 11) reader.take(1);
    else if (kind >= 8) throw new Error(`bulk instruction ${kind}`);
  } else if (opcode === 0xfe) {
    if (reader.unsigned() === 3) reader.take(1);
    else memoryArgument(reader);
  } else if (opcode >= 0x28 && opcode <= 0x3e) memoryArgument(reader);
  else if (opcode === 0x0e) {
    for (let count = reader.unsigned(); count >= 0; count--) reader.unsigned();
  } else if (opcode === 0x11) {
    reader.unsigned();
    reader.unsigned();
  } else if (opcode === 0x43) reader.take(4);
  else if (opcode === 0x44) reader.take(8);
  else if (oneNumber.has(opcode)) reader.skipNumber();
  else if (opcode > 0xc4 || opcode === 0x1c || (opcode > 0x05 && opcode < 0x0b))
    throw new Error(`instruction ${opcode.toString(16)}`);
  // f32.mul
  if (opcode === 0x94) counts.multiplications++;
}

/** Blocks' types, branches, calls, variables, sizes of memory, constants. */
const oneNumber = new Set([
  ...[0x02, 0x03, 0x04, 0x0c, 0x0d, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x3f, 0x40, 0x41, 0x42],
]);

function memoryArgument(reader: Reader): void {
  reader.unsigned();
  reader.unsigned();
}

function skipVector(reader: Reader, counts: Counts): void {
  const kind = reader.unsigned();
  if (kind <= 11 || kind === 92 || kind === 93) memoryArgument(reader);
  else if (kind === 12 || kind === 13) reader.take(16);
  else if (kind >= 21 && kind <= 34) reader.take(1);
  else if (kind >= 84 && kind <= 91) {
    memoryArgument(reader);
    reader.take(1);
  }
  // f32x4.mul, relaxed_madd, relaxed_nmadd; every v128 load but those of one lane.
  if (kind === 230 || kind === 261 || kind === 262) counts.multiplications += 4;
  if (kind <= 10 || kind === 92 || kind === 93) counts.loads++;
}
