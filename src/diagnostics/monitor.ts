/** Findings of a run as its rows come in, and of a whole run after the fact. */
import type { Experiment } from "../experiment/schema.ts";
import { type CellName, cellNames } from "../experiment/schema.ts";
import type { RunEvent } from "../runs/run.ts";
import type { TelemetryRow } from "../runs/telemetry.ts";
import type { Finding, RuleName } from "./finding.ts";
import { History } from "./history.ts";
import type { Breakdown, DiagnosticRun, Parameterization } from "./rule.ts";
import { rules } from "./rules.ts";
import { sortFindings } from "./severity.ts";
import { resolveThresholds, type Thresholds } from "./thresholds.ts";
import { inLayers } from "./words.ts";

/** A switch of parameterization in the middle of a run: rows of later steps have the new one. */
export interface ModelSwitch {
  readonly step: number;
  readonly cell: CellName;
  /** Band of the singular values; default: the experiment's. */
  readonly radius?: number | undefined;
  readonly center?: number | undefined;
}

export interface Changes {
  /** Findings that came, or whose severity changed. */
  readonly raised: readonly Finding[];
  /** Rules whose finding went. */
  readonly cleared: readonly RuleName[];
}

/**
 * Watches a run. The findings are a function of the rows alone (no clock, no chance): a resumed trainer that feeds
 * the recorded rows to a new monitor stands where the old one stood, and rows may come one by one or all at once.
 * A row costs the same however many went before it.
 */
export class DiagnosticsMonitor {
  readonly #run: DiagnosticRun;
  readonly #thresholds: Thresholds;
  readonly #history: History;
  readonly #active = new Map<RuleName, Finding>();
  #model: Parameterization;
  #breakdown: Breakdown | undefined;

  /** @param thresholds replaces some of the defaults; see `thresholds.ts`. */
  constructor(run: DiagnosticRun, thresholds?: Partial<Thresholds>) {
    this.#run = run;
    this.#thresholds = resolveThresholds(thresholds);
    this.#history = new History(run.headIsPerStep);
    this.#model = parameterizationOf(run.experiment);
  }

  /** Takes in the next rows, oldest first, and says what changed from before them to after them. */
  update(rows: readonly TelemetryRow[]): Changes {
    return this.#changes(() => {
      for (const row of rows) {
        this.#history.push(row);
        this.#check();
      }
    });
  }

  /** From now on rows have another parameterization. */
  switchTo(to: Omit<ModelSwitch, "step">): void {
    const {
      cell,
      radius = this.#run.experiment.model.radius,
      center = this.#run.experiment.model.center,
    } = to;
    this.#model = { cell, radius, center };
    this.#history.forgetSpectra();
  }

  /** A step was not finite and its origin was looked for; its row may have been given before, or not at all. */
  stopAt(breakdown: Breakdown): Changes {
    // The trainer's knowledge of the origin replaces what the row alone could tell.
    this.#active.delete("non-finite");
    return this.#changes(() => {
      this.#breakdown = breakdown;
      this.#check();
    });
  }

  /** What stands now, the most severe first, then the oldest. */
  get findings(): Finding[] {
    return sortFindings(this.#active.values());
  }

  get #isDeep(): boolean {
    return this.#run.experiment.model.net !== "recurrent";
  }

  #check(): void {
    const found = new Map<RuleName, Finding>();
    for (const rule of rules) {
      const finding = rule.check({
        run: this.#run,
        model: this.#model,
        history: this.#history,
        thresholds: this.#thresholds,
        breakdown: this.#breakdown,
        active: this.#active.get(rule.name),
        found,
      });
      if (finding) found.set(rule.name, this.#isDeep ? findingInLayers(finding) : finding);
    }
    this.#active.clear();
    for (const [name, finding] of found) this.#active.set(name, finding);
  }

  #changes(act: () => void): Changes {
    const before = new Map(this.#active);
    act();
    return {
      raised: this.findings.filter(({ rule, severity }) => before.get(rule)?.severity !== severity),
      cleared: [...before.keys()].filter((rule) => !this.#active.has(rule)),
    };
  }
}

/** Rules speak of timesteps. */
function findingInLayers(finding: Finding): Finding {
  const { title, evidence, remedy } = finding;
  return {
    ...finding,
    title: inLayers(title),
    evidence: inLayers(evidence),
    remedy: { ...remedy, text: inLayers(remedy.text) },
  };
}

/** Everything `diagnose` looks at. */
export interface DiagnosticContext extends DiagnosticRun {
  readonly rows: readonly TelemetryRow[];
  readonly switches?: readonly ModelSwitch[];
  readonly breakdown?: Breakdown;
  readonly thresholds?: Partial<Thresholds>;
}

/** The findings that stand at the end of the rows: the same as those of a monitor that saw them live. */
export function diagnose(context: DiagnosticContext): Finding[] {
  const monitor = new DiagnosticsMonitor(context, context.thresholds);
  const switches = (context.switches ?? []).toSorted((a, b) => a.step - b.step);
  for (const row of context.rows) {
    while (switches[0] && switches[0].step < row.step) monitor.switchTo(switches.shift()!);
    monitor.update([row]);
  }
  if (context.breakdown) monitor.stopAt(context.breakdown);
  return monitor.findings;
}

/** The switches among a run's events. */
export function switchesOf(events: readonly RunEvent[]): ModelSwitch[] {
  return events.flatMap((event) => {
    if (event.type !== "switch") return [];
    const cell = cellNames.find((name) => name === event.to);
    return cell ? [{ step: event.step, cell, ...event.band }] : [];
  });
}

function parameterizationOf({ model: { cell, radius, center } }: Experiment): Parameterization {
  return { cell, radius, center };
}
