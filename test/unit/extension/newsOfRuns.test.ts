import { expect, test } from "vitest";
import type { Finding, Severity } from "../../../src/diagnostics/finding.ts";
import { NewsOfRuns } from "../../../src/extension/newsOfRuns.ts";
import type { RunState } from "../../../src/runs/run.ts";
import type { ListedRun } from "../../../src/runs/runList.ts";
import { record } from "../cli/record.ts";

function finding(severity: Severity, rule: Finding["rule"] = "vanishing-gradient"): Finding {
  return {
    rule,
    severity,
    title: `${rule} (${severity})`,
    evidence: "As measured.",
    sinceStep: 20,
    timestep: null,
    layer: null,
    property: ["model", "cell"],
    remedy: { text: "Use a spectral cell.", edits: [] },
  };
}

function run(state: RunState, findings: readonly Finding[] = [], created = record.created): ListedRun {
  return { id: "a", directory: "/runs/a", record: { ...record, findings, created }, state, error: null };
}

const began = new Date("2026-11-24T00:00:00.000Z");
const news = (told: string[] = []) => new NewsOfRuns(told, began);
const kinds = (found: ReturnType<NewsOfRuns["of"]>) =>
  found.map((item) => (item.kind === "finding" ? item.finding.title : item.kind));

test("a live run's findings are told once for each severity; information is not told", () => {
  const of = news();
  expect(kinds(of.of([run("running", [finding("information")])]))).toEqual([]);
  expect(kinds(of.of([run("running", [finding("warning")])]))).toEqual(["vanishing-gradient (warning)"]);
  expect(kinds(of.of([run("running", [finding("warning"), finding("warning", "spectrum-drift")])]))).toEqual(
    [],
  );
  expect(kinds(of.of([run("running", [finding("error")])]))).toEqual(["vanishing-gradient (error)"]);
  expect(kinds(of.of([run("running", [])]))).toEqual([]);
  expect(kinds(of.of([run("running", [finding("error")])]))).toEqual([]);
});

test("of an old run that was never seen alive nothing is told", () => {
  expect(news().of([run("failed", [finding("error")])])).toEqual([]);
});

test("of a run that began and ended between two looks everything is told", () => {
  const quick = run("failed", [finding("error")], "2026-11-24T00:00:05.000Z");
  expect(kinds(news().of([quick]))).toEqual(["vanishing-gradient (error)", "failed"]);
});

test("a trainer that dies is told, and again when the resumed run dies", () => {
  const of = news();
  of.of([run("running")]);
  expect(kinds(of.of([run("interrupted")]))).toEqual(["interrupted"]);
  expect(kinds(of.of([run("interrupted")]))).toEqual([]);
  of.of([run("running")]);
  expect(kinds(of.of([run("failed")]))).toEqual(["failed"]);
});

test("a run that ends well is no news", () => {
  const of = news();
  of.of([run("running")]);
  expect(of.of([run("finished")])).toEqual([]);
});

test("what was told before a reload is not told again, and is forgotten with its run", () => {
  const before = news();
  before.of([run("running", [finding("warning")])]);
  const told = before.told([run("running")]);
  expect(kinds(news(told).of([run("running", [finding("warning")])]))).toEqual([]);
  expect(before.told([])).toEqual([]);
});
