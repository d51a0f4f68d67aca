/** The text of a new experiment file: what the user chose, with comments that say what else there is. */
import type { CellName } from "../experiment/schema.ts";

export const taskKinds = ["adding", "copy", "digits", "csv"] as const;
export type TaskKind = (typeof taskKinds)[number];

export interface NewExperiment {
  readonly task: TaskKind;
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

const tasks: Record<TaskKind, { readonly title: string; readonly lines: readonly string[] }> = {
  adding: {
    title: "Add the two marked numbers of a long sequence",
    lines: [
      "// The adding problem. Answering 1 every time has a mean squared error of 1/6; below that, something is learned.",
      '"task": { "kind": "adding", "length": 200 },',
    ],
  },
  copy: {
    title: "Remember ten symbols over a long delay",
    lines: [
      "// The copy memory problem. A network without memory guesses among the 8 symbols.",
      '"task": { "kind": "copy", "delay": 50 },',
    ],
  },
  digits: {
    title: "Read handwritten digits pixel by pixel",
    lines: [
      '// Images of 8 × 8 as 64 timesteps of one value. With "permuted": true neighbouring pixels are far apart in time.',
      '"task": { "kind": "digits", "read": "pixels" },',
    ],
  },
  csv: {
    title: "Classify sequences of your own",
    lines: [
      "// One sequence a line, its class in the last column; paths are relative to this file. Without a test file a",
      "// fifth of the sequences is held out.",
      '"task": { "kind": "csv", "train": "train.csv" },',
    ],
  },
};

/** `// …` comments and JSON with two spaces of indentation; a valid experiment file. */
export function experimentText({ task, cell, hidden }: NewExperiment): string {
  const { title, lines } = tasks[task];
  return [
    `// ${title}, with ${/^[LoO]/.test(cellWords[cell]) ? "an" : "a"} ${cellWords[cell]}.`,
    "// Completion (Ctrl+Space) lists every property; hover over one to see what it means.",
    "{",
    ...lines.map((line) => `  ${line}`),
    "",
    ...modelLines(cell, hidden).map((line) => `  ${line}`),
    "",
    ...trainingLines(task).map((line) => `  ${line}`),
    "}",
    "",
  ].join("\n");
}

function modelLines(cell: CellName, hidden: number): string[] {
  const head = [
    '"model": {',
    "  // rnn: vanilla; spectral: W = U diag(σ) Vᵀ with σ in a band; orthogonal: σ = 1; lstm; gru.",
    `  "cell": "${cell}",`,
  ];
  const size = `  "hidden": ${hidden}`;
  switch (cell) {
    case "rnn":
      return [
        ...head,
        `${size},`,
        "  // uniform is what PyTorch's nn.RNN starts with; orthogonal lets the gradient travel farther at first.",
        '  "initialization": "uniform"',
        "},",
      ];
    case "spectral":
      return [
        ...head,
        `${size},`,
        "  // Householder reflectors of U and V: more can express more, and cost more.",
        `  "reflectors": ${Math.min(16, hidden)},`,
        "  // Singular values stay inside (1 − radius, 1 + radius).",
        '  "radius": 0.1',
        "},",
      ];
    case "orthogonal":
      return [
        ...head,
        `${size},`,
        "  // Householder reflectors of W: more can express more, and cost more.",
        `  "reflectors": ${Math.min(16, hidden)}`,
        "},",
      ];
    case "lstm":
    case "gru":
      return [...head, size, "},"];
  }
}

function trainingLines(task: TaskKind): string[] {
  const batch = task === "adding" ? 50 : 64;
  const length = task === "csv" ? '"epochs": 20' : `"steps": ${task === "copy" ? 3000 : 2000}`;
  return [
    '"training": {',
    '  "optimizer": "adam",',
    '  "learningRate": 0.002,',
    `  "batch": ${batch},`,
    `  ${length},`,
    "  // Scale the gradient down when its norm is larger than this.",
    '  "clipNorm": 1',
    "}",
  ];
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
