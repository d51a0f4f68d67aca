/** The models that every set of recurrent networks compares. */
import type { ActivationName, ExperimentInput, InitializationName } from "../../../experiment/schema.ts";

type ModelInput = ExperimentInput["model"];
type TrainingInput = NonNullable<ExperimentInput["training"]>;

/** What a family of tasks asks of the models whose transition is kept near orthogonal. */
export interface NearOrthogonal {
  readonly activation: ActivationName;
  readonly initialization: InitializationName;
}

export interface ComparedModel {
  readonly name: string;
  readonly model: ModelInput;
  /** What this model needs to be trained at its best, instead of the set's. */
  readonly training: Partial<TrainingInput>;
}

const reflectors = 16;

/**
 * The vanilla RNN as PyTorch starts it, the IRNN, the orthogonal and Spectral-RNNs with few reflectors and with all,
 * LSTM and GRU.
 *
 * @param irnnRate learning rate of the IRNN, whose free W needs small steps (Le, Jaitly & Hinton 2015).
 */
export function comparedModels(
  hidden: number,
  near: NearOrthogonal,
  irnnRate: number,
): readonly ComparedModel[] {
  const few = Math.min(reflectors, hidden);
  const plain = (name: string, model: Omit<ModelInput, "hidden">): ComparedModel => ({
    name,
    model: { ...model, hidden },
    training: {},
  });
  const spectral = (m: number, radius: number): ComparedModel =>
    plain(`spectral m=${m} r=${radius}`, { cell: "spectral", ...near, reflectors: m, radius });
  return [
    plain("rnn tanh", { cell: "rnn", activation: "tanh", initialization: "uniform" }),
    {
      ...plain("irnn", { cell: "rnn", activation: "relu", initialization: "identity" }),
      training: { learningRate: irnnRate },
    },
    plain(`orthogonal m=${few}`, { cell: "orthogonal", ...near, reflectors: few }),
    spectral(few, 0.01),
    spectral(few, 0.1),
    spectral(hidden, 0.1),
    plain("lstm", { cell: "lstm" }),
    plain("gru", { cell: "gru" }),
  ];
}
