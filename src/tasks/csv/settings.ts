/** The `task` part of an experiment on text files. */
import type { TaskSettings } from "../../experiment/schema.ts";

export type CsvSettings = Extract<TaskSettings, { kind: "csv" }>;
