/** A deep net in the packaged extension: its layers stand where a recurrent net has timesteps. And Lyapunov exponents. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Frame } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { readTelemetry } from "../../src/runs/telemetryReader.ts";
import { inEveryTheme, panelFrame } from "./panelFrame.ts";
import { newestRun, runEnds } from "./runsOnScreen.ts";
import { openWorkbench, patience, type Workbench } from "./workbench.ts";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
  await writeFile(join(bench.code.workspace, "patterns.csv"), patterns());
});
afterAll(() => bench?.close());

const depth = 20;
const inputs = 16;
const deepTask = { kind: "csv", train: "patterns.csv", inputSize: inputs };

/** Four classes of noisy patterns, the same in every run of this story. */
function patterns(): string {
  let state = 1;
  const noise = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647 - 0.5;
  };
  const lines = Array.from({ length: 400 }, (_, i) => {
    const values = Array.from({ length: inputs }, (__, at) =>
      (Number(Math.floor(at / 4) === i % 4) + noise()).toFixed(3),
    );
    return `${values.join(",")},${"abcd"[i % 4]}`;
  });
  return `${lines.join("\n")}\n`;
}

async function write(name: string, experiment: object): Promise<string> {
  const file = join(bench.code.workspace, `${name}.sigmascope.json`);
  await writeFile(file, JSON.stringify(experiment, null, 2));
  return file;
}

async function finishedPanel(name: string): Promise<Frame> {
  const frame = await panelFrame(bench, "#diagnostics", name);
  await vi.waitFor(async () => expect(await frame.locator(".pill").textContent()).toBe("finished"), patience);
  return frame;
}

const figure = (frame: Frame, plot: string) => frame.locator(`figure[data-plot=${plot}]`);

async function drawn(frame: Frame, plot: string): Promise<void> {
  await figure(frame, plot).scrollIntoViewIfNeeded();
  await figure(frame, plot).locator("svg.chart").first().waitFor();
}

/** Every plot is drawn once it was in sight. */
async function allDrawn(frame: Frame): Promise<void> {
  for (const plot of await frame.locator("figure[data-plot]:not([hidden])").all()) {
    await plot.scrollIntoViewIfNeeded();
    await plot.locator("svg.chart, .empty").first().waitFor();
  }
}

/** What is written in the page, or said to a screen reader, that is not so of a deep net. */
async function wordsOfTime(frame: Frame): Promise<string[]> {
  const said = (await frame.evaluate(`[...document.querySelectorAll("#diagnostics *")]
    .filter((one) => !one.closest("[hidden]"))
    .flatMap((one) => [
    ...[...one.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data),
    ...["aria-label", "title", "aria-valuetext"].map((name) => one.getAttribute(name) ?? ""),
  ])`)) as string[];
  return said.filter((text) => /timestep|recurren|in time|sequence|\bRNN\b|\bT =/i.test(text));
}

it("a deep net trained from the editor shows its gradient by layer", async () => {
  const { code } = bench;
  const file = await write("deep", {
    task: deepTask,
    model: {
      net: "mlp",
      layers: depth,
      cell: "spectral",
      hidden: 24,
      activation: "leakyRelu",
      radius: 0.1,
    },
    training: { batch: 32, steps: 300, clipNorm: 1 },
  });
  await bench.ask("open", { file });
  await bench.palette("Sigmascope: Train");
  await vi.waitFor(
    async () => expect(await newestRun(code)).toMatchObject({ state: "finished", name: "deep" }),
    patience,
  );
  const frame = await finishedPanel("deep");
  const head = await frame.locator("header").textContent();
  expect(head).toContain(`${depth} of ${depth} layers`);
  expect(head?.replaceAll("\u00a0", " ")).toContain("csv · mlp, spectral, n = 24, 20 layers");
  await drawn(frame, "gradientProfile");
  const profile = figure(frame, "gradientProfile");
  expect(await profile.locator("h3").textContent()).toBe("Gradient norm by layer at step 300");
  expect(await profile.locator("text.title").allTextContents()).toEqual(
    expect.arrayContaining(["layer l →", "‖∂L/∂hₗ‖, log scale"]),
  );
  await drawn(frame, "heatMap");
  expect(await figure(frame, "heatMap").locator("h3").textContent()).toBe("Gradient norm by layer and step");
  await vi.waitFor(
    async () =>
      expect(await bench.ask("inlayHints", { file })).toMatchObject([
        { label: expect.stringMatching(/layers · σ/) },
      ]),
    patience,
  );
});

