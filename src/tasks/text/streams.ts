/** A text as parallel streams of windows, for truncated backpropagation with carried state. */
import { Random } from "../../random.ts";
import { emptyInputs } from "../sequences.ts";
import type { Sequences } from "../task.ts";

/** Most parallel streams of a test text. */
const mostStreams = 32;
/** A stream leaves less than a window unread at its end: with so many windows, less than one in so many. */
const windowsPerStream = 16;

/**
 * Cuts a text into `size` streams of equal length and gives window w = step mod W of each of them, W being the whole
 * windows of a stream that leave its last symbol a target. An epoch is W steps; at its start the text is rotated by a
 * random offset, drawn from (seed, epoch), so that its windows begin elsewhere than those of the epoch before (and once
 * in a text its end is followed by its beginning).
 *
 * @returns a pure function of (step, size).
 */
export function trainWindows(
  ids: Int32Array,
  window: number,
  seed: number,
  file: string,
): (step: number, size: number) => Sequences {
  return (step, size) => {
    const needed = size * (window + 1);
    if (ids.length < needed)
      throw new Error(
        `${file} has ${ids.length} symbols; training.batch = ${size} parallel streams with a task.window of ${window} ` +
          `(and one symbol to predict) need ${size} × ${window + 1} = ${needed}: make the batch or the window smaller`,
      );
    const streamLength = Math.floor(ids.length / size);
    const windows = Math.floor((streamLength - 1) / window);
    const epoch = Math.floor(step / windows);
    const w = step - epoch * windows;
    const offset = new Random(seed, "text", epoch).below(ids.length);
    const inputs = emptyInputs("a batch", size, window, 1);
    const targets = new Int32Array(size * window);
    for (let i = 0; i < size; i++) {
      const start = offset + i * streamLength + w * window;
      for (let t = 0; t < window; t++) {
        inputs[i * window + t] = ids[(start + t) % ids.length]!;
        targets[i * window + t] = ids[(start + t + 1) % ids.length]!;
      }
    }
    return { size, length: window, inputs, targets, continues: w > 0 };
  };
}

/**
 * All windows of a test text: the first of every stream, then the second of every stream, and so on. There are up to
 * 32 streams, fewer where they would have less than 16 windows each; less than a window at the end of each is left out.
 *
 * @param ids at least window + 1 symbols.
 */
export function testWindows(ids: Int32Array, window: number): { test: Sequences; testStreams: number } {
  const testStreams = Math.min(
    mostStreams,
    Math.max(1, Math.floor(ids.length / (windowsPerStream * window + 1))),
  );
  const streamLength = Math.floor(ids.length / testStreams);
  const windows = Math.floor((streamLength - 1) / window);
  const size = testStreams * windows;
  const inputs = emptyInputs("the test set", size, window, 1);
  const targets = new Int32Array(size * window);
  for (let w = 0; w < windows; w++)
    for (let i = 0; i < testStreams; i++) {
      const start = i * streamLength + w * window;
      const at = (w * testStreams + i) * window;
      inputs.set(ids.subarray(start, start + window), at);
      targets.set(ids.subarray(start + 1, start + 1 + window), at);
    }
  return { test: { size, length: window, inputs, targets }, testStreams };
}
