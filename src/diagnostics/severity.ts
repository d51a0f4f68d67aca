/** In which order findings are shown. */
import type { Finding, Severity } from "./finding.ts";

const severities: readonly Severity[] = ["error", "warning", "information"];

/** The most severe first; equals keep their order. */
export function sortBySeverity(findings: Iterable<Finding>): Finding[] {
  return [...findings].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}

/** The most severe first, then the oldest. */
export function sortFindings(findings: Iterable<Finding>): Finding[] {
  return sortBySeverity([...findings].sort((a, b) => a.sinceStep - b.sinceStep));
}
