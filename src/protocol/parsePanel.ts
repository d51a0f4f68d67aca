/** What a panel and the extension say to each other, checked by whoever hears it. */
import { z } from "zod/mini";
import { plotNames } from "./details.ts";
import { colorMaps, type FromPanel, runCommands, type ToPanel } from "./panel.ts";

// To compile its checks zod would need `eval`, which the pages forbid.
z.config({ jitless: true });

const most = Number.MAX_SAFE_INTEGER;
/** As wide as a picture is asked for at most. */
const mostPixels = 4096;
const mostRows = 10_000;
/** A picture of 4096 × 4096 pixels; a plot's numbers as text. */
const mostBytes = 256 * 2 ** 20;

const whole = (low: number, high: number) => z.int().check(z.gte(low), z.lte(high));
const finite = z.number();
const span = z
  .tuple([finite, finite])
  .check(z.refine(([low, high]) => low <= high, "the first must not be greater than the last"));
const steps = z.nullable(span);
const layer = whole(0, 1000);
const pixels = whole(1, mostPixels);
const name = z.string().check(z.maxLength(200));

const request = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("lines"), steps, width: pixels }),
  z.strictObject({
    kind: z.literal("heatMap"),
    layer,
    steps,
    timesteps: steps,
    width: pixels,
    height: pixels,
  }),
  z.strictObject({ kind: z.literal("moment"), step: whole(0, most), layer }),
  z.strictObject({
    kind: z.literal("spectra"),
    layer,
    matrix: name,
    steps,
    width: pixels,
    mode: z.enum(["auto", "values", "quantiles"]),
  }),
  z.strictObject({ kind: z.literal("table"), steps, layer, rows: whole(2, mostRows) }),
  z.strictObject({
    kind: z.literal("numbers"),
    plot: z.enum(plotNames),
    layer,
    matrix: z.nullable(name),
    step: whole(0, most),
    steps,
  }),
]);

const id = whole(0, most);
const content = z.union([
  z.string().check(z.maxLength(mostBytes)),
  z.instanceof(Uint8Array).check(z.refine(({ length }) => length <= mostBytes)),
]);

const fromPanel = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready") }),
  z.strictObject({ type: z.literal("ask"), id, request }),
  z.strictObject({ type: z.literal("command"), command: z.enum(runCommands) }),
  z.strictObject({ type: z.literal("remedy"), rule: name, train: z.boolean() }),
  z.strictObject({ type: z.literal("save"), name, format: z.enum(["png", "svg", "csv"]), content }),
]);

/** What a page said; undefined when it is nothing that a page says. */
export function parseFromPanel(value: unknown): FromPanel | undefined {
  const parsed = fromPanel.safeParse(value);
  return parsed.success ? (parsed.data as FromPanel) : undefined;
}

const settings = z.object({ colorMap: z.enum(colorMaps), mayTrain: z.boolean() });
// The extension is ours, and what it says of a run was checked as it was read: here only the outline is looked at, so
// that a message that is none (another script's, or a version's that was updated under an open page) does no harm.
const news = z.looseObject({
  directory: z.string(),
  record: z.nullable(z.looseObject({ name: z.string(), step: z.number() })),
  revision: z.number(),
  rowCount: z.number(),
  recorded: steps,
  layers: z.number(),
  matrices: z.array(z.string()),
  moments: z.array(z.looseObject({ step: z.number(), kind: z.string(), label: z.string() })),
  problems: z.array(z.string()),
});
const toPanel = z.discriminatedUnion("type", [
  z.object({ type: z.literal("run"), state: z.object({ run: z.string() }), settings, news }),
  z.object({ type: z.literal("news"), news }),
  z.object({ type: z.literal("settings"), settings }),
  z.object({ type: z.literal("noRun"), text: z.string() }),
  z.object({ type: z.literal("answer"), id, answer: z.looseObject({ kind: z.string() }) }),
  z.object({ type: z.literal("failed"), id, reason: z.string() }),
]);

/** What the extension said; undefined when it is nothing that it says. */
export function parseToPanel(value: unknown): ToPanel | undefined {
  return toPanel.safeParse(value).success ? (value as ToPanel) : undefined;
}
