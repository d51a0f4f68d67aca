/**
 * The files of a TensorFlow.js LayersModel: `model.json` with the topology and a manifest of weights, whose values lie
 * in files beside it.
 */
import { readFileSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, normalize, resolve, sep } from "node:path";
import { z } from "zod";
import { replaceFile } from "./atomicFile.ts";
import { describeIssues } from "./describeIssues.ts";
import { attempt } from "./systemError.ts";

export interface LayersWeight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface SavedLayersModel {
  /** Everything that the file says; `recurrentLayersOf` finds its way in it. */
  readonly content: Record<string, unknown>;
  readonly weights: ReadonlyMap<string, LayersWeight>;
}

const manifestSchema = z.array(
  z.object({
    paths: z.array(z.string().min(1)),
    weights: z.array(
      z.object({
        name: z.string(),
        shape: z.array(z.int().min(0)),
        dtype: z.string(),
        quantization: z.object({ dtype: z.string() }).loose().optional(),
      }),
    ),
  }),
);

const modelSchema = z
  .object({ modelTopology: z.record(z.string(), z.unknown()), weightsManifest: manifestSchema })
  .loose();

/**
 * Reads a saved model.
 * @throws SystemFailure; Error naming the file and what is wrong with it: not a LayersModel, weights that are not
 *   float32, weight files that are missing, too short, too long or not in the model's own folder.
 */
export function readLayersModel(file: string): SavedLayersModel {
  const content = parse(file);
  const folder = dirname(resolve(file));
  const weights = new Map<string, LayersWeight>();
  for (const { paths, weights: specs } of content.weightsManifest) {
    const bytes = Buffer.concat(paths.map((path) => readPart(file, folder, path)));
    let offset = 0;
    for (const { name, shape, dtype, quantization } of specs) {
      if (dtype !== "float32" || quantization)
        throw new Error(
          `${file}: weight "${name}" is ${quantization ? `quantized to ${quantization.dtype}` : dtype}; only float32 can be read`,
        );
      const count = shape.reduce((product, size) => product * size, 1);
      const end = offset + 4 * count;
      if (end > bytes.length)
        throw new Error(
          `${file}: ${paths.join(", ")} ${paths.length === 1 ? "has" : "have"} ${bytes.length} bytes; weight "${name}" ends at ${end}`,
        );
      const data = new Float32Array(count);
      for (let i = 0; i < count; i++) data[i] = bytes.readFloatLE(offset + 4 * i);
      weights.set(name, { shape, data });
      offset = end;
    }
    if (offset !== bytes.length)
      throw new Error(
        `${file}: ${paths.join(", ")}: ${bytes.length - offset} bytes more than its weights need`,
      );
  }
  return { content, weights };
}

function parse(file: string): z.output<typeof modelSchema> {
  const text = attempt("read", file, () => readFileSync(file, "utf8"));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not JSON`, { cause: error });
  }
  const result = modelSchema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(`${file} is not a LayersModel of TensorFlow.js: ${describeIssues(result.error)}`);
}

function readPart(file: string, folder: string, path: string): Buffer {
  const inside = normalize(path);
  if (isAbsolute(path) || inside === ".." || inside.startsWith(`..${sep}`))
    throw new Error(`${file}: its weights lie in "${path}", outside of its own folder`);
  const part = join(folder, inside);
  return attempt("read", part, () => {
    if (!statSync(part).isFile()) throw new Error(`${part} is not a regular file`);
    return readFileSync(part);
  });
}

/**
 * Writes a model as `NAME.json` and `NAME.weights.bin` beside it, each whole or not at all, the weights first.
 * @throws SystemFailure.
 */
export function writeLayersModel(file: string, { content, weights }: SavedLayersModel): void {
  const data = `${basename(file).replace(/\.json$/, "")}.weights.bin`;
  const size = [...weights.values()].reduce((sum, weight) => sum + 4 * weight.data.length, 0);
  const bytes = Buffer.alloc(size);
  let offset = 0;
  for (const { data: values } of weights.values())
    for (const value of values) offset = bytes.writeFloatLE(value, offset);
  const specs = [...weights].map(([name, { shape }]) => ({ name, shape, dtype: "float32" }));
  const manifest = { ...content, weightsManifest: [{ paths: [data], weights: specs }] };
  replaceFile(join(dirname(resolve(file)), data), bytes);
  replaceFile(resolve(file), JSON.stringify(manifest));
}

/** Classes of recurrent layers with a dense kernel, their spectral twins, and their blocks in TensorFlow.js's order. */
const recurrentClasses = [
  { dense: "SimpleRNN", spectral: "SpectralRNN", gates: ["W"] },
  { dense: "LSTM", spectral: "SpectralLSTM", gates: ["input", "forget", "cell", "output"] },
  { dense: "GRU", spectral: "SpectralGRU", gates: ["update", "reset", "candidate"] },
] as const;

export interface SavedRecurrentLayer {
  readonly name: string;
  readonly kind: (typeof recurrentClasses)[number];
  readonly isSpectral: boolean;
  /** n. */
  readonly units: number;
  /** The layer's part of the topology; changing it changes the model. */
  readonly entry: { class_name: string; config: Record<string, unknown> };
}

/** The recurrent layers of a topology, wherever they stand in it; pass a copy to change it. */
export function recurrentLayersOf(topology: unknown): SavedRecurrentLayer[] {
  if (Array.isArray(topology)) return topology.flatMap(recurrentLayersOf);
  if (typeof topology !== "object" || topology === null) return [];
  const { class_name: className, config } = topology as { class_name?: unknown; config?: unknown };
  const kind = recurrentClasses.find(({ dense, spectral }) => className === dense || className === spectral);
  if (kind && typeof config === "object" && config !== null) {
    const { name, units } = config as { name?: unknown; units?: unknown };
    if (typeof name === "string" && Number.isInteger(units) && (units as number) > 0)
      return [
        {
          name,
          kind,
          isSpectral: className === kind.spectral,
          units: units as number,
          entry: topology as SavedRecurrentLayer["entry"],
        },
      ];
  }
  return Object.values(topology).flatMap(recurrentLayersOf);
}

/** Full name of a layer's weight, e.g. `lstm_1/recurrent_kernel` or, from Keras, `lstm_1/lstm_cell/recurrent_kernel`. */
export function weightName(
  weights: SavedLayersModel["weights"],
  layer: string,
  short: string,
): string | undefined {
  return [...weights.keys()].find((name) => name.split("/").includes(layer) && name.endsWith(`/${short}`));
}