it("the matrices of eight layers can be chosen, and the spectra are those of the telemetry", async () => {
  const frame = await finishedPanel("deep");
  const { directory } = await newestRun(bench.code);
  const { rows } = readTelemetry(join(directory, "telemetry.arrows"));
  const { singularValues } = rows.findLast(({ layers }) => layers[0]!.singularValues["layer 1"])!.layers[0]!;
  const chooser = frame.locator("[data-choice=matrix]");
  expect((await chooser.locator("vscode-option").allTextContents()).map((text) => text.trim())).toEqual(
    Object.keys(singularValues).map((name) => `W of ${name}`),
  );
  expect(Object.keys(singularValues)).toHaveLength(8);
  await chooser.click();
  await chooser.locator("vscode-option", { hasText: `W of layer ${depth}` }).click();
  for (const [plot, title] of [
    ["singularValues", `Singular values of W of layer ${depth} over steps`],
    ["spectrum", `Spectrum of W of layer ${depth} at step 300`],
    ["updateRatio", `Update ratio by parameter of layer ${depth} and the head`],
  ] as const) {
    await drawn(frame, plot);
    await vi.waitFor(
      async () => expect(await figure(frame, plot).locator("h3").textContent()).toBe(title),
      patience,
    );
  }
  const parameters = await figure(frame, "updateRatio").locator(".plot-legend li").allTextContents();
  expect(parameters).toEqual([
    ...["u", "v", "p", "b"].map((name) => `layers.${depth - 1}.${name}`),
    "head.W",
    "head.b",
  ]);
});

it("nothing on the page of a deep net speaks of time", async () => {
  const frame = await finishedPanel("deep");
  await frame.locator("vscode-checkbox[data-choice=table]").click();
  await frame.locator(".tables table.numbers").first().waitFor();
  await allDrawn(frame);
  expect(await wordsOfTime(frame)).toEqual([]);
  await frame.locator("vscode-checkbox[data-choice=table]").click();
});

it("its page looks as it should in every theme, narrow and wide", async () => {
  const frame = await finishedPanel("deep");
  await inEveryTheme(bench, frame, {
    root: "#diagnostics",
    name: "deep",
    ready: async () => {
      await allDrawn(frame);
      await frame.locator("h1").scrollIntoViewIfNeeded();
    },
  });
});

it("the findings of a deep net whose gradient vanishes speak of layers", async () => {
  const file = await write("dense", {
    task: deepTask,
    model: { net: "mlp", layers: 30, cell: "rnn", hidden: 24, initialization: "uniform" },
    training: { batch: 32, steps: 200 },
  });
  const directory = (await bench.ask("execute", { command: "sigmascope.train", args: [file] })) as string;
  await runEnds(directory, "finished");
  const frame = await finishedPanel("dense");
  const vanishing = frame.locator(".finding[data-rule=vanishing-gradient]");
  await vanishing.waitFor();
  expect(await vanishing.textContent()).toMatch(/it reaches only \d+ of 30 layers/);
  await allDrawn(frame);
  expect(await wordsOfTime(frame)).toEqual([]);
  await inEveryTheme(bench, frame, {
    root: "#diagnostics",
    name: "deep-dense",
    ready: async () => {
      await allDrawn(frame);
      await frame.locator("h1").scrollIntoViewIfNeeded();
    },
  });
});

it("Lyapunov exponents are drawn where the experiment has them measured", async () => {
  const steps = 300;
  const file = await write("exponents", {
    task: { kind: "adding", length: 50 },
    model: { cell: "spectral", hidden: 24, activation: "leakyRelu", radius: 0.1 },
    training: { batch: 16, steps },
    telemetry: { lyapunov: 25 },
  });
  const directory = (await bench.ask("execute", { command: "sigmascope.train", args: [file] })) as string;
  await runEnds(directory, "finished");
  const frame = await finishedPanel("exponents");
  await drawn(frame, "lyapunov");
  const plot = figure(frame, "lyapunov");
  expect(await plot.locator("h3").textContent()).toBe("Lyapunov exponents over steps");
  expect(await plot.locator(".plot-legend li").allTextContents()).toEqual([
    ..."₁₂₃₄₅₆₇₈".split("").map((rank) => `λ${rank}`),
    "λ₁ expected from σ and φ′",
  ]);
  expect(await plot.locator("svg.chart path.line").count()).toBe(9);
  await inEveryTheme(bench, frame, {
    root: "#diagnostics",
    name: "lyapunov",
    ready: async () => {
      await allDrawn(frame);
      await plot.locator(".plot-legend").scrollIntoViewIfNeeded();
    },
  });
});
