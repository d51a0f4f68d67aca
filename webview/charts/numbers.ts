/** Numbers for people. */

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** 10^exponent as "10⁻⁷". */
export function powerOfTen(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => superscripts[Number(digit)]).join("");
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

/** A number with at most `digits` significant digits: 0.1667, 1,234, −2, 3.1×10⁻⁷, ∞, "none" for NaN. */
export function formatNumber(value: number, digits = 3): string {
  if (Number.isNaN(value)) return "none";
  const sign = value < 0 ? "−" : "";
  const size = Math.abs(value);
  if (size === Number.POSITIVE_INFINITY) return `${sign}∞`;
  if (size === 0) return "0";
  if (size < 1e-3 || size >= 1e7) {
    const [mantissa = "", exponent = ""] = size.toExponential(digits - 1).split("e");
    const short = String(Number(mantissa));
    return `${sign}${short === "1" ? "" : `${short}×`}${powerOfTen(Number(exponent))}`;
  }
  if (size >= 10 ** digits) return sign + Math.round(size).toLocaleString("en");
  return sign + String(Number(size.toPrecision(digits)));
}

/** A whole number with thousands separated. */
export function formatInteger(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** Smallest and largest finite value (and, for a log scale, positive one); undefined when there is none. */
export function finiteExtent(
  arrays: Iterable<ArrayLike<number>>,
  positive = false,
): [number, number] | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const values of arrays)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (!Number.isFinite(value) || (positive && value <= 0)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return low <= high ? [low, high] : undefined;
}
