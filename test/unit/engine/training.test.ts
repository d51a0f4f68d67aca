/** Ten updates of the fused engine against ten of the reference. */
import { afterAll, beforeAll } from "vitest";
import type { Engine } from "../../../src/engine/engine.ts";
import { createFusedEngine } from "../../../src/engine/fused/createFusedEngine.ts";
import { builds } from "../kernels/compile.ts";
import { describeTraining } from "./trainingAgreement.ts";

let engines: Engine[] = [];
beforeAll(async () => {
  engines = await Promise.all(builds.map((build) => createFusedEngine({ threads: 2, build })));
});
afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.dispose()));
});

describeTraining(() => engines);
