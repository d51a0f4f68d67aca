/** Serves one workspace in a real VS Code on loopback, with its own profile and extensions. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "./setup.ts";

/** What a fresh profile shows that is not ours: a welcome tab, a chat, a proposal to trust. */
const quietSettings = {
  "workbench.startupEditor": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "chat.disableAIFeatures": true,
  "telemetry.telemetryLevel": "off",
  "extensions.ignoreRecommendations": true,
  "security.workspace.trust.startupPrompt": "never",
};

export interface ServeOptions {
  readonly extensions: readonly string[];
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Whether the workspace is trusted without a question; default true. */
  readonly trusted?: boolean;
  /** An empty folder in place of a copy of examples/. */
  readonly empty?: boolean;
}

export interface ServedCode {
  readonly url: string;
  /** The folder that is open: a copy of examples/, or an empty one; removed by `stop`. */
  readonly workspace: string;
  /** The user's data: settings, logs; removed by `stop`. */
  readonly profile: string;
  /** Where the driver extension, if installed, writes its port. */
  readonly driverFile: string;
  /** Resolves when the server has ended by itself. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export async function serve(host: Host, options: ServeOptions): Promise<ServedCode> {
  const folder = await mkdtemp(join(tmpdir(), "sigmascope-vscode-"));
  const workspace = join(folder, "workspace");
  const profile = join(folder, "profile");
  const driverFile = join(folder, "driver-port");
  if (options.empty) await mkdir(workspace);
  else await cp("examples", workspace, { recursive: true });
  await mkdir(join(profile, "User"), { recursive: true });
  const settings = JSON.stringify({ ...quietSettings, ...options.settings });
  await writeFile(join(profile, "User/settings.json"), settings);
  const folders = ["--user-data-dir", profile, "--extensions-dir", join(folder, "extensions")];
  // Nothing of the machine's own settings of code-server may leak in.
  const env = { ...process.env, XDG_CONFIG_HOME: folder, SIGMASCOPE_DRIVER: driverFile };
  const installs = options.extensions.flatMap((file) => ["--install-extension", file]);
  execFileSync(host.node, [host.entry, ...folders, ...installs], { env, stdio: "pipe" });
  const port = await freePort();
  const flags = ["--auth", "none", "--disable-telemetry", "--disable-update-check"];
  if (options.trusted ?? true) flags.push("--disable-workspace-trust");
  const server = spawn(
    host.node,
    [host.entry, ...flags, "--bind-addr", `127.0.0.1:${port}`, ...folders, workspace],
    { env, stdio: "ignore", detached: true },
  );
  const ended = once(server, "exit").then(() => undefined);
  const url = `http://127.0.0.1:${port}/`;
  const stop = async () => {
    endGroup(server, "SIGTERM");
    await Promise.race([ended, sleep(5000)]);
    endGroup(server, "SIGKILL");
    await endTrainers(workspace);
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };
  if (!(await answers(`${url}healthz`, ended))) {
    await stop();
    throw new Error(`VS Code's server does not answer at ${url}`);
  }
  return {
    url: `${url}?folder=${encodeURIComponent(workspace)}`,
    workspace,
    profile,
    driverFile,
    ended,
    stop,
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  if (address === null || typeof address === "string") throw new Error("no free port on 127.0.0.1");
  return address.port;
}

async function answers(url: string, ended: Promise<void>): Promise<boolean> {
  let gone = false;
  void ended.then(() => {
    gone = true;
  });
  for (const deadline = Date.now() + 60_000; Date.now() < deadline && !gone; await sleep(200))
    if (
      await fetch(url).then(
        (response) => response.ok,
        () => false,
      )
    )
      return true;
  return false;
}

/** Ends the server and all that it started; the trainers, which outlive it on purpose, have groups of their own. */
function endGroup(server: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-server.pid!, signal);
  } catch {
    // Gone already.
  }
}

/** Ends the trainers of the workspace's runs, which would otherwise train on in a folder that is removed. */
async function endTrainers(workspace: string): Promise<void> {
  const runs = join(workspace, ".sigmascope/runs");
  for (const run of await readdir(runs).catch(() => [])) {
    const record = await readFile(join(runs, run, "run.json"), "utf8").catch(() => "");
    const pid = Number(/"pid":\s*(\d+)/.exec(record)?.[1]);
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    // A number that some other program bears by now is left alone.
    if (command.includes("trainer.js")) process.kill(pid, "SIGKILL");
  }
}
