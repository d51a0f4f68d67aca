import { defineConfig, mergeConfig } from "vitest/config";
import stories from "./vitest.config.ts";

export default mergeConfig(
  defineConfig({ ...stories, test: { ...stories.test, include: [] } }),
  defineConfig({ test: { include: ["test/vscode/screenshots.shots.ts"] } }),
);
