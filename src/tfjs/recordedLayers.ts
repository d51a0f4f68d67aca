/** Which layers of a TensorFlow.js model are recorded, and what their weights are called in telemetry. */
import type { LayersModel, LayerVariable, layers } from "@tensorflow/tfjs-layers";
import type { ModelSpec } from "../engine/engine.ts";
import { splitKernel } from "../engine/tensorflow/kernelBlocks.ts";
import { singularValues } from "../spectral/singularValueDecomposition.ts";
import { sigmaValues } from "../spectral/spectral.ts";
import type { SpectralFactors } from "./spectralFactors.ts";

export type RecurrentLayer = InstanceType<typeof layers.RNN>;

/** A cell of TensorFlow.js as far as it is looked at. */
interface KnownCell {
  readonly units: number;
  readonly activation?: { getClassName(): string };
  readonly recurrentKernel: LayerVariable;
  readonly factors?: SpectralFactors;
}

export interface RecordedLayer {
  readonly layer: RecurrentLayer;
  readonly cell: "rnn" | "spectral" | "lstm" | "gru";
  /** n. */
  readonly units: number;
  readonly activation: ModelSpec["activation"];
  /** Of the blocks of the kernel, in TensorFlow.js's order. */
  readonly gates: readonly string[];
  /** Of a spectral layer. */
  readonly factors: SpectralFactors | undefined;
}

const known: Readonly<Record<string, Pick<RecordedLayer, "cell" | "gates">>> = {
  SimpleRNN: { cell: "rnn", gates: ["W"] },
  SpectralRNN: { cell: "spectral", gates: ["W"] },
  LSTM: { cell: "lstm", gates: ["input", "forget", "cell", "output"] },
  SpectralLSTM: { cell: "lstm", gates: ["input", "forget", "cell", "output"] },
  GRU: { cell: "gru", gates: ["update", "reset", "candidate"] },
  SpectralGRU: { cell: "gru", gates: ["update", "reset", "candidate"] },
};

const activations: Readonly<Record<string, ModelSpec["activation"]>> = { tanh: "tanh", relu: "relu" };

/**
 * The recurrent layers to record, the bottom one first.
 * @param names only these; default: every one.
 * @throws Error naming what is there instead.
 */
export function recordedLayers(model: LayersModel, names?: readonly string[]): RecordedLayer[] {
  const described = model.layers.map((layer) => `${layer.name} (${layer.getClassName()})`).join(", ");
  for (const name of names ?? [])
    if (!model.layers.some((layer) => layer.name === name))
      throw new Error(`the model has no layer "${name}"; its layers are ${described}`);
  const recorded = model.layers
    .filter((layer) => (names ? names.includes(layer.name) : layer.getClassName() in known))
    .map(recordedLayer);
  const [first] = recorded;
  if (!first)
    throw new Error(
      `the model has none of the layers that can be recorded (${Object.keys(known).join(", ")}); its layers are ${described}`,
    );
  if (recorded.some(({ cell }) => cell !== first.cell))
    throw new Error(
      `a run records layers of one kind, but the model has ${recorded.map(({ layer, cell }) => `${layer.name} (${cell})`).join(", ")}; name those to record in \`layers\``,
    );
  return recorded;
}

function recordedLayer(layer: LayersModel["layers"][number]): RecordedLayer {
  const kind = known[layer.getClassName()];
  if (!kind)
    throw new Error(
      `layer "${layer.name}" is a ${layer.getClassName()}; those that can be recorded are ${Object.keys(known).join(", ")}`,
    );
  const recurrent = layer as RecurrentLayer;
  const { units, activation, factors } = recurrent.cell as unknown as KnownCell;
  const gated = kind.cell === "lstm" || kind.cell === "gru";
  return {
    ...kind,
    layer: recurrent,
    units,
    activation: gated ? "tanh" : (activations[activation?.getClassName() ?? ""] ?? "identity"),
    factors,
  };
}

/** Singular values of a layer's transition matrices by gate, descending; known for spectral ones, else O(n³) each. */
export function spectraOf({ layer, gates, units: n, factors }: RecordedLayer): Record<string, Float32Array> {
  const p = factors?.p?.read().dataSync() as Float32Array | undefined;
  if (factors && p)
    return Object.fromEntries(
      gates.map((gate, i) => [
        gate,
        Float32Array.from(sigmaValues(p.slice(i * n, (i + 1) * n), factors.config), Math.abs)
          .sort()
          .reverse(),
      ]),
    );
  const kernel = (layer.cell as unknown as KnownCell).recurrentKernel.read().dataSync();
  const matrices = splitKernel(n, gates.length, kernel);
  return Object.fromEntries(
    gates.map((gate, i) => [gate, Float32Array.from(singularValues(matrices[i]!, n, n))]),
  );
}
