/** A real VS Code from packages alone, kept in .vscode-test/ (ignored by git) and used again by every later call. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

const codeServer = "4.139.1";
const nodeMajor = "24";
/** The native parts of VS Code's server that it cannot do without. */
const nativeModules = ["@vscode/spdlog", "node-pty", "@vscode/native-watchdog", "@parcel/watcher"];

export const cache = resolve(".vscode-test");

export interface Host {
  /** The Node that the server needs. */
  readonly node: string;
  /** code-server's program. */
  readonly entry: string;
}

/** Whatever fetches from a network is tried three times. */
const attempts = 3;

function npm(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = process.env): void {
  run("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], { cwd, env });
}

function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): void {
  for (let attempt = 1; ; attempt++) {
    try {
      execFileSync(program, args, {
        ...options,
        stdio: ["ignore", "inherit", "inherit"],
        timeout: 10 * 60_000,
      });
      return;
    } catch (error) {
      if (attempt === attempts)
        throw new Error(`${program} ${args.join(" ")} failed ${attempts} times`, { cause: error });
      console.error(`${program} ${args[0]} failed; once more`);
    }
  }
}

/** Installs what is missing (about a minute the first time; g++ and make must be there) and says where it lies. */
export async function setUpHost(): Promise<Host> {
  const nodeFolder = join(cache, `node_modules/node-${process.platform}-${process.arch}/bin`);
  const server = join(cache, "node_modules/code-server");
  const host: Host = { node: join(nodeFolder, "node"), entry: join(server, "out/node/entry.js") };
  const ready = join(cache, "ready");
  const version = `${codeServer} ${nodeMajor}`;
  if (existsSync(ready) && (await readFile(ready, "utf8")) === version) return host;
  await rm(join(cache, "node_modules"), { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  // npm would refuse the folder's own name as that of a package.
  await writeFile(join(cache, "package.json"), '{ "name": "vscode-test", "private": true }\n');
  const nodePackage = `node-${process.platform}-${process.arch}@${nodeMajor}`;
  npm(["install", `code-server@${codeServer}`, nodePackage, "--ignore-scripts"], cache);
  const vscode = join(server, "lib/vscode");
  npm(["install", "--omit=dev", "--ignore-scripts"], vscode);
  const headers =
    !process.env.npm_config_nodedir && existsSync("/usr/include/node") ? ["--nodedir=/usr"] : [];
  npm(["rebuild", ...nativeModules, ...headers], vscode, {
    ...process.env,
    PATH: `${nodeFolder}:${process.env.PATH ?? ""}`,
  });
  await writeFile(ready, version);
  return host;
}

/** Debian's Chromium, installed where it is absent and may be. */
export function setUpBrowser(): string {
  const chromium = "/usr/bin/chromium";
  if (!existsSync(chromium)) {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    run("apt-get", ["update", "-qq"], { env });
    run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], { env });
  }
  return chromium;
}
