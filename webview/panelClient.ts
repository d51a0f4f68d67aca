/** A page's line to the extension: questions with answers, commands, and news of the run. */
import type { AnswerTo, DetailAnswer, DetailRequest } from "../src/protocol/details.ts";
import type { FromPanel, ToPanel } from "../src/protocol/panel.ts";
import { parseToPanel } from "../src/protocol/parsePanel.ts";

interface EditorApi {
  postMessage(message: FromPanel): void;
  setState(state: unknown): void;
  getState(): unknown;
}

export interface PanelClient {
  /** @returns what was asked; rejected with a reason that a person can read. */
  ask<Request extends DetailRequest>(request: Request): Promise<AnswerTo<Request>>;
  send(message: Exclude<FromPanel, { type: "ask" | "ready" }>): void;
  /** What the page wants back after a reload of the window, beside its run. */
  keep(view: unknown): void;
  /** What it kept. */
  kept(): unknown;
}

export type PanelMessage = Exclude<ToPanel, { type: "answer" | "failed" }>;

/** Connects to the extension, which may begin to send at once. */
export function connect(told: (message: PanelMessage) => void): PanelClient {
  const editor = (globalThis as unknown as { acquireVsCodeApi: () => EditorApi }).acquireVsCodeApi();
  const waiting = new Map<number, { settle: (answer: DetailAnswer) => void; fail: (error: Error) => void }>();
  let last = 0;
  const before = editor.getState() as { run?: unknown; view?: unknown } | undefined;
  let state: { run?: unknown; view?: unknown } = { ...before };
  window.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    const message = parseToPanel(data);
    if (message === undefined) return;
    if (message.type === "answer" || message.type === "failed") {
      const waiter = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.type === "answer") waiter?.settle(message.answer);
      else waiter?.fail(new Error(message.reason));
      return;
    }
    if (message.type === "run") {
      state = { ...state, run: message.state.run };
      editor.setState(state);
    }
    told(message);
  });
  editor.postMessage({ type: "ready" });
  return {
    ask<Request extends DetailRequest>(request: Request) {
      const id = ++last;
      return new Promise<AnswerTo<Request>>((settle, fail) => {
        waiting.set(id, { settle: (answer) => settle(answer as AnswerTo<Request>), fail });
        editor.postMessage({ type: "ask", id, request });
      });
    },
    send: (message) => editor.postMessage(message),
    keep(view) {
      state = { ...state, view };
      editor.setState(state);
    },
    kept: () => state.view,
  };
}
