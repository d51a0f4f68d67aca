/** Doctor: what this machine can do, in the output channel. */
import * as vscode from "vscode";
import { z } from "zod";
import { trainerJob } from "../runs/launch.ts";
import { command } from "./report.ts";
import type { Services } from "./services.ts";
import { trainerSettings } from "./trainerSettings.ts";
import { mayRun } from "./trust.ts";

const answerSchema = z.object({
  node: z.string(),
  platform: z.string(),
  cores: z.number(),
  simd: z.boolean(),
  relaxedSimd: z.boolean(),
  wideVectors: z.enum(["yes", "switched off", "runtime", "processor"]),
  sharedMemory: z.boolean(),
  threads: z.number(),
  engines: z.array(
    z.object({
      name: z.string(),
      live: z.boolean(),
      description: z.string().nullish(),
      reason: z.string().nullish(),
    }),
  ),
  tensorflowBackends: z.array(
    z.object({ name: z.enum(["native", "wasm", "cpu"]), live: z.boolean(), reason: z.string().nullish() }),
  ),
});

const backendNames = { native: "libtensorflow", wasm: "WebAssembly", cpu: "JavaScript" } as const;

const wideVectorsText: Record<z.output<typeof answerSchema>["wideVectors"], string> = {
  yes: "yes",
  "switched off": "no (switched off: sigmascope.wideVectors)",
  runtime: "no (newer versions of VS Code have them on x86-64; training is then about 1.65 times as fast)",
  processor: "no (no faster on this processor)",
};

export function registerDoctor(context: vscode.ExtensionContext, services: Services): void {
  context.subscriptions.push(
    command(services, "doctor", async () => {
      if (!mayRun("The doctor's examination")) return;
      const options = {
        location: vscode.ProgressLocation.Notification,
        title: "Sigmascope is looking at what this machine can do",
        cancellable: true,
      };
      const answer = await vscode.window.withProgress(options, async (_, token) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => abort.abort());
        try {
          return answerSchema.parse(
            await trainerJob(["doctor"], { signal: abort.signal, env: trainerSettings().env }),
          );
        } catch (error) {
          if (abort.signal.aborted) return undefined;
          throw error;
        }
      });
      if (answer) await show(services.log, answer);
    }),
  );
}

async function show(log: vscode.LogOutputChannel, answer: z.output<typeof answerSchema>): Promise<void> {
  const { node, platform, cores, simd, relaxedSimd, wideVectors, sharedMemory, threads } = answer;
  const { engines, tensorflowBackends } = answer;
  const yesNo = (good: boolean) => (good ? "yes" : "no");
  const lines = [
    `Node.js ${node}, ${platform}, ${cores} cores`,
    `SIMD: ${yesNo(simd)}`,
    `Relaxed SIMD: ${yesNo(relaxedSimd)}${relaxedSimd ? "" : " (newer versions of VS Code have it; training is then about a third faster)"}`,
    `256-bit vectors: ${wideVectorsText[wideVectors]}`,
    `Shared memory: ${yesNo(sharedMemory)}`,
    `Threads: ${threads}`,
    ...engines.map(({ name, live, description, reason }) =>
      live
        ? `Engine ${name}: ${description ?? "works"}`
        : `Engine ${name}: not here: ${reason ?? "no reason given"}`,
    ),
    ...tensorflowBackends.map(
      ({ name, live, reason }) =>
        `TensorFlow.js on ${backendNames[name]}: ${live ? "works" : `not here: ${reason ?? "no reason given"}`}`,
    ),
  ];
  for (const line of lines) log.info(line);
  const working = engines.filter(({ live }) => live).map(({ name }) => name);
  const details = "Show Details";
  const choice = await (working.length > 0
    ? vscode.window.showInformationMessage(
        `Sigmascope can train here: engine ${working.join(" and ")}, ${threads} threads.`,
        details,
      )
    : vscode.window.showErrorMessage("Sigmascope cannot train here: no engine works.", details));
  if (choice === details) log.show();
}
