import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadExperiment, parseExperiment } from "../../../src/experiment/parseExperiment.ts";

const valid = `{
  // a comment
  "task": { "kind": "adding" },
  "model": { "cell": "spectral", },
}
`;

/** Messages with their positions: `3:12 message`. */
function messages(text: string): string[] {
  return parseExperiment(text, "x.sigmascope.json").problems.map(
    ({ line, column, message }) => `${line}:${column} ${message}`,
  );
}

/** A file with one task, one model and one training object, written out by the caller. */
const file = (task: string, model: string, training = "{}") =>
  `{"task": ${task},\n "model": ${model},\n "training": ${training}}`;

describe("a good file", () => {
  test("has comments, trailing commas and every default", () => {
    const parsed = parseExperiment(valid, "x.sigmascope.json");
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    expect(parsed.problems).toEqual([]);
    expect(parsed.experiment.task).toEqual({ kind: "adding", length: 200, testSize: 1000 });
    expect(parsed.experiment.training).toMatchObject({ optimizer: "adam", learningRate: 0.001, seed: 1 });
    expect(parsed.experiment.telemetry.cadence).toBe("auto");
    expect(parsed.positions.locate(["model", "cell"])).toMatchObject({
      key: { line: 4, column: 14, length: 6 },
      value: { line: 4, column: 22, length: 10 },
    });
  });

  test("may begin with a byte-order mark and have Windows line ends", () => {
    const parsed = parseExperiment(`\ufeff${valid.replaceAll("\n", "\r\n")}`, "x");
    expect(parsed.ok).toBe(true);
  });
});

describe("schema problems", () => {
  test("all are told at once, with place, value found and values allowed", () => {
    const text = `{
  "task": { "kind": "adding", "length": 1 },
  "model": {
    "cell": "spektral",
    "hiden": 64,
    "layers": 1.5,
    "radius": "0.1"
  },
  "training": { "learningRate": -1, "optimizer": "Adam", "seed": true },
  "telemetry": { "cadence": "often" },
  "lr": 3
}`;
    expect(messages(text)).toEqual([
      "2:41 task.length is 1; it must be a whole number from 2 to 100000",
      '4:13 model.cell is "spektral"; it must be "rnn", "spectral", "orthogonal", "lstm" or "gru"; did you mean "spectral"?',
      '5:5 unknown key "hiden" in model; did you mean "hidden"?',
      "6:15 model.layers is 1.5; it must be a whole number from 1 to 200",
      '7:15 model.radius is "0.1"; it must be a number above 0 and at most 10',
      "9:33 training.learningRate is -1; it must be a number above 0 and at most 100",
      '9:50 training.optimizer is "Adam"; it must be "adam", "rmsprop" or "sgd"; did you mean "adam"?',
      "9:66 training.seed is true; it must be a whole number from 0 to 4294967295",
      '10:29 telemetry.cadence is "often"; it must be "auto" or a whole number from 1 to 1000000',
      '11:3 unknown key "lr" in an experiment; the keys there are name, task, model, training, telemetry or engine',
    ]);
  });

  test("problems carry the parts of the message too", () => {
    const [problem] = parseExperiment(
      file('{"kind": "copy"}', '{"cell": "rnn", "hidden": 9999}'),
      "a.json",
    ).problems;
    expect(problem).toMatchObject({
      severity: "error",
      file: "a.json",
      path: ["model", "hidden"],
      found: "9999",
      allowed: "a whole number from 1 to 8192",
      offset: 63,
      length: 4,
    });
  });

  test("a missing property stands at the object that lacks it", () => {
    expect(messages('{\n  "model": {}\n}')).toEqual([
      '1:1 task is missing; it must be an object whose "kind" is "adding", "copy", "digits", "csv", "mnist", "text", "ucr" or "external"',
      '2:3 model.cell is missing; it must be "rnn", "spectral", "orthogonal", "lstm" or "gru"',
    ]);
  });

  test("a misspelt kind of task does not hide the task's other problems", () => {
    expect(messages(file('{"kind": "addding", "lenght": 5, "testSize": 0}', '{"cell": "rnn"}'))).toEqual([
      '1:19 task.kind is "addding"; it must be "adding", "copy", "digits", "csv", "mnist", "text", "ucr" or "external"; did you mean "adding"?',
      '1:30 unknown key "lenght" in task; did you mean "length"?',
      "1:55 task.testSize is 0; it must be a whole number from 1 to 1000000",
    ]);
  });

  test("a key in the wrong object is sent home, and other libraries' names are understood", () => {
    expect(
      messages(file('{"kind": "copy"}', '{"cell": "vanilla", "learningRate": 1}', '{"batch_size": 3}')),
    ).toEqual([
      '2:20 model.cell is "vanilla"; it must be "rnn", "spectral", "orthogonal", "lstm" or "gru"; did you mean "rnn"?',
      '2:31 unknown key "learningRate" in model; it belongs in "training"',
      '3:15 unknown key "batch_size" in training; did you mean "batch"?',
    ]);
  });

  test("what was meant would mend the file, put at the problem's place", () => {
    let text = file(
      '{"kind": "addding", "lenght": 50}',
      '{"cell": "vanilla"}',
      '{"batch_size": 3, "steps": 9}',
    );
    for (const { offset, length, meant } of [...parseExperiment(text, "a.json").problems].reverse()) {
      expect(meant).toBeDefined();
      text = text.slice(0, offset) + meant + text.slice(offset + length);
    }
    expect(text).toBe(
      file('{"kind": "adding", "length": 50}', '{"cell": "rnn"}', '{"batch": 3, "steps": 9}'),
    );
    expect(parseExperiment(text, "a.json").problems).toEqual([]);
  });

  test("nothing is meant where nothing is near, or where the key that was meant is there", () => {
    const { problems } = parseExperiment(
      file('{"kind": "adding"}', '{"cell": "zebra", "hidden": 4, "hiden": 5, "layers": 0}'),
      "a.json",
    );
    expect(problems.map(({ path, meant }) => [path.join("."), meant])).toEqual([
      ["model.cell", undefined],
      ["model.hiden", undefined],
      ["model.layers", undefined],
    ]);
  });

  test("reflectors are one number or two", () => {
    const allowed =
      "it must be a whole number from 1 to 8192 or a list of 2 values, each a whole number from 1 to 8192";
    const model = (reflectors: string) => `{"cell": "spectral", "reflectors": ${reflectors}}`;
    expect(parseExperiment(file('{"kind":"copy"}', model("[4, 8]")), "x").ok).toBe(true);
    for (const bad of ["[4]", "[4, 8, 2]", '"4"', "[4, 0.5]"])
      expect(messages(file('{"kind":"copy"}', model(bad)))).toEqual([
        `2:46 model.reflectors is ${bad}; ${allowed}`,
      ]);
  });

  test.each(["[]", "5", "null", '"text"'])("the whole file is %s", (text) => {
    expect(messages(text)).toEqual([`1:1 the experiment is ${text}; it must be an object`]);
  });
});

