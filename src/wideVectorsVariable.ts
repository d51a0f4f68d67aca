/** Set to 0, V8 is not asked to join vectors (engine/fused/wideVectors.ts): it calls what it does experimental. */
export const wideVectorsVariable = "SIGMASCOPE_WIDE_VECTORS";
