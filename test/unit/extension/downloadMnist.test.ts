import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { downloadMnist } from "../../../src/extension/downloadMnist.ts";
import mnistFiles from "../../../src/mnistFiles.json" with { type: "json" };

const contents: Record<string, Buffer> = {
  one: Buffer.from("the first file"),
  two: Buffer.from("the second file"),
};
const checksums = Object.fromEntries(
  Object.entries(contents).map(([name, bytes]) => [name, createHash("sha256").update(bytes).digest("hex")]),
);

let server: Server;
let address: string;
/** Paths asked for; what is answered instead of the right files. */
let asked: string[];
let answers: Record<string, Buffer | number | "hang">;
let root: string;
let folder: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url!;
    asked.push(path);
    const name = /^\/mnist\/(\w+)\.gz$/.exec(path)?.[1] ?? "";
    const answer = answers[name] ?? (contents[name] ? gzipSync(contents[name]) : 404);
    if (answer === "hang") response.writeHead(200, { "content-length": 1000 }).write("x");
    else if (typeof answer === "number") response.writeHead(answer).end();
    else response.writeHead(200, { "content-length": answer.length }).end(answer);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mnist/`;
  root = await mkdtemp(join(tmpdir(), "sigmascope-download-"));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(root, { recursive: true });
});
beforeEach(async () => {
  asked = [];
  answers = {};
  folder = join(await mkdtemp(join(root, "a")), "data", "mnist");
});

const download = async (from = address, report: (file: string, part: number) => void = () => undefined) =>
  await downloadMnist(from, folder, { signal: new AbortController().signal, report, checksums });

test("files come gzipped, into a folder that is made for them; progress adds up to 100", async () => {
  let sum = 0;
  expect(await download(address, (_, part) => (sum += part))).toBe(2);
  expect(sum).toBeCloseTo(100, 6);
  expect((await readdir(folder)).sort()).toEqual(["one.gz", "two.gz"]);
  expect(await readFile(join(folder, "one.gz"))).toEqual(gzipSync(contents.one!));
});

test("what is there and sound is not fetched again, what is broken is", async () => {
  await download(address.slice(0, -1));
  await writeFile(join(folder, "two.gz"), "broken");
  asked = [];
  expect(await download()).toBe(1);
  expect(asked).toEqual(["/mnist/two.gz"]);
  expect(await readFile(join(folder, "two.gz"))).toEqual(gzipSync(contents.two!));
});

test.each<[string, Buffer | number, RegExp]>([
  [
    "is not there",
    404,
    /^two\.gz is not to be had: http.*two\.gz answers 404 Not Found\. The other ways: `npm run data`/,
  ],
  [
    "is another file",
    gzipSync("else"),
    /^two\.gz is not to be had: what came has SHA-256 \w+ once unpacked; MNIST's is/,
  ],
  [
    "is no gzip file",
    Buffer.from("<html>"),
    /^two\.gz is not to be had: what came cannot be unpacked: incorrect header/,
  ],
])(
  "a file that %s is not kept, and is named with the reason and the other ways",
  async (_, answer, message) => {
    answers = { two: answer };
    await expect(download()).rejects.toThrow(message);
    await expect(download()).rejects.toThrow(`put into ${folder} by hand`);
    expect(await readdir(folder)).toEqual(["one.gz"]);
  },
);

test("addresses that cannot be asked", async () => {
  await expect(download("nowhere")).rejects.toThrow(
    /sigmascope\.mnistAddress is "nowhere", which is no address/,
  );
  await expect(download("file:///etc/")).rejects.toThrow(/must begin with https:\/\/ or http:\/\//);
  await expect(download("http://127.0.0.1:1/")).rejects.toThrow(
    /^one\.gz is not to be had: (fetch failed: )?\S/,
  );
});

test("a folder that cannot be written is named", async () => {
  await writeFile(join(folder, "..", "..", "data"), "a file in the way").catch(() => undefined);
  folder = join(folder, "..", "..", "data");
  await expect(download()).rejects.toThrow(/one\.gz is not to be had: .*data.*one\.gz cannot be written/);
});

test("an aborted download throws the signal's reason and leaves nothing behind", async () => {
  answers = { two: "hang" };
  const abort = new AbortController();
  const report = (file: string) => file === "two.gz" && abort.abort(new Error("enough"));
  await expect(downloadMnist(address, folder, { signal: abort.signal, report, checksums })).rejects.toThrow(
    /^enough$/,
  );
  expect(await readdir(folder)).toEqual(["one.gz"]);
});

test("the checksums are of MNIST's four files", () => {
  expect(Object.keys(mnistFiles)).toEqual(
    ["train", "t10k"].flatMap((part) => [`${part}-images-idx3-ubyte`, `${part}-labels-idx1-ubyte`]),
  );
  for (const checksum of Object.values(mnistFiles)) expect(checksum).toMatch(/^[0-9a-f]{64}$/);
});
