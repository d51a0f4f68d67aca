/** How much of the machine others take while contestants are timed. */
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** Processor time of the whole machine so far, in ms: all of it, and what was not idle. */
function processorTime(): { total: number; busy: number } {
  let [total, idle] = [0, 0];
  for (const { times } of cpus()) {
    total += times.user + times.nice + times.sys + times.irq + times.idle;
    idle += times.idle;
  }
  return { total, busy: total - idle };
}

/**
 * Begins to watch. The function returned tells the share of the machine, 0 … 1, that other processes took since,
 * given the processor time of contestants in other processes, ms. Clocks tick at 10 ms: watch for 100 ms or longer.
 * Where the system tells no processor times, the answer is 0.
 */
export function watchForeignLoad(): (peerCpuMs: number) => number {
  const before = processorTime();
  const own = process.cpuUsage();
  return (peerCpuMs) => {
    const after = processorTime();
    const { user, system } = process.cpuUsage(own);
    const total = after.total - before.total;
    const foreign = after.busy - before.busy - (user + system) / 1000 - peerCpuMs;
    return total > 0 ? Math.min(1, Math.max(0, foreign / total)) : 0;
  };
}

/**
 * The share of the machine that others may take before a round of contestants with so many threads is held to be
 * disturbed: 8 %, and more where cores are to spare.
 */
export function quietShare(threads: number, cores = cpus().length): number {
  return Math.max(0.08, (0.8 * (cores - threads)) / cores);
}

/** Waits until others leave the machine alone, or for `longestMs`. @returns whether they do. */
export async function awaitQuiet(share: number, longestMs: number): Promise<boolean> {
  const start = performance.now();
  do {
    const load = watchForeignLoad();
    await sleep(100);
    if (load(0) <= share) return true;
  } while (performance.now() - start < longestMs);
  return false;
}
