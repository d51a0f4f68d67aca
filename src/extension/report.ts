/** Errors of commands: shown to the user, and logged. */
import * as vscode from "vscode";
import type { Services } from "./services.ts";

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Registers a command whose failure is a message, not a stack in a log. */
export function command(
  { log }: Services,
  id: string,
  action: (...args: unknown[]) => unknown,
): vscode.Disposable {
  return vscode.commands.registerCommand(`sigmascope.${id}`, async (...args: unknown[]) => {
    try {
      return await action(...args);
    } catch (error) {
      log.error(`sigmascope.${id}`, error instanceof Error ? error : String(error));
      void vscode.window.showErrorMessage(messageOf(error));
      return undefined;
    }
  });
}
