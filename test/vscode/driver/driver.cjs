/** Answers a test's questions about VS Code's API. Its address stands in the file that SIGMASCOPE_DRIVER names. */
const { createServer } = require("node:http");
const { renameSync, writeFileSync } = require("node:fs");
const { setFlagsFromString } = require("node:v8");
const { runInNewContext } = require("node:vm");
const vscode = require("vscode");

function collectGarbage() {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc");
  gc();
  gc();
}

const range = (r) => [r.start.line, r.start.character, r.end.line, r.end.character];

const codeActions = (file, [startLine, startCharacter, endLine, endCharacter]) =>
  vscode.commands.executeCommand(
    "vscode.executeCodeActionProvider",
    vscode.Uri.file(file),
    new vscode.Range(startLine, startCharacter, endLine, endCharacter),
  );

const answers = {
  commands: async () =>
    (await vscode.commands.getCommands(true)).filter((id) => id.startsWith("sigmascope.")),
  execute: async ({ command, args = [] }) => {
    const result = await vscode.commands.executeCommand(command, ...args);
    // Most commands answer with what cannot be sent.
    return typeof result === "string" ? result : null;
  },
  open: async ({ file }) => {
    await vscode.window.showTextDocument(vscode.Uri.file(file));
    return null;
  },
  openWith: async ({ file }) => {
    await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(file));
    return null;
  },
  text: async ({ file }) => (await vscode.workspace.openTextDocument(file)).getText(),
  diagnostics: ({ file }) =>
    vscode.languages.getDiagnostics(vscode.Uri.file(file)).map((found) => ({
      message: found.message,
      severity: vscode.DiagnosticSeverity[found.severity],
      source: found.source ?? "",
      range: range(found.range),
    })),
  codeActions: async ({ file, at }) => (await codeActions(file, at)).map(({ title }) => title),
  applyCodeAction: async ({ file, at, title }) => {
    const action = (await codeActions(file, at)).find((found) => found.title.startsWith(title));
    if (action === undefined) throw new Error(`there is no code action "${title}"`);
    if (action.edit) await vscode.workspace.applyEdit(action.edit);
    if (action.command)
      await vscode.commands.executeCommand(action.command.command, ...(action.command.arguments ?? []));
    return null;
  },
  codeLenses: async ({ file }) =>
    (await vscode.commands.executeCommand("vscode.executeCodeLensProvider", vscode.Uri.file(file), 50)).map(
      ({ command, range: place }) => ({
        title: command?.title ?? "",
        command: command?.command,
        range: range(place),
      }),
    ),
  inlayHints: async ({ file }) => {
    const document = await vscode.workspace.openTextDocument(file);
    const whole = new vscode.Range(0, 0, document.lineCount, 0);
    const hints = await vscode.commands.executeCommand(
      "vscode.executeInlayHintProvider",
      document.uri,
      whole,
    );
    return hints.map(({ label, position }) => ({ label, at: [position.line, position.character] }));
  },
  completions: async ({ file, at }) => {
    const place = new vscode.Position(at[0], at[1]);
    const uri = vscode.Uri.file(file);
    const { items } = await vscode.commands.executeCommand(
      "vscode.executeCompletionItemProvider",
      uri,
      place,
    );
    return items.map(({ label }) => (typeof label === "string" ? label : label.label));
  },
  hovers: async ({ file, at }) => {
    const place = new vscode.Position(at[0], at[1]);
    const hovers = await vscode.commands.executeCommand(
      "vscode.executeHoverProvider",
      vscode.Uri.file(file),
      place,
    );
    return hovers.flatMap(({ contents }) => contents.map((content) => content.value ?? String(content)));
  },
  set: async ({ key, value }) => {
    await vscode.workspace.getConfiguration().update(key, value, vscode.ConfigurationTarget.Global);
    return null;
  },
  active: () => vscode.extensions.getExtension("sigmascope.sigmascope")?.isActive ?? false,
  trusted: () => vscode.workspace.isTrusted,
  /** Milliseconds from the wish to the extension's being there: its code is read, and has run. */
  activate: async () => {
    const began = performance.now();
    await vscode.extensions.getExtension("sigmascope.sigmascope").activate();
    return performance.now() - began;
  },
  /** Milliseconds that a command takes. */
  time: async ({ command, args = [] }) => {
    const began = performance.now();
    await vscode.commands.executeCommand(command, ...args);
    return performance.now() - began;
  },
  /** Of the extension host's process, in bytes, after what nobody holds was cleared away. */
  memory: () => {
    collectGarbage();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { pid: process.pid, rss, heapUsed, external };
  },
};

exports.activate = (context) => {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    try {
      const { question, ...given } = JSON.parse(Buffer.concat(chunks).toString());
      response.end(JSON.stringify({ answer: await answers[question](given) }));
    } catch (error) {
      response.statusCode = 500;
      response.end(JSON.stringify({ error: String(error) }));
    }
  });
  server.listen(0, "127.0.0.1", () => {
    const file = process.env.SIGMASCOPE_DRIVER;
    writeFileSync(`${file}.new`, String(server.address().port));
    renameSync(`${file}.new`, file);
  });
  context.subscriptions.push({ dispose: () => server.close() });
};
