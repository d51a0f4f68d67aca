/** The numbers that the plots show: asked for when the view or the run has changed, one question of a kind at a time. */
import type {
  AnswerTo,
  DetailAnswer,
  DetailRequest,
  HeatMapAnswer,
  LinesAnswer,
  MomentAnswer,
  RunNews,
  SpectraAnswer,
  TableAnswer,
} from "../../src/protocol/details.ts";

export interface PlotData {
  readonly lines: LinesAnswer | undefined;
  readonly heatMap: HeatMapAnswer | undefined;
  readonly moment: MomentAnswer | undefined;
  /** Of the step under the pointer. */
  readonly hovered: MomentAnswer | undefined;
  readonly spectra: SpectraAnswer | undefined;
  readonly table: TableAnswer | undefined;
}

export type DataKind = keyof PlotData;

type RequestFor<Kind extends DataKind> = Extract<
  DetailRequest,
  { kind: Kind extends "hovered" ? "moment" : Kind }
>;

/** Milliseconds between two answers on a run that moves: large ones cost more than they tell. */
const rest: Readonly<Record<DataKind, number>> = {
  lines: 250,
  moment: 250,
  hovered: 250,
  spectra: 1000,
  heatMap: 2000,
  table: 1000,
};

/** Asks one kind of question, the newest wanted, never two at once. */
class Slot<Request extends DetailRequest> {
  answer: AnswerTo<Request> | undefined;
  readonly #ask: (request: Request) => Promise<AnswerTo<Request>>;
  readonly #rest: number;
  readonly #answered: (error?: Error) => void;
  #wanted: { readonly request: Request; readonly key: string; readonly revision: number } | undefined;
  #asked: { readonly key: string; readonly revision: number } | undefined;
  #busy = false;
  #askedAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    ask: (request: Request) => Promise<AnswerTo<Request>>,
    restTime: number,
    answered: (error?: Error) => void,
  ) {
    this.#ask = ask;
    this.#rest = restTime;
    this.#answered = answered;
  }

  /**
   * @param request undefined: nothing is wanted, what is there stays.
   * @param key of what the person wants to see; a request whose key is that of the one before differs because the run
   *   has moved, and may wait.
   */
  want(request: Request | undefined, revision: number, key = JSON.stringify(request)): void {
    this.#wanted = request && { request, key, revision };
    this.#go();
  }

  forget(): void {
    this.answer = undefined;
    this.#asked = undefined;
    this.#wanted = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #go(): void {
    const wanted = this.#wanted;
    if (wanted === undefined || this.#busy) return;
    const { key, revision } = wanted;
    if (this.#asked?.key === key && this.#asked.revision === revision) return;
    // What the person does is answered at once; what the run does may wait a little.
    const wait = this.#asked?.key === key ? this.#askedAt + this.#rest - performance.now() : 0;
    if (wait > 0) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#go();
      }, wait);
      return;
    }
    void this.#send(wanted);
  }

  async #send({ request, key, revision }: NonNullable<Slot<Request>["wanted"]>): Promise<void> {
    this.#busy = true;
    const asked = { key, revision };
    this.#asked = asked;
    this.#askedAt = performance.now();
    try {
      const answer = await this.#ask(request);
      // Forgotten meanwhile: it is about another run.
      if (this.#asked !== asked) return;
      this.answer = answer;
      this.#answered();
    } catch (error) {
      if (this.#asked === asked) this.#answered(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#busy = false;
      this.#go();
    }
  }

  get wanted() {
    return this.#wanted;
  }
}

/** What is wanted of each kind at one moment; undefined: nothing. */
export type Wants = { readonly [Kind in DataKind]: RequestFor<Kind> | undefined };

export class RunData {
  readonly #slots: { readonly [Kind in DataKind]: Slot<RequestFor<Kind>> };

  /** @param changed told when an answer of a kind is there, or could not be had. */
  constructor(
    ask: <Request extends DetailRequest>(request: Request) => Promise<AnswerTo<Request>>,
    changed: (kind: DataKind, error?: Error) => void,
  ) {
    const slot = <Kind extends DataKind>(kind: Kind) =>
      new Slot<RequestFor<Kind>>(ask, rest[kind], (error) => changed(kind, error));
    this.#slots = {
      lines: slot("lines"),
      heatMap: slot("heatMap"),
      moment: slot("moment"),
      hovered: slot("hovered"),
      spectra: slot("spectra"),
      table: slot("table"),
    };
  }

  get current(): PlotData {
    const { lines, heatMap, moment, hovered, spectra, table } = this.#slots;
    return {
      lines: lines.answer,
      heatMap: heatMap.answer,
      moment: moment.answer,
      hovered: hovered.answer,
      spectra: spectra.answer,
      table: table.answer,
    };
  }

  /** @param follows the moment wanted is always the newest one. */
  want(wants: Wants, { revision }: RunNews, follows: boolean): void {
    this.#slots.lines.want(wants.lines, revision);
    const { moment } = wants;
    this.#slots.moment.want(
      moment,
      revision,
      JSON.stringify(follows && moment ? { ...moment, step: null } : moment),
    );
    this.#slots.hovered.want(wants.hovered, revision);
    this.#slots.spectra.want(wants.spectra, revision);
    this.#slots.table.want(wants.table, revision);
    // The dearest last: questions are answered in their order.
    this.#slots.heatMap.want(wants.heatMap, revision);
  }

  /** Another run is shown. */
  forget(): void {
    for (const slot of Object.values(this.#slots)) slot.forget();
  }
}

export type { DetailAnswer };
