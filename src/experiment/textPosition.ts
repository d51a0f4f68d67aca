/** Lines and columns of offsets in a text. */

/** A place in a text, counted from 1, in UTF-16 units as editors count. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** A stretch of text with the position of its beginning. */
export interface TextRange extends TextPosition {
  readonly offset: number;
  readonly length: number;
}

/** Finds lines and columns in one text; a line ends with "\n", "\r\n" or "\r". */
export class LineIndex {
  private readonly starts: number[] = [0];
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
    for (const match of text.matchAll(/\r\n|\n|\r/g)) this.starts.push(match.index + match[0].length);
  }

  /** @param offset clamped to the text. */
  position(offset: number): TextPosition {
    const at = Math.max(0, Math.min(offset, this.text.length));
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - this.starts[low]! + 1 };
  }

  range(offset: number, length: number): TextRange {
    return { ...this.position(offset), offset, length };
  }

  /** The text of a line (counted from 1) without its end; empty past the last line. */
  line(line: number): string {
    const start = this.starts[line - 1];
    if (start === undefined) return "";
    return this.text.slice(start, this.starts[line]).replace(/[\r\n]+$/, "");
  }
}
