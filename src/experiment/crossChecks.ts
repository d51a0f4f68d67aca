/** What no single property can tell: values that contradict each other, or have no effect beside others. */
import type { Problem } from "./problem.ts";
import { cellNames } from "./schema.ts";
import { nameOf, problemAt, type Source } from "./schemaProblems.ts";
import { type Path, valueAt } from "./tree.ts";

/** Checks whatever is readable, also in a file that the schema rejects, so that every problem is told at once. */
export function crossProblems(source: Source): Problem[] {
  const value = (...path: Path) => valueAt(source.data, path);
  return [
    ...stepsAndEpochs(source, value),
    ...reflectorsWithinHidden(source, value),
    ...netAndLayers(source, value),
    ...pixelsPerTimestep(source, value),
    ...symbolsOnly(source, value),
    ...checkpointingOfTheFusedEngine(source, value),
    ...blocksNearIdentity(source, value),
    ...withoutEffect(source, value),
  ];
}

type Lookup = (...path: Path) => unknown;

function stepsAndEpochs(source: Source, value: Lookup): Problem[] {
  const path = ["training", "epochs"];
  if (value(...path) === undefined) return [];
  const kind = value("task", "kind");
  if (kind === "adding" || kind === "copy") {
    const message = `training.epochs is given, but the task "${kind}" makes sequences without end and has no epochs; give training.steps`;
    return [problemAt(source, path, message, "training.steps")];
  }
  if (value("training", "steps") === undefined) return [];
  return [
    problemAt(
      source,
      path,
      "training.steps and training.epochs are both given; give one of them",
      "one of the two",
    ),
  ];
}

function reflectorsWithinHidden(source: Source, value: Lookup): Problem[] {
  const hidden = value("model", "hidden") ?? 64;
  const reflectors = value("model", "reflectors");
  if (typeof hidden !== "number" || !Number.isInteger(hidden) || hidden < 1) return [];
  const allowed = `a whole number from 1 to ${hidden}`;
  const check = (path: Path): Problem[] => {
    const found = value(...path);
    if (typeof found !== "number" || found <= hidden || found > 8192) return [];
    const message = `${nameOf(path)} is ${found}, more than model.hidden (${hidden}) allows; it must be ${allowed}`;
    return [problemAt(source, path, message, allowed)];
  };
  return Array.isArray(reflectors) && reflectors.length === 2
    ? [...check(["model", "reflectors", 0]), ...check(["model", "reflectors", 1])]
    : check(["model", "reflectors"]);
}

/** Stacked recurrent layers at most. */
const mostRecurrentLayers = 64;

/** What a feed-forward net takes: cells without gates, two layers or more, sequences of one timestep. */
function netAndLayers(source: Source, value: Lookup): Problem[] {
  const net = value("model", "net") ?? "recurrent";
  const layers = value("model", "layers") ?? 1;
  const isDeep = net === "mlp" || net === "resnet";
  const problems: Problem[] = [];
  const report = (path: Path, message: string, allowed: string) =>
    problems.push(problemAt(source, path, message, allowed));
  if (net === "recurrent" && typeof layers === "number" && layers > mostRecurrentLayers && layers <= 200)
    report(
      ["model", "layers"],
      `model.layers is ${layers}; a recurrent net has at most ${mostRecurrentLayers} (an mlp or resnet 200)`,
      `a whole number from 1 to ${mostRecurrentLayers}`,
    );
  if (!isDeep) return problems;
  if (layers === 1)
    report(
      ["model", "layers"],
      `model.layers is 1, but model.net is "${net}", which has 2 to 200 layers`,
      "a whole number from 2 to 200",
    );
  const cell = value("model", "cell");
  if (cell === "lstm" || cell === "gru")
    report(
      ["model", "cell"],
      `model.cell is "${cell}", but model.net is "${net}", whose cells are "rnn", "spectral" and "orthogonal"`,
      '"rnn", "spectral" or "orthogonal"',
    );
  const kind = value("task", "kind");
  const tooLong = kind === "adding" || kind === "copy" || kind === "digits" || kind === "text";
  if (tooLong)
    report(
      ["model", "net"],
      `model.net is "${net}", which reads sequences of 1 timestep; those of the task "${kind}" are longer`,
      '"recurrent", or a task whose sequences have 1 timestep, such as "mnist" with length 1',
    );
  const length = value("task", "length") ?? 784;
  if (kind === "mnist" && typeof length === "number" && length !== 1)
    report(
      ["task", "length"],
      `task.length is ${length}, but model.net is "${net}", which reads sequences of 1 timestep`,
      "1",
    );
  return problems;
}

function pixelsPerTimestep(source: Source, value: Lookup): Problem[] {
  const length = value("task", "length");
  if (value("task", "kind") !== "mnist" || typeof length !== "number") return [];
  if (!Number.isInteger(length) || length < 1 || length > 784 || 784 % length === 0) return [];
  const allowed = Array.from({ length: 784 }, (_, i) => i + 1)
    .filter((divisor) => 784 % divisor === 0)
    .join(", ");
  const message = `task.length is ${length}, which does not divide the 784 pixels of an image; it must be one of ${allowed}`;
  return [problemAt(source, ["task", "length"], message, allowed)];
}

