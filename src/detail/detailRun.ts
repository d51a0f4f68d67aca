/** One run in memory, followed as it grows, and the answers to what panels ask about it. */
import type { Experiment } from "../experiment/schema.ts";
import type {
  AnswerTo,
  DetailAnswer,
  DetailRequest,
  MomentAnswer,
  RunNews,
  Span,
  SpectraAnswer,
} from "../protocol/details.ts";
import type { RunEvent, RunRecord, RunState } from "../runs/run.ts";
import { readExperiment } from "../runs/store.ts";
import { RunTail } from "../runs/tail.ts";
import type { TelemetryRow, TelemetryShape } from "../runs/telemetry.ts";
import { Columns } from "./columns.ts";
import { firstAtLeast } from "./growing.ts";
import { answerHeatMap } from "./heatMap.ts";
import { answerLines } from "./lines.ts";
import { LogNorms } from "./logNorms.ts";
import { momentOf } from "./moment.ts";
import { aboutRun, bandsOf, evaluationsOf, momentsOf } from "./news.ts";
import { plotNumbers } from "./numbers.ts";
import { answerSpectra } from "./spectra.ts";
import { answerTable } from "./table.ts";

/** The extent of the colours is taken anew when a run has grown by this much. */
const extentGrowth = 1.1;

const noShape: TelemetryShape = { layers: 0, transitions: [], parameters: [] };

export class DetailRun {
  readonly directory: string;
  #tail: RunTail;
  #record: RunRecord | null = null;
  #state: RunState | null = null;
  #experiment: Experiment | null = null;
  #experimentProblem: string | null = null;
  #problems: readonly string[] = [];
  #events: RunEvent[] = [];
  #rows: TelemetryRow[] = [];
  #columns = new Columns(noShape);
  #norms: LogNorms[] = [];
  #extents: ({ readonly rowCount: number; readonly extent: Span | null } | undefined)[] = [];
  /** By layer and matrix: the rows that measured it. */
  #measured = new Map<string, TelemetryRow[]>();
  #revision = 0;
  #looked = false;

  constructor(directory: string) {
    this.directory = directory;
    this.#tail = new RunTail(directory);
  }

