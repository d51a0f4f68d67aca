/** Where a user keeps an own TensorFlow: told from process to process in the environment. */
import { resolve } from "node:path";

/** Names a folder with the user's own `@tensorflow/tfjs-node` or `-gpu`, for the engine "tensorflow". */
export const tensorflowFolderVariable = "SIGMASCOPE_TENSORFLOW_FOLDER";

/** The folder that the environment names; undefined: none. */
export function tensorflowFolder(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  return environment[tensorflowFolderVariable] || undefined;
}

/** What to add to the environment of a process for it to look in a folder. */
export function tensorflowVariables(folder: string | undefined): Record<string, string> {
  return folder ? { [tensorflowFolderVariable]: resolve(folder) } : {};
}