/** From this center on a block of a resnet may add about as much as it passes on. */
const largeCenter = 0.5;

/** The band that keeps a recurrence lets the gradient of a resnet double in every block. */
function blocksNearIdentity(source: Source, value: Lookup): Problem[] {
  const center = value("model", "center") ?? 1;
  if (value("model", "net") !== "resnet" || value("model", "cell") !== "spectral") return [];
  if (typeof center !== "number" || center < largeCenter) return [];
  const at = value("model", "center") === undefined ? ["model", "net"] : ["model", "center"];
  const message = `model.center is ${center}: each block of a resnet then adds about as much as it passes on, and the gradient can double in every one; residual blocks take a center of 0`;
  return [problemAt(source, at, message, null, "warning")];
}

/** Embeddings are for symbols. */
function symbolsOnly(source: Source, value: Lookup): Problem[] {
  const kind = value("task", "kind");
  const problems: Problem[] = [];
  if (value("model", "embedding") !== undefined && typeof kind === "string" && kind !== "text")
    problems.push(
      problemAt(
        source,
        ["model", "embedding"],
        `model.embedding counts only for the task "text"; the inputs of "${kind}" are numbers`,
        "nothing",
      ),
    );
  if (value("training", "sampledSoftmax") !== undefined && value("model", "embedding") === undefined)
    problems.push(
      problemAt(
        source,
        ["training", "sampledSoftmax"],
        "training.sampledSoftmax counts only beside model.embedding",
        "nothing, or model.embedding beside it",
      ),
    );
  return problems;
}

/** The other engine's automatic differentiation holds the states of all timesteps. */
function checkpointingOfTheFusedEngine(source: Source, value: Lookup): Problem[] {
  const path = ["training", "gradientCheckpointing"];
  const found = value(...path);
  if (value("engine") !== "tensorflow" || (found !== "auto" && typeof found !== "number")) return [];
  const message = `training.gradientCheckpointing is ${JSON.stringify(found)}, but engine is "tensorflow", which keeps the states of all timesteps; it must be "off", or engine "fused"`;
  return [problemAt(source, path, message, '"off"')];
}

/** Properties that are read only beside certain others: path, when it counts, and the condition in words. */
const conditions: readonly { path: Path; counts: (value: Lookup) => boolean; when: string }[] = [
  {
    path: ["model", "reflectors"],
    counts: (value) => ["spectral", "orthogonal"].includes(String(value("model", "cell"))),
    when: 'model.cell is "spectral" or "orthogonal"',
  },
  {
    path: ["model", "radius"],
    counts: (value) => value("model", "cell") === "spectral",
    when: 'model.cell is "spectral"',
  },
  {
    path: ["model", "center"],
    counts: (value) => value("model", "cell") === "spectral",
    when: 'model.cell is "spectral"',
  },
  {
    path: ["model", "activation"],
    counts: (value) => !["lstm", "gru"].includes(String(value("model", "cell"))),
    when: 'model.cell is "rnn", "spectral" or "orthogonal"',
  },
  {
    path: ["telemetry", "lyapunov"],
    counts: (value) => (value("model", "net") ?? "recurrent") === "recurrent",
    when: 'model.net is "recurrent"',
  },
  {
    path: ["training", "gradientCheckpointing"],
    counts: (value) =>
      value("training", "gradientCheckpointing") === "off" ||
      (value("model", "net") ?? "recurrent") === "recurrent",
    when: 'model.net is "recurrent"',
  },
  {
    path: ["task", "permutationSeed"],
    counts: (value) => value("task", "permuted") === true,
    when: "task.permuted is true",
  },
  {
    path: ["training", "momentum"],
    counts: (value) => value("training", "optimizer") === "sgd",
    when: 'training.optimizer is "sgd"',
  },
  {
    path: ["task", "testFraction"],
    counts: (value) => value("task", "test") === undefined,
    when: "task.test is absent",
  },
  {
    path: ["task", "inputSize"],
    counts: (value) => value("task", "format") !== "long",
    when: 'task.format is "rows"',
  },
  {
    path: ["task", "label"],
    counts: (value) => value("task", "format") !== "long",
    when: 'task.format is "rows"',
  },
];

function withoutEffect(source: Source, value: Lookup): Problem[] {
  // An unknown cell has its own error; guessing what counts beside it would only add noise.
  return conditions
    .filter(({ path, counts }) => value(...path) !== undefined && !counts(value))
    .filter(({ path }) => path[0] !== "model" || cellNames.some((name) => name === value("model", "cell")))
    .map(({ path, when }) =>
      problemAt(
        source,
        path,
        `${nameOf(path)} has no effect here: it counts only when ${when}`,
        null,
        "warning",
      ),
    );
}
