/** What a call leaves on the JavaScript heap for the garbage collector, whether or not it was collected since. */
import { type HeapProfiler, Session } from "node:inspector";

export interface Allocations {
  /** Mean over the calls. */
  readonly bytes: number;
  /** The functions that allocated most, for the message of a test that fails. */
  readonly by: readonly string[];
}

/** Mean bytes between samples: so small that nearly every object is one. */
const samplingInterval = 16;

/** Runs `call` so often with every allocation sampled. */
export function allocationsOf(call: () => void, calls: number): Allocations {
  const session = new Session();
  session.connect();
  try {
    session.post("HeapProfiler.startSampling", {
      samplingInterval,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    } as HeapProfiler.StartSamplingParameterType);
    for (let i = 0; i < calls; i++) call();
    let profile: HeapProfiler.SamplingHeapProfile | undefined;
    // The session answers before `post` returns.
    session.post("HeapProfiler.stopSampling", (error, answer) => {
      if (error) throw error;
      profile = answer.profile;
    });
    return summarize(profile!.head, calls);
  } finally {
    session.disconnect();
  }
}

function summarize(head: HeapProfiler.SamplingHeapProfileNode, calls: number): Allocations {
  const byName = new Map<string, number>();
  let total = 0;
  const visit = ({ callFrame, selfSize, children }: HeapProfiler.SamplingHeapProfileNode) => {
    const { functionName, url } = callFrame;
    // The answer of the inspector itself, and all that it calls.
    if (functionName === "post" && url.startsWith("node:")) return;
    total += selfSize;
    const name = `${functionName || "(no name)"} (${url.split("/").at(-1)})`;
    byName.set(name, (byName.get(name) ?? 0) + selfSize);
    children.forEach(visit);
  };
  visit(head);
  const largest = [...byName].filter(([, size]) => size > 0).sort(([, a], [, b]) => b - a);
  return {
    bytes: total / calls,
    by: largest.slice(0, 8).map(([name, size]) => `${name}: ${(size / calls).toFixed(1)}`),
  };
}
