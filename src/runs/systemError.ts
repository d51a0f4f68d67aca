/** What the operating system refused, as a sentence that names the file and the system's code. */

const explanations: Readonly<Record<string, string>> = {
  EACCES: "permission is denied",
  EBUSY: "another program is using it",
  EDQUOT: "the disk quota is used up",
  EEXIST: "it exists already",
  EFBIG: "the file has reached the largest size allowed",
  EIO: "the disk reports an input/output error",
  EISDIR: "it is a folder, not a file",
  ELOOP: "its links go round in a circle",
  EMFILE: "this program has too many files open",
  ENAMETOOLONG: "the name is too long for this file system",
  ENFILE: "the system has too many files open",
  ENOENT: "it does not exist",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of its path is not a folder",
  EPERM: "the operation is not permitted",
  EROFS: "the file system is read-only",
  ESTALE: "the network file system lost it",
  ETXTBSY: "it is being executed",
};

/** The system's code of an error, e.g. `ENOSPC`; undefined where the error has none. */
export function systemCode(error: unknown): string | undefined {
  if (error instanceof SystemFailure) return error.systemCode;
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/**
 * One sentence, e.g. `cannot write /runs/a/run.json: the disk is full (ENOSPC)`.
 *
 * @param action what was tried, as it follows "cannot": `write`, `read`, `create`.
 * @param file what it was tried on.
 */
export function describeSystemError(error: unknown, action: string, file: string): string {
  const code = systemCode(error);
  const message = error instanceof Error ? error.message : String(error);
  if (code === undefined) return `cannot ${action} ${file}: ${message}`;
  return `cannot ${action} ${file}: ${explanations[code] ?? message} (${code})`;
}

/** An error of the operating system with its sentence; the original is its `cause`. */
export class SystemFailure extends Error {
  /** e.g. `ENOSPC`. */
  readonly systemCode: string | undefined;

  constructor(error: unknown, action: string, file: string) {
    super(describeSystemError(error, action, file), { cause: error });
    this.name = "SystemFailure";
    this.systemCode = systemCode(error);
  }
}

/** Runs one file operation; what the system refuses is thrown as a `SystemFailure`. */
export function attempt<T>(action: string, file: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw error instanceof SystemFailure ? error : new SystemFailure(error, action, file);
  }
}
