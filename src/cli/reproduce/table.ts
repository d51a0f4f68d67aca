/** A set's table, in Markdown for people and in CSV for programs. */
import { formatDuration, formatNumber, formatSigma } from "../format.ts";
import type { ExperimentSet } from "./experimentSet.ts";
import { formatStatistics, type Statistics, statisticsOf } from "./statistics.ts";
import { type ExperimentOutcome, type SummaryRow, summaryRow } from "./summary.ts";

/** Where the numbers come from. */
export interface Provenance {
  /** Machines that trained the runs; usually one. */
  readonly machines: readonly string[];
  /** Of Sigmascope, which trained the runs. */
  readonly versions: readonly string[];
  /** With which the table was written. */
  readonly command: string;
  /** Trainers at the same time, and threads of each, in words. */
  readonly parallel: string;
  readonly date: Date;
  readonly quick: boolean;
}

interface Column {
  readonly head: string;
  readonly cell: (row: SummaryRow) => string;
}

/** The table, under a heading, with what is missing from it and where it comes from. */
export function markdownTable(
  set: ExperimentSet,
  outcomes: readonly ExperimentOutcome[],
  provenance: Provenance,
): string {
  const rows = outcomes.map((outcome) => summaryRow(set, outcome));
  const columns = columnsOf(set, rows);
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(" | ")} |`;
  const { machines, versions, command, parallel, date, quick } = provenance;
  const several = rows.some(({ seeds }) => seeds > 1);
  return [
    `# ${set.name}${quick ? " (quick)" : ""}`,
    "",
    set.description +
      (quick
        ? ` Smaller and shorter than in full${lengthsText(set, outcomes)}: the order of the models counts, not the numbers.`
        : ""),
    "",
    line(columns.map(({ head }) => head)),
    line(columns.map(() => "---")),
    ...rows.map((row) => line(columns.map(({ cell }) => cell(row)))),
    "",
    several
      ? "Mean ± sample standard deviation over seeds. Reach: timesteps that receive at least 1 % of the gradient at the last one."
      : "One seed. Reach: timesteps that receive at least 1 % of the gradient at the last one.",
    ...(set.remark === undefined ? [] : [set.remark]),
    ...missingLines(outcomes),
    "",
    `- Machine: ${machines.join("; ") || "none yet"}`,
    `- Trained: ${parallel}`,
    `- Command: \`${command}\``,
    `- Date: ${date.toISOString().slice(0, 16).replace("T", " ")} UTC`,
    `- Sigmascope ${versions.join(", ")}`,
    "",
  ]
    .join("\n")
    .replaceAll("timesteps that receive", `${set.unit} that receive`);
}

/** T, which with --quick is not that of the set's name. */
function lengthsText({ unit }: ExperimentSet, outcomes: readonly ExperimentOutcome[]): string {
  const lengths = outcomes.flatMap(({ results }) => results.map(({ length }) => length));
  const distinct = [...new Set(lengths)].sort((a, b) => a - b);
  return distinct.length === 1 && unit === "timesteps" ? ` (T = ${distinct[0]})` : "";
}

function columnsOf(set: ExperimentSet, rows: readonly SummaryRow[]): Column[] {
  const metricName = rows.find((row) => row.metricName !== null)?.metricName ?? "metric";
  const loss: Column = { head: "test loss", cell: ({ testLoss }) => formatStatistics(testLoss) };
  const solved: Column = {
    head: `solved (${set.solved?.condition})`,
    cell: (row) => (row.finished === 0 ? "–" : `${row.solved} of ${row.finished}`),
  };
  return [
    ...(rows.some(({ data }) => data !== null)
      ? [{ head: "data", cell: (row: SummaryRow) => row.data ?? "" }]
      : []),
    { head: "model", cell: ({ model }) => model },
    { head: `test ${metricName}`, cell: (row) => metricText(row) },
    // A squared error is its own loss.
    ...(metricName === "mean squared error" ? [] : [loss]),
    ...(set.solved ? [solved] : []),
    { head: "parameters", cell: ({ parameters }) => (parameters === null ? "–" : String(parameters)) },
    { head: "steps", cell: ({ steps }) => (steps === null ? "–" : String(steps)) },
    { head: "training time", cell: ({ seconds }) => timeText(seconds) },
    { head: `gradient half-life (${set.unit})`, cell: ({ halfLives }) => halfLifeText(halfLives) },
    { head: set.unit === "timesteps" ? "reach / T" : "reach / layers", cell: reachText },
    { head: "σ", cell: ({ sigma }) => formatSigma(sigma) },
    { head: "seeds", cell: seedsText },
  ];
}