describe("numbers", () => {
  test.each(["1e999", "-1e999", "123456789012345678901234567890"])(
    "%s is out of range, not a crash",
    (value) => {
      expect(messages(file('{"kind":"copy"}', `{"cell": "rnn", "hidden": ${value}}`))).toEqual([
        `2:37 model.hidden is ${value}; it must be a whole number from 1 to 8192`,
      ]);
      expect(messages(file('{"kind":"copy"}', '{"cell": "rnn"}', `{"learningRate": ${value}}`))).toEqual([
        `3:31 training.learningRate is ${value}; it must be a number above 0 and at most 100`,
      ]);
    },
  );

  test.each(["NaN", "Infinity", "-Infinity", "0x10", ".5"])("%s is not a number in JSON", (value) => {
    const [first] = parseExperiment(
      file('{"kind":"copy"}', `{"cell": "rnn", "radius": ${value}}`),
      "x",
    ).problems;
    expect(first).toMatchObject({ severity: "error", line: 2 });
    expect(first?.column).toBeGreaterThanOrEqual(37);
  });
});

describe("syntax errors", () => {
  test("all are told, without the ones that only follow", () => {
    const text = `{
  "task": { "kind": "digits" "read": "rows" },
  "model": { "cell": 'rnn' },
  "training": { "steps": 10, "seed": True }
}`;
    expect(messages(text)).toEqual([
      '2:30 found "read" where a comma is due',
      "3:22 'rnn' is nothing that JSON knows; text stands in double quotes",
      "4:38 True is nothing that JSON knows; write true",
    ]);
  });

  test("schema problems are told beside them, except what may only seem missing", () => {
    expect(messages('{\n "model": { "cell": "rnn", "hidden": "x" }\n "engine": "gpu"\n}')).toEqual([
      '2:38 model.hidden is "x"; it must be a whole number from 1 to 8192',
      '3:2 found "engine" where a comma is due',
      '3:12 engine is "gpu"; it must be "auto", "fused" or "tensorflow"',
    ]);
  });

  test.each([
    ["", "1:1 found the end of the file where a value is due"],
    ["// nothing", "1:11 found the end of the file where a value is due"],
    [
      '{"task": {"kind": "copy"}, "model": {"cell": "rnn"}',
      '1:52 found the end of the file where "}" is due',
    ],
    ['{"task": /* x', "1:10 this comment never ends"],
    ['{"name": "abc\n}', '1:10 text "abc does not end in this line'],
    [
      '{"task": {"kind": "copy"}, "model": {"cell": "rnn"}} }',
      "1:54 found } where the end of the file is due",
    ],
    ["{'a': 1}", "1:2 'a' is nothing that JSON knows; text stands in double quotes"],
  ])("%j", (text, expected) => {
    expect(messages(text)).toEqual([expected]);
  });

  test("duplicate keys name both places", () => {
    expect(
      messages(
        '{"task": {"kind": "copy"},\n "model": {"cell": "rnn",\n "cell": "gru"}, "task": {"kind": "copy"}}',
      ),
    ).toEqual([
      '3:2 key "cell" is given twice; the first is in line 2',
      '3:18 key "task" is given twice; the first is in line 1',
    ]);
  });
});

