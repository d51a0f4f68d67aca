/**
 * The one import of jsonc-parser.
 *
 * The package's main entry is a UMD file whose inner `require` calls a bundler cannot follow; its ES module build
 * bundles cleanly, so that build is named here by its path.
 */
export {
  applyEdits as applyTextEdits,
  createScanner,
  modify,
  type Node,
  type ParseError,
  parseTree,
} from "jsonc-parser/lib/esm/main.js";
