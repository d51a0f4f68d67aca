/** How long a panel waits for a large run: opening it, scrubbing through it, zooming in it. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DetailRun } from "../src/detail/detailRun.ts";
import { median } from "../src/diagnostics/select.ts";
import { runFile } from "../src/runs/runDirectory.ts";
import { writeLargeRun } from "./largeRun.ts";

const large = { rows: 20_000, length: 784, hidden: 128, rowsPerBatch: 25 };
const picture = { width: 1600, height: 784 };

function milliseconds(action: () => unknown): number {
  const began = performance.now();
  action();
  return performance.now() - began;
}

export async function benchPanel(): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "sigmascope-bench-"));
  try {
    const directory = writeLargeRun(root, large);
    const megabytes = statSync(runFile(directory, "telemetry")).size / 2 ** 20;
    console.log(
      `A finished run of ${large.rows} rows × ${large.length} timesteps, n = ${large.hidden}: ${megabytes.toFixed(0)} MB`,
    );
    const opened: number[] = [];
    let run = new DetailRun(directory);
    for (let i = 0; i < 3; i++) {
      run = new DetailRun(directory);
      const began = performance.now();
      await run.poll();
      const read = performance.now() - began;
      run.answer({ kind: "lines", steps: null, width: picture.width });
      run.answer({ kind: "moment", step: large.rows, layer: 0 });
      run.answer({ kind: "spectra", layer: 0, matrix: "W", steps: null, width: picture.width, mode: "auto" });
      run.answer({ kind: "heatMap", layer: 0, steps: null, timesteps: null, ...picture });
      opened.push(performance.now() - began);
      console.log(
        `opened: read in ${read.toFixed(0)} ms, all plots answered after ${opened.at(-1)!.toFixed(0)} ms`,
      );
    }
    const zooms = [null, [5000, 15_000], [9000, 11_000], [9950, 10_050]] as const;
    for (const steps of zooms) {
      const times = Array.from({ length: 9 }, () =>
        milliseconds(() => run.answer({ kind: "heatMap", layer: 0, steps, timesteps: null, ...picture })),
      );
      console.log(
        `heat map of ${steps === null ? "all steps" : `steps ${steps.join(" … ")}`}: ${median(times).toFixed(1)} ms`,
      );
    }
    const scrubs = Array.from({ length: 200 }, (_, i) =>
      milliseconds(() => run.answer({ kind: "moment", step: 100 * i, layer: 0 })),
    );
    console.log(`scrubbing to a step: ${median(scrubs).toFixed(2)} ms`);
    console.log(`memory: ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MB in all`);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
