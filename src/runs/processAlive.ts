/** Whether the process that wrote something is still there. */
import { readFileSync } from "node:fs";
import { systemCode } from "./systemError.ts";

/** Linux counts process start times in these. */
const ticksPerSecond = 100;
const clockTolerance = 2_000;

/**
 * Whether a process of this machine is running that can have written something at `writtenAt`.
 *
 * A number that is in use again by another process is told apart on Linux, where a process tells when it started;
 * elsewhere the number decides.
 */
export function processAlive(pid: number, writtenAt: Date): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: there is one, of another user.
    if (systemCode(error) !== "EPERM") return false;
  }
  const started = processStart(pid);
  return started === undefined || started <= writtenAt.getTime() + clockTolerance;
}

/** Milliseconds since 1970 when a process started; undefined where the system does not tell. */
function processStart(pid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses and may hold anything; the 22nd is the start.
    const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
    const boot = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
    const start = (boot + ticks / ticksPerSecond) * 1000;
    return Number.isFinite(start) ? start : undefined;
  } catch {
    return undefined;
  }
}
