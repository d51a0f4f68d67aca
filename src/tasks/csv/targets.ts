/** From labels as written to what a model is trained on. */
import { CsvError, quoted } from "./csvError.ts";
import { decimalNumber, parseValue } from "./numbers.ts";
import type { LabelledTable } from "./table.ts";

/** Labels of the sequences of a file, and where they stand. */
export interface Labels {
  readonly file: string;
  readonly labels: readonly string[];
  /** Line (from 1) and column (from 1; null: not counted) of each. */
  readonly places: readonly { readonly line: number; readonly column: number | null }[];
}

/**
 * Class indices of the labels. Classes are sorted as numbers when every label is one ("1", "1.0" and "1e0" are then
 * the same class), else by their text.
 * @param hint added to the error message for a numeric label that is unknown.
 * @throws CsvError when there is only one class, or a test label that no training sequence has.
 */
export function classTargets(
  train: Labels,
  test: Labels | undefined,
  hint = '. To predict a quantity set "target": "number"',
): { classes: string[]; trainTargets: Int32Array; testTargets: Int32Array | undefined } {
  const numeric = [train, ...(test ? [test] : [])].every((table) =>
    table.labels.every((label) => decimalNumber(label) !== undefined),
  );
  const nameOf = (label: string) => (numeric ? String(Number(label)) : label);
  const classes = [...new Set(train.labels.map(nameOf))];
  if (numeric) classes.sort((a, b) => Number(a) - Number(b));
  else classes.sort();
  if (classes.length < 2)
    throw new CsvError(
      train.file,
      train.places[0]!.line,
      train.places[0]!.column,
      `found the label ${quoted(train.labels[0]!)} on every sequence; at least two classes are needed`,
    );
  const indices = new Map(classes.map((name, i) => [name, i]));
  const targetsOf = (table: Labels) =>
    Int32Array.from(table.labels, (label, i) => {
      const index = indices.get(nameOf(label));
      if (index === undefined)
        throw new CsvError(
          table.file,
          table.places[i]!.line,
          table.places[i]!.column,
          `found label ${quoted(label)}, which no sequence of ${train.file} has; allowed are ` +
            classes.slice(0, 12).map(quoted).join(", ") +
            (classes.length > 12 ? ` … (${classes.length} classes)` : "") +
            (numeric ? hint : ""),
        );
      return index;
    });
  return { classes, trainTargets: targetsOf(train), testTargets: test && targetsOf(test) };
}

/**
 * The labels as numbers.
 * @throws CsvError at the first that is not a finite number.
 */
export function numberTargets(table: LabelledTable): Float32Array {
  return Float32Array.from(table.labels, (label, i) => {
    const { line, column } = table.places[i]!;
    return parseValue(label, table.file, line, column, "", '; for class names set "target": "class"');
  });
}
