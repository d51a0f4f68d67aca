/** What the window has told. */
import type { Workbench } from "./workbench.ts";

/**
 * The text of the notification that has all of `texts` in it, once there is one; it is cleared away with all others.
 *
 * It is looked for in the list of notifications: VS Code does not show each one beside it, as a toast, where some came just
 * before.
 */
export async function toldOf({ page, ask }: Workbench, ...texts: readonly string[]): Promise<string> {
  await ask("execute", { command: "notifications.showList" });
  let item = page.locator(".notification-list-item");
  for (const hasText of texts) item = item.filter({ hasText });
  await item.first().waitFor();
  const content = await item.first().textContent();
  await ask("execute", { command: "notifications.clearAll" });
  return content ?? "";
}