function metricText({ testMetric, metricName }: SummaryRow): string {
  return metricName === "accuracy" ? formatStatistics(testMetric, 100, "%") : formatStatistics(testMetric);
}

function timeText(seconds: Statistics | null): string {
  if (seconds === null) return "–";
  const mean = formatDuration(seconds.mean);
  return seconds.deviation === null ? mean : `${mean} ± ${formatDuration(seconds.deviation)}`;
}

/**
 * Half-lives of one kind have a mean. Where some seeds' gradients fade and others' grow, or hold steady, a mean would
 * be of nothing: each is named.
 */
export function halfLifeText(halfLives: readonly number[]): string {
  const alike =
    halfLives.every((value) => Number.isFinite(value) && Math.abs(value) <= 1e6) &&
    new Set(halfLives.map(Math.sign)).size === 1;
  if (!alike) return halfLives.map(oneHalfLife).join(", ") || "–";
  const growing = halfLives[0]! < 0;
  const text = formatStatistics(statisticsOf(halfLives.map(Math.abs)));
  return growing ? `doubles in ${text}` : text;
}

function oneHalfLife(value: number): string {
  if (Number.isNaN(value)) return "no fit";
  if (Math.abs(value) > 1e6) return "steady";
  return value < 0 ? `doubles in ${formatNumber(-value)}` : formatNumber(value);
}

function reachText({ reach, length }: SummaryRow): string {
  return reach === null || length === null ? "–" : `${formatStatistics(reach)} / ${length}`;
}

function seedsText({ finished, failed, seeds }: SummaryRow): string {
  return `${finished} of ${seeds}${failed > 0 ? `, ${failed} failed` : ""}`;
}

function missingLines(outcomes: readonly ExperimentOutcome[]): string[] {
  const lines = outcomes.flatMap(({ experiment, unfinished }) =>
    unfinished.map(({ seed, what }) => `- ${experiment.name}, seed ${seed}: ${what}`),
  );
  return lines.length === 0 ? [] : ["", "Not in the numbers:", "", ...lines];
}

const escapeCell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** The same numbers, unrounded: a line for each model, with what it was measured on in the last columns. */
export function csvTable(
  set: ExperimentSet,
  outcomes: readonly ExperimentOutcome[],
  { machines, versions, command, date, quick }: Provenance,
): string {
  const pair = (statistics: Statistics | null) => [statistics?.mean, statistics?.deviation];
  const head = [
    ..."set,quick,data,model,metric,test_metric_mean,test_metric_sd,test_loss_mean,test_loss_sd,solved".split(
      ",",
    ),
    ..."parameters,steps,seconds_mean,seconds_sd,half_life_mean,half_life_sd,reach_mean,reach_sd,length".split(
      ",",
    ),
    ..."sigma_min,sigma_max,finished,failed,seeds,machine,version,command,date".split(","),
  ];
  const lines = outcomes.map((outcome) => {
    const row = summaryRow(set, outcome);
    return [
      ...[set.name, quick, row.data, row.model, row.metricName],
      ...[...pair(row.testMetric), ...pair(row.testLoss), row.solved],
      ...[row.parameters, row.steps, ...pair(row.seconds), ...pair(statisticsOf(row.halfLives))],
      ...[...pair(row.reach), row.length, row.sigma?.[0], row.sigma?.[1]],
      ...[row.finished, row.failed, row.seeds],
      ...[machines.join("; "), versions.join(" "), command, date.toISOString()],
    ];
  });
  return `${[head, ...lines].map((cells) => cells.map(csvCell).join(",")).join("\n")}\n`;
}

function csvCell(value: string | number | boolean | null | undefined): string {
  const text = String(value ?? "");
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
