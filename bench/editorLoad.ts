/** How much of a core single threads of other processes take: Linux only, from /proc. */
import { readdirSync, readFileSync } from "node:fs";

/** Nanoseconds on a core so far, by thread of a process. A thread whose id is that of the process is its main one. */
function threadTimes(pid: number): Map<number, number> {
  const times = new Map<number, number>();
  for (const name of readdirSync(`/proc/${pid}/task`)) {
    try {
      const [time = "0"] = readFileSync(`/proc/${pid}/task/${name}/schedstat`, "utf8").split(" ");
      times.set(Number(name), Number(time));
    } catch {
      // Threads come and go.
    }
  }
  return times;
}

export interface Load {
  /** Share of one core that the main thread took. */
  readonly main: number;
  /** Of the busiest other thread: of the extension host, the worker that reads runs. */
  readonly busiestOther: number;
  /** Of all threads together. */
  readonly all: number;
}

/** Begins to measure some processes. @returns what they took since, in the order of `pids`. */
export function measureLoad(pids: readonly number[]): () => Load[] {
  const began = performance.now();
  const before = pids.map(threadTimes);
  return () => {
    const nanoseconds = 1e6 * (performance.now() - began);
    return pids.map((pid, i) => {
      const shares = [...threadTimes(pid)].map(
        ([thread, time]) => [thread, (time - (before[i]!.get(thread) ?? 0)) / nanoseconds] as const,
      );
      const others = shares.filter(([thread]) => thread !== pid).map(([, share]) => share);
      return {
        main: shares.find(([thread]) => thread === pid)?.[1] ?? 0,
        busiestOther: Math.max(0, ...others),
        all: shares.reduce((sum, [, share]) => sum + share, 0),
      };
    });
  };
}