  /** Looks at the files. @returns whether there is news; the first look always has. */
  async poll(): Promise<boolean> {
    const first = !this.#looked;
    this.#looked = true;
    const { record, state, newEvents, newRows, reset, problems } = this.#tail.poll();
    if (this.#experiment === null && record !== null) await this.#readExperiment();
    if (reset) this.#forgetRows();
    // Telemetry that was there already when it had no rows yet has a shape by now.
    if (this.#rows.length === 0) this.#columns = new Columns(this.#tail.shape ?? noShape);
    for (const row of newRows) this.#add(row);
    this.#events.push(...newEvents);
    const complaints = this.#experimentProblem === null ? problems : [...problems, this.#experimentProblem];
    const changed =
      first ||
      reset ||
      newRows.length > 0 ||
      newEvents.length > 0 ||
      record !== this.#record ||
      state !== this.#state ||
      (complaints.length > 0 && complaints.join("\n") !== this.#problems.join("\n"));
    if (!changed) return false;
    this.#record = record;
    this.#state = state;
    if (complaints.length > 0 || newRows.length > 0) this.#problems = complaints;
    if (reset || newRows.length > 0) this.#revision++;
    return true;
  }

  get isLive(): boolean {
    return this.#state === "starting" || this.#state === "running" || this.#state === "paused";
  }

  get news(): RunNews {
    const shape = this.#tail.shape ?? noShape;
    const record = this.#record;
    const recorded = this.#recorded;
    return {
      directory: this.directory,
      record,
      state: this.#state,
      about: this.#experiment === null || record === null ? null : aboutRun(this.#experiment, record.length),
      revision: this.#revision,
      rowCount: this.#rows.length,
      recorded,
      layers: shape.layers,
      matrices: shape.transitions,
      parameters: shape.parameters,
      lyapunov: shape.lyapunov === true,
      evaluations: evaluationsOf(this.#events),
      moments: momentsOf(this.#events),
      bands:
        this.#experiment === null
          ? []
          : bandsOf(this.#experiment, this.#events, Math.max(record?.step ?? 0, recorded?.[1] ?? 0)),
      problems: this.#problems,
    };
  }

  /** @throws RangeError for a layer or a matrix that the run does not have. */
  answer<Request extends DetailRequest>(request: Request): AnswerTo<Request>;
  answer(request: DetailRequest): DetailAnswer {
    if ("layer" in request) this.#checkLayer(request.layer);
    switch (request.kind) {
      case "lines":
        return answerLines(this.#columns, this.#recorded, request);
      case "heatMap": {
        const { layer } = request;
        const norms = this.#norms[layer] ?? new LogNorms(0);
        return answerHeatMap(norms, this.#columns.steps.values, this.#extent(layer), request);
      }
      case "moment":
        return this.#moment(request.step, request.layer);
      case "spectra":
        return this.#spectra(request);
      case "table":
        return answerTable(this.#rows, this.#columns.steps.values, request, this.#metricName);
      case "numbers":
        return {
          kind: "numbers",
          csv: plotNumbers(
            { rows: this.#rows, metricName: this.#metricName, indexOf: (step) => this.#indexOf(step) },
            request,
          ),
        };
    }
  }

  get #metricName(): string {
    return this.#record?.metricName ?? "metric";
  }

  get #recorded(): Span | null {
    const first = this.#rows[0];
    return first === undefined ? null : [first.step, this.#rows.at(-1)!.step];
  }

  async #readExperiment(): Promise<void> {
    try {
      this.#experiment = await readExperiment(this.directory);
      this.#experimentProblem = null;
    } catch (error) {
      this.#experimentProblem = error instanceof Error ? error.message : String(error);
    }
  }

  #forgetRows(): void {
    this.#rows = [];
    this.#norms = [];
    this.#extents = [];
    this.#measured = new Map();
  }

  #add(row: TelemetryRow): void {
    this.#rows.push(row);
    this.#columns.add(row);
    row.layers.forEach(({ gradientNorm, singularValues }, layer) => {
      this.#norms[layer] ??= new LogNorms(gradientNorm.p50.length);
      this.#norms[layer].add(gradientNorm.p50);
      for (const [matrix, values] of Object.entries(singularValues)) {
        if (values === null) continue;
        const key = `${layer} ${matrix}`;
        const rows = this.#measured.get(key);
        if (rows === undefined) this.#measured.set(key, [row]);
        else rows.push(row);
      }
    });
  }

  #checkLayer(layer: number): void {
    const { layers } = this.#tail.shape ?? noShape;
    if (layer >= Math.max(1, layers))
      throw new RangeError(`layer ${layer} is asked for; the run has ${layers}, counted from 0`);
  }

  /** Of the last row that is not after a step; the first row where there is none. */
  #indexOf(step: number): number {
    return Math.max(0, firstAtLeast(this.#columns.steps.values, step + 1) - 1);
  }

  #moment(step: number, layer: number): MomentAnswer {
    return { kind: "moment", layer, moment: momentOf(this.#rows, this.#indexOf(step), layer) };
  }

  #spectra(request: Extract<DetailRequest, { kind: "spectra" }>): SpectraAnswer {
    const { transitions } = this.#tail.shape ?? noShape;
    if (transitions.length > 0 && !transitions.includes(request.matrix))
      throw new RangeError(`matrix ${request.matrix} is asked for; the run has ${transitions.join(", ")}`);
    return answerSpectra(this.#measured.get(`${request.layer} ${request.matrix}`) ?? [], request);
  }

  #extent(layer: number): Span | null {
    const norms = this.#norms[layer];
    if (norms === undefined) return null;
    const known = this.#extents[layer];
    if (known !== undefined && known.extent !== null && norms.rowCount < extentGrowth * known.rowCount)
      return known.extent;
    const extent = norms.extent();
    this.#extents[layer] = { rowCount: norms.rowCount, extent };
    return extent;
  }
}
