/** One line for a person about an event of a run. */
import type { Finding } from "../diagnostics/finding.ts";
import { printable } from "../experiment/problem.ts";
import type { RunEvent } from "../runs/run.ts";
import { formatMetric, formatNumber, formatSigma } from "./format.ts";
import type { Colors } from "./terminal.ts";

/** @param metricName of the run's task, by which a metric is written. */
export function describeEvent(event: RunEvent, metricName: string, colors: Colors): string {
  return `${colors.dim(`step ${event.step}:`)} ${sentence(event, metricName, colors)}`;
}

function sentence(event: RunEvent, metricName: string, colors: Colors): string {
  switch (event.type) {
    case "started":
    case "paused":
    case "continued":
    case "stopped":
    case "finished":
      return event.type;
    case "resumed":
      return `resumed from ${printable(event.checkpoint)}`;
    case "finding":
      return describeFinding(event.finding, colors);
    case "cleared":
      return `${event.rule} has gone`;
    case "evaluation":
      return event.loss === event.metric
        ? `test ${metricName} ${formatMetric(event.metric, metricName)}`
        : `test loss ${formatNumber(event.loss)}, test ${metricName} ${formatMetric(event.metric, metricName)}`;
    case "checkpoint":
      return colors.dim(`checkpoint ${printable(event.file)}`);
    case "switch": {
      const clipped =
        event.clippedCount === 0
          ? "none clipped"
          : `${event.clippedCount} clipped, by up to ${formatNumber(event.clipped)}`;
      return `switched from ${event.from} to ${event.to}: singular values ${formatSigma(event.sigma)}, ${clipped}; outputs changed by ${formatNumber(event.functionChange)} relative`;
    }
    case "refused":
      return colors.yellow(`refused to ${event.command}: ${printable(event.reason)}`);
    case "error":
      return colors.red(`error: ${printable(event.message)}`);
  }
}

/** A finding's title and evidence, marked by its severity. */
export function describeFinding(finding: Finding, colors: Colors): string {
  const paint =
    finding.severity === "error" ? colors.red : finding.severity === "warning" ? colors.yellow : colors.cyan;
  return `${paint(`${finding.severity}: ${finding.title}`)}. ${finding.evidence}`;
}
