/** Once for all stories: VS Code, the browser, and the driver as a package. */
import { execFileSync } from "node:child_process";
import { cache, setUpBrowser, setUpHost } from "./setup.ts";

export default async function install(): Promise<void> {
  await setUpHost();
  setUpBrowser();
  const vsce = `${process.cwd()}/node_modules/@vscode/vsce/vsce`;
  const flags = ["--no-dependencies", "--allow-missing-repository", "--skip-license"];
  execFileSync(process.execPath, [vsce, "package", ...flags, "--out", `${cache}/driver.vsix`], {
    cwd: "test/vscode/driver",
    stdio: "pipe",
  });
}
