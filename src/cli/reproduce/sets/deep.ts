/** Deep feed-forward nets on whole images of MNIST: the gradient goes back through layers instead of timesteps. */
import type { ExperimentInput } from "../../../experiment/schema.ts";
import type { ExperimentSet, SetContext, SetExperiment } from "../experimentSet.ts";
import { mnistFolder } from "../mnistFolder.ts";

type ModelInput = ExperimentInput["model"];
type Net = "mlp" | "resnet";

const depths = [30, 100] as const;
const nets = ["mlp", "resnet"] as const;
const images = 60_000;
const reflectors = 16;

interface DeepModel {
  readonly name: string;
  readonly model: Omit<ModelInput, "net" | "layers" | "hidden">;
}

/**
 * Layers of an mlp multiply, so that σ ≈ 1 keeps the gradient. Layers of a resnet add φ(W h) to h: there the band lies
 * around 0 (Zhang, Lei & Dhillon 2018), so that each layer begins as the identity; with σ ≈ 1 it may double the gradient.
 */
function models(net: Net, hidden: number): DeepModel[] {
  // Through a hundred layers tanh learns where a leaky ReLU, half of whose slopes are 0.01, does not.
  const near = { activation: "tanh", initialization: "orthogonal" } as const;
  const few = Math.min(reflectors, hidden);
  const center = net === "mlp" ? 1 : 0;
  const spectral = (m: number, radius: number): DeepModel => ({
    name: `spectral m=${m} r=${radius}${center === 1 ? "" : ` σ*=${center}`}`,
    model: { cell: "spectral", ...near, reflectors: m, radius, center },
  });
  return [
    { name: "dense tanh", model: { cell: "rnn", activation: "tanh", initialization: "uniform" } },
    { name: "dense relu", model: { cell: "rnn", activation: "relu", initialization: "uniform" } },
    { name: `orthogonal m=${few}`, model: { cell: "orthogonal", ...near, reflectors: few } },
    spectral(few, 0.01),
    spectral(few, 0.1),
    spectral(hidden, 0.1),
  ];
}

async function experiments(
  net: Net,
  layers: number,
  { quick, dataFolder }: SetContext,
): Promise<SetExperiment[]> {
  const folder = await mnistFolder(dataFolder);
  const hidden = quick ? 32 : 128;
  const size = quick ? { trainSize: 2000, testSize: 1000 } : {};
  const training = quick
    ? { epochs: 3, batch: 50, decaySteps: 60 }
    : { epochs: 10, batch: 128, decaySteps: 1500 };
  return models(net, hidden).map(({ name, model }) => ({
    name,
    model: name,
    work: { length: 1, inputs: 784, trainSize: size.trainSize ?? images },
    input: {
      task: { kind: "mnist", folder, length: 1, ...size },
      model: { ...model, net, layers, hidden },
      training: { ...training, learningRate: 0.001, learningRateDecay: 0.5, clipNorm: 1 },
    },
  }));
}

export const deepSets: readonly ExperimentSet[] = nets.flatMap((net) =>
  depths.map((layers) => ({
    name: `deep-${net}-${layers}`,
    family: "deep",
    description:
      net === "mlp"
        ? `A feed-forward net of ${layers} layers on whole images of MNIST.`
        : `A residual net of ${layers} layers on whole images of MNIST.`,
    needs: ["mnist"],
    unit: "layers" as const,
    experiments: (context: SetContext) => experiments(net, layers, context),
  })),
);
