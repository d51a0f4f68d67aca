/** Between the extension host and its worker. */
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
  | { readonly type: "report"; readonly id: number; readonly directories: readonly string[] };

export type FromWorker =
  | { readonly type: "news"; readonly directory: string; readonly news: RunNews }
  | { readonly type: "answer"; readonly id: number; readonly answer: DetailAnswer | ReportData }
  | { readonly type: "failed"; readonly id: number; readonly reason: string };
