/** The text of a new experiment file: what the user chose, with comments that say what else there is. */
import { parseExperiment } from "../experiment/parseExperiment.ts";
import { type ActivationName, type CellName, cellNames, type Experiment } from "../experiment/schema.ts";

/** Tasks of the experiment file, and `deep`: a feed-forward net on whole images of MNIST. */
export const taskKinds = ["adding", "copy", "digits", "mnist", "text", "ucr", "csv", "deep"] as const;
export type TaskKind = (typeof taskKinds)[number];

export interface NewExperiment {
  readonly task: TaskKind;
  /** One of `cellsFor` the task. */
  readonly cell: CellName;
  /** n. */
  readonly hidden: number;
}

const cellWords: Record<CellName, string> = {
  rnn: "vanilla RNN",
  spectral: "Spectral-RNN",
  orthogonal: "orthogonal RNN",
  lstm: "LSTM",
  gru: "GRU",
};

const deepWords = {
  rnn: "dense layers",
  spectral: "spectral layers",
  orthogonal: "orthogonal layers",
} as const;

/** Gates need time. */
export function cellsFor(task: TaskKind): readonly CellName[] {
  return task === "deep" ? cellNames.filter((cell) => cell in deepWords) : cellNames;
}

const halving = [
  "// Half the learning rate after every 1000 steps.",
  '"learningRateDecay": 0.5,',
  '"decaySteps": 1000,',
];

const mnistFolder = [
  '// MNIST lies in data/mnist beside this file. The command "Sigmascope: Get MNIST" fetches it; in a clone of',
  "// Sigmascope `npm run data` puts it into examples/data/mnist.",
];

interface TaskDefaults {
  readonly title: string;
  readonly lines: readonly string[];
  /** Lines of the model before its cell. */
  readonly net?: readonly string[];
  /** Of cells whose W is kept near orthogonal: what lets the gradient through over this task's length. */
  readonly activation: { readonly name: ActivationName; readonly why: string };
  readonly reflectors: number;
  readonly radius: number;
  readonly training: readonly string[];
}

