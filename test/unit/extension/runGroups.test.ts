import { expect, test } from "vitest";
import { filterRuns, groupRuns } from "../../../src/extension/runGroups.ts";
import type { RunRecord, RunState } from "../../../src/runs/run.ts";
import type { ListedRun } from "../../../src/runs/runList.ts";
import { record } from "../cli/record.ts";

function run(id: string, changes: Partial<RunRecord> = {}, state: RunState = "finished"): ListedRun {
  return { id, directory: `/runs/${id}`, record: { ...record, id, ...changes }, state, error: null };
}

const unreadable: ListedRun = {
  id: "bad",
  directory: "/runs/bad",
  record: null,
  state: null,
  error: "/runs/bad/run.json is damaged: it is empty",
};

test("groups runs by experiment file, groups in the order of their newest runs", () => {
  const runs = [
    run("d", { experimentFile: "/b.sigmascope.json" }),
    unreadable,
    run("c", { experimentFile: "/a.sigmascope.json" }),
    run("b", { experimentFile: "/b.sigmascope.json" }),
    run("a", { experimentFile: null, name: "from a script" }),
  ];
  const groups = groupRuns(runs).map(({ key, label, runs: members }) => [
    key,
    label,
    members.map(({ id }) => id),
  ]);
  expect(groups).toEqual([
    ["file:/b.sigmascope.json", "b", ["d", "b"]],
    ["file:/a.sigmascope.json", "a", ["c"]],
    ["name:from a script", "from a script", ["a"]],
    ["unreadable", "Cannot be read", ["bad"]],
  ]);
});

test("experiments of one name in two folders are two groups", () => {
  const runs = [
    run("b", { experimentFile: "/x/a.sigmascope.json" }),
    run("a", { experimentFile: "/y/a.sigmascope.json" }),
  ];
  expect(groupRuns(runs).map(({ label }) => label)).toEqual(["a", "a"]);
});

test("a filter keeps runs that have every word, in any case", () => {
  const vanishing = {
    rule: "vanishing-gradient",
    severity: "warning",
    title: "The gradient vanishes",
    evidence: "It does.",
    sinceStep: 20,
    timestep: null,
    layer: null,
    property: ["model", "cell"],
    remedy: { text: "Use a spectral cell.", edits: [] },
  } as const;
  const runs = [
    run("c", { name: "digits", cell: "rnn", findings: [vanishing] }, "failed"),
    run("b", { name: "digits", cell: "spectral" }, "running"),
    run("a", { name: "adding", cell: "rnn" }, "running"),
  ];
  const found = (filter: string) => filterRuns(runs, filter).map(({ id }) => id);
  expect(found("")).toEqual(["c", "b", "a"]);
  expect(found("  ")).toEqual(["c", "b", "a"]);
  expect(found("DIGITS")).toEqual(["c", "b"]);
  expect(found("digits running")).toEqual(["b"]);
  expect(found("vanishing")).toEqual(["c"]);
  expect(found("nothing like it")).toEqual([]);
});

test("runs that cannot be read are found by their id", () => {
  expect(filterRuns([unreadable], "bad")).toEqual([unreadable]);
  expect(filterRuns([unreadable], "unreadable")).toEqual([unreadable]);
});
