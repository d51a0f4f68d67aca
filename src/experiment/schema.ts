/**
 * The experiment file's schema: the one source of its types, defaults, JSON Schema and error messages.
 *
 * Every property carries `.meta({ description })`, which becomes the hover text of the JSON Schema. Objects are
 * strict: a key that is not listed here is an error (with a "did you mean"), never ignored.
 */
import { z } from "zod";
import { positiveInteger, taskSchema } from "./taskSchema.ts";

export const cellNames = ["rnn", "spectral", "orthogonal", "lstm", "gru"] as const;
export const netNames = ["recurrent", "mlp", "resnet"] as const;
export const activationNames = ["tanh", "relu", "leakyRelu", "identity"] as const;
export const initializationNames = ["orthogonal", "identity", "glorot", "uniform", "henaff"] as const;

export const modelSchema = z
  .strictObject({
    cell: z
      .enum(cellNames)
      .meta({ description: "rnn: vanilla; spectral: W = U diag(σ) Vᵀ; orthogonal: σ = 1; lstm; gru." }),
    net: z.enum(netNames).default("recurrent").meta({
      description:
        "recurrent: layers through time; mlp: a deep feed-forward net; resnet: h + φ(W h + b) in each layer after the first. mlp and resnet read sequences of one timestep, with cells rnn (dense), spectral and orthogonal.",
    }),
    hidden: positiveInteger(8192).default(64).meta({ description: "Hidden size n." }),
    layers: positiveInteger(200).default(1).meta({
      description: "Stacked recurrent layers (at most 64); of an mlp or resnet: its depth, 2 to 200.",
    }),
    activation: z
      .enum(activationNames)
      .default("tanh")
      .meta({ description: "φ of rnn, spectral and orthogonal cells. leakyRelu has slope 0.01." }),
    initialization: z.enum(initializationNames).default("orthogonal").meta({
      description:
        "Transition matrix at the start. uniform: ±1/√n, as PyTorch's nn.RNN; identity with relu is the IRNN (Le et al. 2015). Spectral and orthogonal cells start at the U and V nearest to it that their reflectors can express.",
    }),
    reflectors: z
      .union([positiveInteger(8192), z.tuple([positiveInteger(8192), positiveInteger(8192)])])
      .optional()
      .meta({
        description:
          "Householder reflectors of U and V: one number m, or [m₁, m₂]; at most `hidden`. Default: min(hidden, 16). For spectral and orthogonal.",
      }),
    radius: z
      .number()
      .gt(0)
      .max(10)
      .default(0.1)
      .meta({ description: "r: singular values stay inside (center − r, center + r). For spectral." }),
    center: z
      .number()
      .min(0)
      .max(10)
      .default(1)
      .meta({ description: "σ*: the middle of the band of singular values. For spectral." }),
    embedding: z.enum(["tied", "free"]).optional().meta({
      description:
        "text: look symbols up in a matrix of n values each. tied: the same matrix gives the logits (Press & Wolf 2017; Inan et al. 2017); free: the head has its own. Absent: one-hot inputs.",
    }),
  })
  .meta({ description: "The network." });

