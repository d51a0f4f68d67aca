/** The machine that results come from. */
import { arch, cpus, platform } from "node:os";

/** Processor, how many of them, system and Node, as one line. */
export function machineText(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim().replace(/\s+/g, " ") || "unknown processor";
  const count = processors.length === 1 ? "1 core" : `${processors.length} cores`;
  return `${model}, ${count}, ${platform()} ${arch()}, Node ${process.version}`;
}
