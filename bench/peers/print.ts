/** The comparison with peers for people. */
import { cpus } from "node:os";
import { benchPeers, type PeerOptions } from "../peers.ts";
import { bestPeers, type PeerRow } from "./rounds.ts";

const heading =
  "cell           n    B    T    m threads  peer                                              peer, ms    ours, ms   ratio";

/** One row as text. */
export function peerLine(row: PeerRow): string {
  const sizes = [row.n, row.B, row.T, row.m ?? ""].map((value) => String(value).padStart(5)).join("");
  return (
    `${row.cell.padEnd(11)}${sizes}${String(row.threads).padStart(8)}  ${row.peer.padEnd(48)}` +
    `${row.peerMs.toFixed(2).padStart(10)}${row.ms.toFixed(2).padStart(12)}${row.ratio.toFixed(2).padStart(8)}`
  );
}

/** `npm run bench -- --peers`. @param json one object at the end instead of lines. */
export async function reportPeers(
  options: Omit<PeerOptions, "onRow" | "onNote">,
  json: boolean,
): Promise<void> {
  if (!json) {
    console.log(
      "One training step of each, in turn with ours; ratio = peer's time / ours, median of the rounds.",
    );
    console.log(
      options.processorTime
        ? "Times are processor times.\n"
        : "Rounds in which other processes keep the machine busy do not count.\n",
    );
    console.log(heading);
  }
  const { rows, versions, notes } = await benchPeers({
    ...options,
    onRow: (row) => {
      if (!json) console.log(peerLine(row));
    },
    onNote: (note) => console.error(note),
  });
  if (json) {
    const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version };
    console.log(JSON.stringify({ machine, versions, rows, notes }));
    return;
  }
  if (rows.length === 0) {
    console.log("\nNothing was timed: see above.");
    process.exitCode = 1;
    return;
  }
  console.log(`\nThe fastest of each framework:\n\n${heading}`);
  for (const row of bestPeers(rows)) console.log(peerLine(row));
  for (const version of Object.values(versions)) console.log(version);
}
