/** The kernels' entry: everything exported here is a WebAssembly export. */
export * from "./arrays";
export * from "./gemm";
export * from "./lowRank";
export * from "./optimizer";
export * from "./packing";
export * from "./recurrence";
export * from "./spectral";
export { useWideTiles } from "./tiles";