describe("values that contradict each other", () => {
  test("steps beside epochs", () => {
    expect(messages(file('{"kind":"digits"}', '{"cell":"rnn"}', '{"steps": 5, "epochs": 2}'))).toEqual([
      "3:37 training.steps and training.epochs are both given; give one of them",
    ]);
  });

  test.each(["adding", "copy"])("epochs of %s, which has none", (kind) => {
    expect(messages(file(`{"kind":"${kind}"}`, '{"cell":"rnn"}', '{"epochs": 2}'))).toEqual([
      `3:25 training.epochs is given, but the task "${kind}" makes sequences without end and has no epochs; give training.steps`,
    ]);
  });

  test("more reflectors than hidden units, the default of which counts", () => {
    expect(messages(file('{"kind":"copy"}', '{"cell":"spectral", "reflectors": 65}'))).toEqual([
      "2:45 model.reflectors is 65, more than model.hidden (64) allows; it must be a whole number from 1 to 64",
    ]);
    expect(
      messages(file('{"kind":"copy"}', '{"cell":"spectral", "hidden": 8, "reflectors": [8, 9]}')),
    ).toEqual([
      "2:62 model.reflectors[1] is 9, more than model.hidden (8) allows; it must be a whole number from 1 to 8",
    ]);
  });

  test("a feed-forward net takes cells without gates, two layers or more, and sequences of one timestep", () => {
    expect(messages(file('{"kind":"copy"}', '{"cell":"gru", "net": "mlp"}'))).toEqual([
      expect.stringContaining('model.layers is 1, but model.net is "mlp", which has 2 to 200 layers'),
      expect.stringContaining('model.cell is "gru", but model.net is "mlp"'),
      expect.stringContaining(
        'model.net is "mlp", which reads sequences of 1 timestep; those of the task "copy"',
      ),
    ]);
    expect(messages(file('{"kind":"mnist"}', '{"cell":"rnn", "net": "resnet", "layers": 3}'))).toEqual([
      expect.stringContaining(
        'task.length is 784, but model.net is "resnet", which reads sequences of 1 timestep',
      ),
    ]);
    expect(messages(file('{"kind":"digits"}', '{"cell":"rnn", "layers": 65}'))).toEqual([
      expect.stringContaining("model.layers is 65; a recurrent net has at most 64"),
    ]);
  });

  test("a spectral resnet whose band is not around 0 is a warning", () => {
    const model = (center: string) => `{"cell":"spectral", "net": "resnet", "layers": 3${center}}`;
    const mnist = '{"kind":"mnist", "length": 1}';
    expect(messages(file(mnist, model("")))).toEqual([
      expect.stringContaining("residual blocks take a center of 0"),
    ]);
    expect(messages(file(mnist, model(', "center": 0')))).toEqual([]);
  });

  test("MNIST is cut into equal pieces, and only symbols are embedded", () => {
    expect(messages(file('{"kind":"mnist", "length": 100}', '{"cell":"rnn"}'))).toEqual([
      expect.stringContaining("task.length is 100, which does not divide the 784 pixels of an image"),
    ]);
    expect(
      messages(file('{"kind":"digits"}', '{"cell":"rnn", "embedding": "tied"}', '{"sampledSoftmax": 9}')),
    ).toEqual([expect.stringContaining('model.embedding counts only for the task "text"')]);
  });

  test("gradient checkpointing is of the fused engine, and for sequences", () => {
    const text = (value: string, engine: string) =>
      `{"task": {"kind": "copy"}, "model": {"cell": "rnn"},\n "training": {"gradientCheckpointing": ${value}},\n "engine": "${engine}"}`;
    for (const value of ['"auto"', "64"])
      expect(messages(text(value, "tensorflow"))).toEqual([
        `2:40 training.gradientCheckpointing is ${value}, but engine is "tensorflow", which keeps the states of all timesteps; it must be "off", or engine "fused"`,
      ]);
    expect(messages(text('"off"', "tensorflow"))).toEqual([]);
    expect(messages(text('"auto"', "fused"))).toEqual([]);
    expect(messages(text("0", "fused"))).toEqual([
      '2:40 training.gradientCheckpointing is 0; it must be "off", "auto" or a whole number from 1 to 10000000',
    ]);
    const deep = (value: string) =>
      file(
        '{"kind":"mnist", "length": 1}',
        '{"cell":"rnn", "net": "mlp", "layers": 3}',
        `{"gradientCheckpointing": ${value}}`,
      );
    expect(messages(deep('"auto"'))).toEqual([
      expect.stringContaining('has no effect here: it counts only when model.net is "recurrent"'),
    ]);
    expect(messages(deep('"off"'))).toEqual([]);
  });

  test("what has no effect is a warning, and the file still runs", () => {
    const text = file(
      '{"kind":"copy"}',
      '{"cell":"lstm", "reflectors": 4, "radius": 1, "center": 1, "activation": "relu"}',
      '{"momentum": 0.5}',
    );
    const parsed = parseExperiment(text, "x");
    expect(parsed.ok).toBe(true);
    expect(parsed.problems.map(({ severity, path }) => `${severity} ${path.join(".")}`)).toEqual([
      "warning model.reflectors",
      "warning model.radius",
      "warning model.center",
      "warning model.activation",
      "warning training.momentum",
    ]);
    expect(parsed.problems[1]?.message).toBe(
      'model.radius has no effect here: it counts only when model.cell is "spectral"',
    );
  });
});

