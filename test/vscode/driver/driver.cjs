/** Answers a test's questions about VS Code's API. Its address stands in the file that SIGMASCOPE_DRIVER names. */
const { createServer } = require("node:http");
const { renameSync, writeFileSync } = require("node:fs");
const vscode = require("vscode");

const range = (r) => [r.start.line, r.start.character, r.end.line, r.end.character];

const answers = {
  commands: async () =>
    (await vscode.commands.getCommands(true)).filter((id) => id.startsWith("sigmascope.")),
  execute: ({ command, args = [] }) => vscode.commands.executeCommand(command, ...args).then(() => null),
  open: async ({ file }) => {
    await vscode.window.showTextDocument(vscode.Uri.file(file));
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
  codeActions: async ({ file, at }) => {
    const [startLine, startCharacter, endLine, endCharacter] = at;
    const found = await vscode.commands.executeCommand(
      "vscode.executeCodeActionProvider",
      vscode.Uri.file(file),
      new vscode.Range(startLine, startCharacter, endLine, endCharacter),
    );
    return found.map((action) => action.title);
  },
  active: () => vscode.extensions.getExtension("sigmascope.sigmascope")?.isActive ?? false,
  trusted: () => vscode.workspace.isTrusted,
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
