/** Fetches the four files of MNIST, and keeps only what has the right checksum. */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import mnistFiles from "../mnistFiles.json" with { type: "json" };

/** No file of MNIST is as large as this, packed or not. */
const mostBytes = 64 * 1024 * 1024;

export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** Told the file being fetched, and what part of all of it, in per cent, came since the last call. */
  readonly report: (file: string, increment: number) => void;
  /** Name without .gz → SHA-256 of the unpacked bytes; for tests. */
  readonly checksums?: Readonly<Record<string, string>>;
}

/**
 * Fetches what is not yet in the folder, gzipped as it comes. A file that arrives only in part, or wrong, is not kept.
 *
 * @param address of a folder on the web: the name of each file is added to it.
 * @param folder absolute path; made if it is not there.
 * @returns how many files were fetched; those that are there and sound are not.
 * @throws Error that names the file and the reason, and the other ways to get it; the signal's reason once it aborts.
 */
export async function downloadMnist(
  address: string,
  folder: string,
  { signal, report, checksums = mnistFiles }: DownloadOptions,
): Promise<number> {
  const names = Object.keys(checksums);
  const share = 100 / names.length;
  let fetched = 0;
  for (const name of names) {
    const file = `${name}.gz`;
    const path = join(folder, file);
    try {
      if (await isSound(path, checksums[name]!)) report(file, share);
      else {
        const bytes = await fetchFile(webAddress(address, file), signal, (part) =>
          report(file, part * share),
        );
        await assertSound(bytes, checksums[name]!);
        await writeWhole(folder, path, bytes);
        fetched++;
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw new Error(
        `${file} is not to be had: ${reasonOf(error)}. The other ways: \`npm run data\` in a clone of Sigmascope, or ` +
          `the four files of MNIST put into ${folder} by hand`,
        { cause: error },
      );
    }
  }
  return fetched;
}

function webAddress(address: string, file: string): URL {
  let url: URL;
  try {
    url = new URL(file, address.endsWith("/") ? address : `${address}/`);
  } catch {
    throw new Error(`the setting sigmascope.mnistAddress is ${JSON.stringify(address)}, which is no address`);
  }
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw new Error(
      `the setting sigmascope.mnistAddress is ${JSON.stringify(address)}; it must begin with https:// or http://`,
    );
  return url;
}

async function fetchFile(url: URL, signal: AbortSignal, part: (part: number) => void): Promise<Buffer> {
  const response = await fetch(url, { signal });
  if (!response.ok || !response.body)
    throw new Error(`${url.href} answers ${response.status} ${response.statusText}`.trimEnd());
  const expected = Number(response.headers.get("content-length") ?? 0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  let told = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > mostBytes) throw new Error(`${url.href} sends more than ${mostBytes / 2 ** 20} MiB`);
    const now = expected > 0 ? Math.min(1, size / expected) : told;
    part(now - told);
    told = now;
  }
  part(1 - told);
  return Buffer.concat(chunks);
}

/** @throws Error when the bytes are not the file. */
async function assertSound(bytes: Buffer, checksum: string): Promise<void> {
  let unpacked: Buffer;
  try {
    unpacked = await promisify(gunzip)(bytes, { maxOutputLength: mostBytes });
  } catch (error) {
    throw new Error(`what came cannot be unpacked: ${reasonOf(error)}`, { cause: error });
  }
  const found = createHash("sha256").update(unpacked).digest("hex");
  if (found !== checksum)
    throw new Error(`what came has SHA-256 ${found} once unpacked; MNIST's is ${checksum}`);
}

async function isSound(path: string, checksum: string): Promise<boolean> {
  try {
    await assertSound(await readFile(path), checksum);
    return true;
  } catch {
    return false;
  }
}

async function writeWhole(folder: string, path: string, bytes: Buffer): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString("hex")}.part`;
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new Error(`${path} cannot be written: ${reasonOf(error)}`, { cause: error });
  }
}

/** `fetch` says only "fetch failed"; why stands in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.message === "fetch failed"
    ? `${error.message}: ${error.cause.message || String((error.cause as NodeJS.ErrnoException).code)}`
    : error.message;
}