describe("hostile files", () => {
  test("__proto__, constructor and toString are unknown keys like any other", () => {
    const text =
      '{"task": {"kind": "copy", "__proto__": {"delay": 3}}, "model": {"cell": "rnn", "toString": 1}, "__proto__": {"engine": "fused"}, "constructor": {}}';
    const found = parseExperiment(text, "x").problems.map(({ message }) => message.split(";")[0]);
    expect(found).toEqual([
      'unknown key "__proto__" in task',
      'unknown key "toString" in model',
      'unknown key "__proto__" in an experiment',
      'unknown key "constructor" in an experiment',
    ]);
    expect(Object.hasOwn(Object.prototype, "engine")).toBe(false);
  });

  test("deep nesting ends early", () => {
    expect(messages("[".repeat(500_000))).toEqual([
      "1:33 nested more than 32 levels deep; an experiment needs three",
    ]);
  });

  test("a huge text is refused before it is parsed", () => {
    const parsed = parseExperiment(" ".repeat(1_000_001), "x");
    expect(parsed.problems[0]?.message).toBe(
      "is 1000001 bytes large; an experiment file has at most 1000000",
    );
  });

  test("any text gives a result, and positions lie inside it", () => {
    const pieces = [
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"task"',
      '"kind"',
      '"adding"',
      '"model"',
      '"cell"',
      '"rnn"',
      "1",
      "-",
      "true",
      "//",
      "\n",
      "/*",
      '"',
      " ",
      "\ufeff",
      '"__proto__"',
      "1e999",
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (parts) => {
        const text = parts.join("");
        const { ok, problems } = parseExperiment(text, "x");
        expect(ok).toBe(!problems.some(({ severity }) => severity === "error"));
        for (const { offset, message } of problems) {
          expect(offset).toBeLessThanOrEqual(text.length);
          expect(message).not.toBe("");
        }
      }),
      { seed: 2, numRuns: 300 },
    );
  });
});

describe("files on disk", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sigmascope-experiment-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("a file that is there", async () => {
    const path = join(folder, "good.sigmascope.json");
    await writeFile(path, valid);
    expect((await loadExperiment(path)).ok).toBe(true);
  });

  test("files that cannot be read", async () => {
    await writeFile(join(folder, "large.json"), " ".repeat(1_000_001));
    await writeFile(
      join(folder, "utf16.json"),
      Buffer.from(valid, "utf16le").subarray(0, 50).fill(0xff, 0, 2),
    );
    const message = async (name: string) => (await loadExperiment(join(folder, name))).problems[0]?.message;
    expect(await message("none.json")).toBe("cannot be read: no such file");
    expect(await message(".")).toBe("cannot be read: it is a folder");
    expect(await message("large.json")).toBe(
      "is 1000001 bytes large; an experiment file has at most 1000000",
    );
    expect(await message("utf16.json")).toBe("is not UTF-8 text; save it with the encoding UTF-8");
  });
});
