/** What a run is and how it stands, in the words and marks of the panels. */
import type { Experiment } from "../experiment/schema.ts";
import type { RunAbout, RunMoment, RunNews } from "../protocol/details.ts";
import { allowedBand } from "../report/allowedBand.ts";
import { modelText, momentText, taskText, trainingText } from "../report/reportRun.ts";
import { standingEvents } from "../runs/events.ts";
import type { RunEvent } from "../runs/run.ts";

/** @param length T. */
export function aboutRun(experiment: Experiment, length: number): RunAbout {
  return {
    task: taskText(experiment, length),
    model: modelText(experiment),
    training: trainingText(experiment),
  };
}

/** What happened, for marks on the axis of steps. */
export function momentsOf(events: readonly RunEvent[]): RunMoment[] {
  return events.flatMap((event): RunMoment[] => {
    const { step, type } = event;
    if (type === "checkpoint")
      return [{ step, kind: type, label: `checkpoint at step ${step.toLocaleString("en")}` }];
    const label = momentText(event);
    if (label === undefined) return [];
    return type === "switch" || type === "finding" || type === "resumed" || type === "error"
      ? [{ step, kind: type, label }]
      : [];
  });
}

/** The bands that the cells of a run promised for its singular values, each for the steps where it held. */
export function bandsOf(
  { model }: Experiment,
  events: readonly RunEvent[],
  lastStep: number,
): RunNews["bands"] {
  const bands: (RunNews["bands"][number] & { steps: [number, number] })[] = [];
  const begin = (now: Parameters<typeof allowedBand>[0], step: number) => {
    const band = allowedBand(now);
    if (band !== null) bands.push({ ...band, steps: [step, lastStep] });
  };
  begin(model, 0);
  for (const event of standingEvents(events)) {
    if (event.type !== "switch") continue;
    const before = bands.at(-1);
    if (before !== undefined && before.steps[1] > event.step) before.steps[1] = event.step;
    begin({ ...model, ...event.band, cell: event.to }, event.step);
  }
  return bands;
}

export function evaluationsOf(events: readonly RunEvent[]): RunNews["evaluations"] {
  return standingEvents(events).flatMap((event) =>
    event.type === "evaluation" ? [{ step: event.step, loss: event.loss, metric: event.metric }] : [],
  );
}