export const trainingSchema = z
  .strictObject({
    optimizer: z.enum(["adam", "rmsprop", "sgd"]).default("adam").meta({ description: "Optimizer." }),
    momentum: z.number().min(0).lt(1).default(0.9).meta({ description: "Momentum of sgd." }),
    learningRate: z.number().gt(0).max(100).default(0.001).meta({ description: "Learning rate at step 0." }),
    learningRateDecay: z.number().gt(0).max(1).default(1).meta({
      description:
        "Factor applied to the learning rate over every `decaySteps` steps, continuously (exponential decay).",
    }),
    decaySteps: positiveInteger(1_000_000_000)
      .default(1000)
      .meta({ description: "Steps over which `learningRateDecay` is applied once." }),
    batch: positiveInteger(65_536).default(32).meta({ description: "Sequences per step." }),
    steps: positiveInteger(1_000_000_000)
      .optional()
      .meta({ description: "Training steps. Give `steps` or `epochs`, not both; default: 1000 steps." }),
    epochs: positiveInteger(1_000_000)
      .optional()
      .meta({ description: "Passes over the training set; only for tasks that have a finite one." }),
    clipNorm: z.number().gt(0).optional().meta({
      description: "Scale the gradient down to this global L2 norm when it is larger. Absent: no clipping.",
    }),
    sampledSoftmax: z.int().min(2).max(1_000_000).optional().meta({
      description:
        "text with an embedding: take each step's softmax over so many symbols, those of the batch and a sample of the rest (Jean et al. 2015); evaluations use all. Absent: all.",
    }),
    weightDecay: z.number().min(0).max(1).default(0).meta({
      description: "Decoupled weight decay of the dense matrices (not of biases, reflectors or σ).",
    }),
    gradientCheckpointing: z
      .union([z.literal("off"), z.literal("auto"), positiveInteger(10_000_000)])
      .default("off")
      .meta({
        description:
          "For long sequences: keep the states of fewer timesteps while training and compute the rest a second time. Memory then grows with √T instead of T, a step takes about a third longer, and no number changes. auto: segments of about √T timesteps; a number: segments of so many, rounded up to a multiple of 16. Of the fused engine.",
      }),
    seed: z
      .int()
      .min(0)
      .max(4294967295)
      .default(1)
      .meta({ description: "Seed of the data, their order and the initial parameters." }),
    evaluateEvery: positiveInteger(1_000_000_000).optional().meta({
      description:
        "Steps between evaluations on the test set; default: a tenth of the run. The last step is always evaluated.",
    }),
    checkpointEvery: positiveInteger(1_000_000_000).optional().meta({
      description: "Steps between checkpoints; default: a tenth of the run. The last step is always saved.",
    }),
    keepCheckpoints: positiveInteger(1_000_000).default(3).meta({
      description: "Newest periodic checkpoints kept on disk; those asked for by hand are kept always.",
    }),
  })
  .meta({ description: "How to train." });

export const telemetrySchema = z
  .strictObject({
    cadence: z
      .union([z.literal("auto"), positiveInteger(1_000_000)])
      .default("auto")
      .meta({
        description:
          "auto: every step for the first thousand rows, then every 2nd, 4th, 8th … for each further thousand. A number k: every k-th step.",
      }),
    lyapunov: positiveInteger(1_000_000_000).optional().meta({
      description:
        "Steps between measurements of the recurrence's finite-time Lyapunov exponents along a sequence of the test set (by QR). Absent: never.",
    }),
  })
  .meta({ description: "What is recorded." });

export const experimentSchema = z
  .strictObject({
    $schema: z.string().optional().meta({ description: "Address of the JSON Schema; for editors." }),
    name: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .meta({ description: "Name shown for its runs; default: the file's name." }),
    task: taskSchema,
    model: modelSchema,
    training: trainingSchema.prefault({}),
    telemetry: telemetrySchema.prefault({}),
    engine: z
      .enum(["auto", "fused", "tensorflow"])
      .default("auto")
      .meta({ description: "auto and fused: the WebAssembly engine; tensorflow: TensorFlow.js." }),
  })
  .meta({ title: "Sigmascope experiment", description: "What to train, on what, and what to record." });

/** An experiment with every schema default written out. */
export type Experiment = z.output<typeof experimentSchema>;
/** An experiment as a person writes it. */
export type ExperimentInput = z.input<typeof experimentSchema>;
export type TaskSettings = Experiment["task"];
export type ModelSettings = Experiment["model"];
export type TrainingSettings = Experiment["training"];
export type CellName = (typeof cellNames)[number];
export type ActivationName = (typeof activationNames)[number];
export type NetName = (typeof netNames)[number];
export type InitializationName = (typeof initializationNames)[number];
