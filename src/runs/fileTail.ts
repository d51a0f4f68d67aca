/** A small file that is replaced whole from time to time. */
import { readFileSync, statSync } from "node:fs";
import { attempt, systemCode } from "./systemError.ts";

export class FileTail {
  readonly #file: string;
  #seen = "";

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * The file's text when it is another than at the last look; undefined when it is the same or does not exist.
   *
   * @throws SystemFailure.
   */
  poll(): string | undefined {
    return attempt("read", this.#file, () => {
      try {
        const { ino, size, mtimeNs } = statSync(this.#file, { bigint: true });
        const version = `${ino} ${size} ${mtimeNs}`;
        if (version === this.#seen) return undefined;
        const text = readFileSync(this.#file, "utf8");
        this.#seen = version;
        return text;
      } catch (error) {
        if (systemCode(error) === "ENOENT") return undefined;
        throw error;
      }
    });
  }
}
