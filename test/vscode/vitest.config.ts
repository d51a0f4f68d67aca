import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/vscode/**/*.test.ts"],
    globalSetup: ["test/vscode/host/install.ts"],
    setupFiles: ["test/vscode/keepFailures.ts"],
    fileParallelism: false,
    // A real editor on a slow, shared machine.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
