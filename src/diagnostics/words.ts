/** Numbers as people read them, in evidence and verdicts. */

/** Three significant digits, without trailing zeros; exponents as 10-powers from a hundred thousand on. */
export function number(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) {
    const [mantissa = "", exponent = ""] = size.toExponential(1).split("e");
    return `${sign}${mantissa.replace(/\.0$/, "")}e${exponent.replace("+", "")}`;
  }
  if (size >= 1000) return `${sign}${Math.round(size)}`;
  return `${sign}${String(Number(size.toPrecision(3)))}`;
}

/** A share as per cent. */
export function percent(share: number): string {
  const value = 100 * share;
  return `${value > 0 && value < 1 ? number(value) : Number(value.toFixed(value < 10 || value > 99 ? 1 : 0))} %`;
}

/** A count with its noun: 1 timestep, 4.1 timesteps. */
export function count(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** Singular values from smallest to largest. */
export function range(low: number, high: number): string {
  // Values next to 1 need digits that tell them from 1; a narrow spread needs those that tell its ends apart.
  const spread = high - low;
  const fine = spread > 1e-6 && spread < 0.005 ? Math.ceil(-Math.log10(spread)) + 1 : 2;
  const digits = (value: number) => value.toFixed(Math.max(fine, Math.abs(value - 1) < 0.1 ? 3 : 2));
  return `${digits(low)} … ${digits(high)}`;
}

/** The open interval of a spectral cell's singular values. */
export function band(center: number, radius: number): string {
  const edge = (value: number) => String(Number(value.toPrecision(9))).replace("-", "−");
  return `(${edge(center - radius)}, ${edge(center + radius)})`;
}

/** A half-life of more than this many times T is a change of under 1 % over the sequence. */
const unnoticed = 70;
/** With a half-life below this, less than 1 % is left after one timestep. */
const gone = 0.15;

/**
 * What the half-life says, as the end of a sentence about ∂L/∂h going back in time.
 * @param length T.
 */
export function halfLifeInWords(halfLife: number, length: number): string {
  if (Number.isNaN(halfLife)) return "has no measurable half-life";
  if (Math.abs(halfLife) > unnoticed * length) return "neither shrinks nor grows";
  if (halfLife > 0 && halfLife < gone) return "is gone within a timestep";
  if (halfLife < 0) return `doubles every ${count(-halfLife, "timestep")}`;
  return `halves every ${count(halfLife, "timestep")}`;
}

const layerWords: readonly (readonly [RegExp, string])[] = [
  [/\bgoing back in time\b/g, "going back through the layers"],
  [/\bgoing back over the sequence\b/gi, "going back through the layers"],
  [/\bback in time\b/g, "back through the layers"],
  [/\btimestep's\b/g, "layer's"],
  [/\btimesteps\b/g, "layers"],
  [/\btimestep\b/g, "layer"],
  [/\bwithout memory it\b/g, "without looking it"],
  [/\bvanilla RNN\b/g, "vanilla net"],
];

/**
 * A sentence about a recurrent net as one about a feed-forward net, whose gradient goes through layers instead of
 * timesteps.
 */
export function inLayers(text: string): string {
  return layerWords.reduce((words, [recurrent, deep]) => words.replace(recurrent, deep), text);
}

/** The name of a layer in a sentence; empty for a network of one layer. */
export function inLayer(layer: number, layers: number): string {
  return layers > 1 ? ` in layer ${layer}` : "";
}

/** What a transition matrix is called: W, or a gate's W. */
export function matrixName(transition: string): string {
  if (/^layers? /.test(transition)) return `W of ${transition}`;
  return transition === "W" ? "W" : `the ${transition} gate's W`;
}
