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