const tasks: Record<TaskKind, TaskDefaults> = {
  adding: {
    title: "Add the two marked numbers of a long sequence",
    lines: [
      "// The adding problem. Answering 1 every time has a mean squared error of 1/6; below that, something is learned.",
      '"task": { "kind": "adding", "length": 200 },',
    ],
    activation: {
      name: "leakyRelu",
      why: "Over 200 timesteps tanh, whose slope is below 1, loses the gradient however good W is.",
    },
    reflectors: 16,
    radius: 0.05,
    training: ['"learningRate": 0.003,', ...halving, '"batch": 32,', '"steps": 4000,'],
  },
  copy: {
    title: "Remember ten symbols over a long delay",
    lines: [
      "// The copy memory problem. A network without memory guesses among the 8 symbols.",
      '"task": { "kind": "copy", "delay": 100 },',
    ],
    activation: {
      name: "identity",
      why: "Without a squashing φ the state is a rotation of what it was: the plainest memory there is.",
    },
    reflectors: 32,
    radius: 0.05,
    training: ['"learningRate": 0.002,', ...halving, '"batch": 32,', '"steps": 2000,'],
  },
  digits: {
    title: "Read handwritten digits pixel by pixel",
    lines: [
      '// Images of 8 × 8 as 64 timesteps of one value. With "permuted": true neighbouring pixels are far apart in time.',
      '"task": { "kind": "digits", "read": "pixels" },',
    ],
    activation: {
      name: "tanh",
      why: "The slope of tanh is below 1; over 64 timesteps σ a little above 1 can make up for it.",
    },
    reflectors: 32,
    radius: 0.3,
    training: ['"learningRate": 0.002,', ...halving, '"batch": 64,', '"steps": 2000,'],
  },
  mnist: {
    title: "Read the handwritten digits of MNIST pixel by pixel",
    lines: [
      ...mnistFolder,
      '// 784 timesteps of one pixel; "length": 28 reads row by row, and trains much faster.',
      '"task": { "kind": "mnist", "folder": "data/mnist", "length": 784 },',
    ],
    activation: {
      name: "leakyRelu",
      why: "Over 784 timesteps tanh, whose slope is below 1, loses the gradient however good W is.",
    },
    reflectors: 16,
    radius: 0.1,
    training: ['"learningRate": 0.001,', ...halving, '"batch": 64,', '"epochs": 5,'],
  },
  text: {
    title: "Predict the next character of a text",
    lines: [
      "// Plain text; paths are relative to this file. The text is read 100 characters a step, and the state is carried",
      '// on from one step to the next. "level": "word" reads words; give such a model "embedding": "tied".',
      '"task": { "kind": "text", "train": "train.txt", "test": "test.txt", "level": "character", "window": 100 },',
    ],
    activation: {
      name: "tanh",
      why: "The slope of tanh is below 1; over tens of timesteps σ a little above 1 can make up for it.",
    },
    reflectors: 32,
    radius: 0.3,
    training: ['"learningRate": 0.002,', ...halving, '"batch": 32,', '"epochs": 5,'],
  },
  ucr: {
    title: "Classify the time series of a UCR data set",
    lines: [
      "// A data set of the UCR archive, in place of NAME; .ts files go too. Paths are relative to this file.",
      '"task": { "kind": "ucr", "train": "NAME_TRAIN.tsv", "test": "NAME_TEST.tsv" },',
    ],
    activation: {
      name: "leakyRelu",
      why: "tanh, whose slope is below 1, shrinks the gradient at every timestep; over short series it may do as well.",
    },
    reflectors: 16,
    radius: 0.1,
    training: ['"learningRate": 0.002,', ...halving, '"batch": 32,', '"steps": 3000,'],
  },
  csv: {
    title: "Classify sequences of your own",
    lines: [
      "// One sequence a line, its class in the last column; paths are relative to this file. Without a test file a",
      "// fifth of the sequences is held out.",
      '"task": { "kind": "csv", "train": "train.csv" },',
    ],
    activation: {
      name: "tanh",
      why: "In long sequences try leakyRelu: tanh, whose slope is below 1, shrinks the gradient at every timestep.",
    },
    reflectors: 16,
    radius: 0.1,
    training: ['"learningRate": 0.002,', ...halving, '"batch": 32,', '"epochs": 20,'],
  },
  deep: {
    title: "Tell the handwritten digits of MNIST apart with a deep feed-forward net",
    lines: [
      ...mnistFolder,
      "// One timestep: the whole image at once.",
      '"task": { "kind": "mnist", "folder": "data/mnist", "length": 1 },',
    ],
    net: [
      '// Each layer multiplies the gradient as a timestep does in an RNN. "resnet" adds its blocks to the identity; give',
      '// its spectral layers "center": 0.1.',
      '"net": "mlp",',
      '"layers": 30,',
    ],
    activation: { name: "leakyRelu", why: "Slope 1 where a unit is on, and 0.01 where it is off." },
    reflectors: 16,
    radius: 0.1,
    training: ['"learningRate": 0.001,', ...halving, '"batch": 64,', '"epochs": 2,'],
  },
};

/** `// …` comments and JSON with two spaces of indentation; a valid experiment file. */
export function experimentText({ task, cell, hidden }: NewExperiment): string {
  const { title, lines } = tasks[task];
  return [
    `// ${title}${withCell(task, cell)}.`,
    "// Completion (Ctrl+Space) lists every property; hover over one to see what it means.",
    "{",
    ...lines.map((line) => `  ${line}`),
    "",
    ...modelLines(task, cell, hidden).map((line) => `  ${line}`),
    "",
    ...trainingLines(task).map((line) => `  ${line}`),
    "}",
    "",
  ].join("\n");
}

function withCell(task: TaskKind, cell: CellName): string {
  if (task === "deep" && cell in deepWords) return ` of ${deepWords[cell as keyof typeof deepWords]}`;
  return `, with ${/^[LoO]/.test(cellWords[cell]) ? "an" : "a"} ${cellWords[cell]}`;
}

