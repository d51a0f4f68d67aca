/** `npm run bench:editor`: what a large run, a live run and a long list of runs cost in a real VS Code. */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import install from "../test/vscode/host/install.ts";
import { measureListing } from "./editorListing.ts";
import { measureOpening, measureScrubbing } from "./editorPanel.ts";
import { measureTailing } from "./editorTailing.ts";

const help = `Usage: npm run bench:editor -- [options]

Drives the packaged extension in a real VS Code (code-server) in Debian's Chromium, and prints
  opening    from the command to the first plot and to all plots of a run of 20,000 rows × 784 timesteps
  scrubbing  the work of the page's main thread in each frame while one goes through that run
  tailing    shares of a core while a run of 784 timesteps grows by 10 rows a second
  listing    memory of the extension host and time with 0 and with 1,000 runs listed; time to activate

  --json         print one JSON object instead
  --quick        fewer repetitions and shorter measurements
  --only LIST    only these parts, e.g. --only opening,scrubbing
  --rows N       rows of the large run (default 20000)
  -h, --help     this text

Needs npm run setup:vscode once. Shares of cores are read from /proc: Linux only.
`;

const parts = ["opening", "scrubbing", "tailing", "listing"] as const;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      only: { type: "string", default: parts.join() },
      rows: { type: "string", default: "20000" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const only = values.only.split(",");
  const strange = only.find((name) => !parts.some((part) => part === name));
  if (strange !== undefined) throw new RangeError(`--only: ${strange} is none of ${parts.join(", ")}`);
  const rows = Number(values.rows);
  if (!(Number.isInteger(rows) && rows >= 100))
    throw new RangeError(`--rows: ${values.rows} is not a whole number of at least 100`);
  const large = { rows, length: 784, hidden: 128, rowsPerBatch: 25 };
  const say = values.json ? () => {} : (line: string) => console.log(line);
  await install();
  const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version };
  say(`${machine.cpu}, ${machine.cores} cores`);
  const { quick } = values;
  const result = {
    machine,
    large,
    ...(only.includes("opening") ? { opening: await measureOpening(large, quick ? 3 : 7, say) } : {}),
    ...(only.includes("scrubbing") ? { scrubbing: await measureScrubbing(large, quick ? 3 : 8, say) } : {}),
    ...(only.includes("tailing") ? { tailing: await measureTailing(large, quick ? 8 : 20, say) } : {}),
    ...(only.includes("listing") ? { listing: await measureListing(quick ? 3 : 7, say) } : {}),
  };
  if (values.json) console.log(JSON.stringify(result));
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  },
);
