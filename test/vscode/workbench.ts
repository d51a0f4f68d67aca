/** A browser on a served VS Code, and the driver extension's view of the same window. */
import { readFile } from "node:fs/promises";
import { type Browser, chromium, type Page } from "playwright-core";
import { type ServedCode, type ServeOptions, serve } from "./host/serve.ts";
import { cache, setUpBrowser, setUpHost } from "./host/setup.ts";
import { patience, until } from "./until.ts";

export { patience };

export interface Workbench {
  readonly browser: Browser;
  readonly page: Page;
  readonly code: ServedCode;
  /** Asks the driver extension (test/vscode/driver). */
  ask(question: string, given?: object): Promise<unknown>;
  /** Chooses a command in the palette by its title. */
  palette(title: string): Promise<void>;
  close(): Promise<void>;
}

/** Those that are open now. */
export const openBenches = new Set<Workbench>();

export async function openWorkbench(options: Partial<ServeOptions> = {}): Promise<Workbench> {
  const host = await setUpHost();
  const code = await serve(host, { extensions: ["sigmascope.vsix", `${cache}/driver.vsix`], ...options });
  let browser: Browser | undefined;
  const close = async () => {
    for (const bench of openBenches) if (bench.code === code) openBenches.delete(bench);
    await browser?.close();
    await code.stop();
  };
  try {
    browser = await chromium.launch({
      executablePath: setUpBrowser(),
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"].concat([
        "--disable-background-networking",
        "--disable-component-update",
      ]),
    });
    const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
    page.setDefaultTimeout(patience.timeout);
    await page.goto(code.url);
    await page.locator(".monaco-workbench").waitFor();
    const ask = async (question: string, given: object = {}) => {
      const port = await readFile(code.driverFile, "utf8");
      const body = JSON.stringify({ question, ...given });
      const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body });
      const said = (await response.json()) as { answer?: unknown; error?: string };
      if (said.error !== undefined) throw new Error(`${question}: ${said.error}`);
      return said.answer;
    };
    await until(async () => {
      // Nothing in an empty folder wakes the extension.
      if (!(await ask("active")) && !options.empty) throw new Error("Sigmascope is not active yet");
    });
    const palette = (title: string) =>
      // A palette lists what there was when it was opened: after a reload a command may appear a moment later.
      until(async () => {
        await page.keyboard.press("F1");
        const input = page.locator(".quick-input-widget input").first();
        await input.waitFor();
        await input.fill(`>${title}`);
        try {
          // A title may begin another one; key bindings follow it after a comma.
          const option = page.getByRole("option", { name: new RegExp(`^${title}(,|$)`) });
          await option.click({ timeout: 5_000 });
        } catch (error) {
          await page.keyboard.press("Escape");
          throw error;
        }
      });
    const bench = { browser, page, code, ask, palette, close };
    openBenches.add(bench);
    return bench;
  } catch (error) {
    await close();
    throw error;
  }
}