function modelLines(task: TaskKind, cell: CellName, hidden: number): string[] {
  const { activation, reflectors, radius, net = [] } = tasks[task];
  const gated = task === "deep" ? "" : "; lstm; gru";
  const head = [
    '"model": {',
    ...net.map((line) => `  ${line}`),
    `  // rnn: vanilla; spectral: W = U diag(σ) Vᵀ with σ in a band; orthogonal: σ = 1${gated}.`,
    `  "cell": "${cell}",`,
  ];
  const size = `  "hidden": ${hidden}`;
  const guarded = [
    `${size},`,
    `  // ${activation.why}`,
    `  "activation": "${activation.name}",`,
    "  // Householder reflectors: more of them can express more matrices, and cost more; at most `hidden`.",
    `  "reflectors": ${Math.min(reflectors, hidden)}`,
  ];
  switch (cell) {
    case "rnn":
      return [
        ...head,
        `${size},`,
        // A leaky ReLU in both: the cells then differ in W alone.
        ...(task === "deep" ? [`  "activation": "${activation.name}",`] : []),
        `  // uniform is what PyTorch's ${task === "deep" ? "nn.Linear" : "nn.RNN"} starts with; orthogonal lets the gradient travel farther at first.`,
        '  "initialization": "uniform"',
        "},",
      ];
    case "spectral":
      return [
        ...head,
        ...guarded.slice(0, -1),
        `${guarded.at(-1)},`,
        "  // Singular values stay inside (1 − radius, 1 + radius).",
        `  "radius": ${radius}`,
        "},",
      ];
    case "orthogonal":
      return [...head, ...guarded, "},"];
    case "lstm":
    case "gru":
      return [...head, size, "},"];
  }
}

function trainingLines(task: TaskKind): string[] {
  return [
    '"training": {',
    '  "optimizer": "adam",',
    ...tasks[task].training.map((line) => `  ${line}`),
    "  // Scale the gradient down when its norm is larger than this.",
    '  "clipNorm": 1',
    "}",
  ];
}

/**
 * An experiment as a file of its own: without its name, which the file gives it, and without the values that have no
 * effect with its cell and task.
 */
export function copyText(experiment: Experiment, comment: string): string {
  const { name: _, ...unnamed } = experiment;
  const copy = JSON.parse(JSON.stringify(unnamed)) as Record<string, unknown>;
  const { problems } = parseExperiment(JSON.stringify(copy), "");
  for (const { path } of problems) {
    const parent = path.slice(0, -1).reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), copy);
    const key = path.at(-1);
    if (isObject(parent) && key !== undefined) delete parent[key];
  }
  return `// ${comment}\n${JSON.stringify(copy, undefined, 2)}\n`;
}

function isObject(value: unknown): value is Record<string | number, unknown> {
  return typeof value === "object" && value !== null;
}

/** `adding-spectral`, or `adding-spectral-2` … where that is taken. */
export function freeName(base: string, taken: ReadonlySet<string>): string {
  if (!taken.has(`${base}.sigmascope.json`)) return base;
  for (let number = 2; ; number++) {
    const name = `${base}-${number}`;
    if (!taken.has(`${name}.sigmascope.json`)) return name;
  }
}

/** Why a name cannot be a file's; undefined when it can. */
export function nameProblem(name: string, taken: ReadonlySet<string>): string | undefined {
  const trimmed = name.trim();
  if (trimmed === "") return "Give the experiment a name.";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  if (/[\\/:*?"<>|\u0000-\u001f]/.test(trimmed))
    return "A file's name cannot have any of \\ / : * ? \" < > |";
  if (trimmed.startsWith(".")) return "A name that begins with a dot would be hidden.";
  if (taken.has(fileName(trimmed))) return `${fileName(trimmed)} exists already.`;
  return undefined;
}

/** `adding` and `adding.sigmascope.json` → `adding.sigmascope.json`. */
export function fileName(name: string): string {
  return `${name.trim().replace(/(\.sigmascope)?(\.json)?$/i, "")}.sigmascope.json`;
}
