/** The progress notification of a run: how far it is, and a way to stop it. */
import * as vscode from "vscode";
import { number } from "../diagnostics/words.ts";
import { sendCommand } from "../runs/control.ts";
import { messageOf } from "./report.ts";
import { isLive } from "./runIndex.ts";
import { progressOf, timeLeft } from "./runText.ts";
import type { Services } from "./services.ts";

/** A run that ends before is announced by its end alone. */
const delay = 1000;

/** Shows a run's progress until it ends. Cancel stops it after saving a checkpoint. */
export function showProgress({ runs, log }: Services, directory: string, title: string): void {
  const stateNow = () => runs.runs.find((run) => run.directory === directory);
  setTimeout(() => {
    const listed = stateNow();
    if (listed && !isLive(listed.state)) return;
    void vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `Training ${title}`, cancellable: true },
      (progress, token) =>
        new Promise<void>((settle) => {
          let shown = 0;
          const show = () => {
            const run = stateNow();
            if (run === undefined || run.record === null || !isLive(run.state)) return end();
            const { record, state } = run;
            const now = 100 * progressOf(record);
            const parts = [`step ${record.step}${record.steps > 0 ? ` of ${record.steps}` : ""}`];
            if (record.loss !== null) parts.push(`loss ${number(record.loss)}`);
            const left = timeLeft(record);
            if (state === "paused") parts.push("paused");
            else if (left !== undefined) parts.push(left);
            progress.report({ message: parts.join(" · "), increment: Math.max(0, now - shown) });
            shown = Math.max(shown, now);
          };
          const changes = runs.onDidChange(show);
          const end = () => {
            changes.dispose();
            settle();
          };
          token.onCancellationRequested(() => {
            try {
              sendCommand(directory, { command: "stop" });
            } catch (error) {
              log.error(messageOf(error));
              void vscode.window.showErrorMessage(messageOf(error));
            }
            end();
          });
          show();
        }),
    );
  }, delay);
}
