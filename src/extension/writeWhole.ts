/** Files that are written whole or not at all. */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

/**
 * Writes a file under another name first, and gives it its name when it is complete: a full disk or a cancelled window
 * leaves what was there before.
 *
 * @throws Error that names the file and the reason.
 */
export async function writeWhole(target: vscode.Uri, content: Uint8Array): Promise<void> {
  const temporary = target.with({ path: `${target.path}.${randomBytes(4).toString("hex")}.part` });
  try {
    await vscode.workspace.fs.writeFile(temporary, content);
    await vscode.workspace.fs.rename(temporary, target, { overwrite: true });
  } catch (error) {
    await Promise.resolve(vscode.workspace.fs.delete(temporary)).catch(() => undefined);
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${target.fsPath} cannot be written: ${reason}`, { cause: error });
  }
}
