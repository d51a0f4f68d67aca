/** Get MNIST from an address that serves something else: the command says which file is wrong, and keeps nothing. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { picture } from "./panelFrame.ts";
import { openWorkbench, patience, type Workbench } from "./workbench.ts";

let bench: Workbench;
let server: Server;
const asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url!);
    response.end(gzipSync("not MNIST"));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  bench = await openWorkbench({ settings: { "sigmascope.mnistAddress": `http://127.0.0.1:${port}/mnist` } });
});
afterAll(async () => {
  await bench?.close();
  server?.closeAllConnections();
  server?.close();
});

it("a file that is not MNIST's is named, and is not kept", async () => {
  const { page, code } = bench;
  // Beside this experiment there is no MNIST yet, whatever examples/data holds.
  const folder = join(code.workspace, "fresh");
  await mkdir(folder);
  const file = join(folder, "deep.sigmascope.json");
  await writeFile(file, '{ "task": { "kind": "mnist" }, "model": { "cell": "gru" } }\n');
  await bench.ask("open", { file });
  await bench.palette("Sigmascope: Get MNIST");
  const input = page.locator(".quick-input-widget input").first();
  await expect.poll(() => input.inputValue(), patience).toContain(join("fresh", "data", "mnist"));
  await picture(bench, "get-mnist-folder");
  await page.locator(".quick-input-widget .monaco-button", { hasText: "Get MNIST" }).click();
  const toast = page.locator(".notification-toast", { hasText: "is not to be had" });
  await toast.waitFor();
  const text = await toast.textContent();
  expect(text).toContain("train-images-idx3-ubyte.gz is not to be had: what came has SHA-256");
  expect(text).toContain("npm run data");
  await picture(bench, "get-mnist-wrong");
  expect(asked).toEqual(["/mnist/train-images-idx3-ubyte.gz"]);
  expect(await readdir(join(folder, "data", "mnist"))).toEqual([]);
});
