/** What gradient profiles run over: timesteps of a recurrent net, or layers of a feed-forward one. */
export type ProfileUnit = "timesteps" | "layers";

/** A text about timesteps as one about what the profile runs over. @param unit absent: timesteps. */
export function inUnit(text: string, unit: ProfileUnit | undefined): string {
  if (unit !== "layers") return text;
  return text
    .replace(/\btimestep t\b/g, "layer l")
    .replace(/‖∂L\/∂hₜ‖/g, "‖∂L/∂hₗ‖")
    .replace(/\bsequence length\b/g, "depth")
    .replace(/\bTimesteps\b/g, "Layers")
    .replace(/\btimesteps\b/g, "layers")
    .replace(/\btimestep\b/g, "layer")
    .replace(/\ba linear recurrence\b/g, "a linear layer")
    .replace(/\bsequences\b/g, "examples")
    .replace(/\bat most T =/g, "at most");
}

/** What a plot of one matrix of several says in its title. @param name null: none is chosen. */
export function ofMatrix(name: string | null): string {
  return name === null || name === "W" ? "" : ` of ${matrixText(name)}`;
}

/** A transition matrix by what it belongs to: "W", "W of gate input", "W of layer 15". */
export function matrixText(name: string): string {
  if (name === "W") return "W";
  return name.startsWith("layer ") ? `W of ${name}` : `W of gate ${name}`;
}
