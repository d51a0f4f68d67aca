/** Between the extension host and its worker. */
import type { ExportTable } from "../detail/exportTables.ts";
import type { DetailAnswer, DetailRequest, RunNews } from "../protocol/details.ts";
import type { ReportData } from "../protocol/reportData.ts";

export type ToWorker =
  | { readonly type: "open"; readonly directory: string; readonly interval: number }
  | { readonly type: "close"; readonly directory: string }
  | {
      readonly type: "ask";
      readonly id: number;
      readonly directory: string;
      readonly request: DetailRequest;
    }
  | { readonly type: "report"; readonly id: number; readonly directories: readonly string[] }
  | {
      readonly type: "export";
      readonly id: number;
      readonly directory: string;
      readonly table: ExportTable;
      readonly file: string;
    }
  | { readonly type: "cancel"; readonly id: number };

export type FromWorker =
  | { readonly type: "news"; readonly directory: string; readonly news: RunNews }
  | { readonly type: "answer"; readonly id: number; readonly answer: DetailAnswer | ReportData | number }
  /** How far an export is, 0 … 1. */
  | { readonly type: "progress"; readonly id: number; readonly share: number }
  | { readonly type: "failed"; readonly id: number; readonly reason: string };
