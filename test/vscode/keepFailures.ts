/** A story that fails leaves a picture of the window and the extension's log in .vscode-test/failures. */
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach } from "vitest";
import { cache } from "./host/setup.ts";
import { openBenches } from "./workbench.ts";

afterEach(async ({ task }) => {
  if (task.result?.state !== "fail") return;
  const folder = join(cache, "failures", task.name.replace(/[^\w]+/g, "-").slice(0, 80));
  await mkdir(folder, { recursive: true });
  for (const [i, { page, code }] of [...openBenches].entries()) {
    await page.screenshot({ path: join(folder, `window-${i}.png`), timeout: 10_000 }).catch(() => undefined);
    await cp(join(code.profile, "logs"), join(folder, `logs-${i}`), { recursive: true }).catch(
      () => undefined,
    );
  }
  console.error(`"${task.name}" failed: ${folder} shows the window`);
});
