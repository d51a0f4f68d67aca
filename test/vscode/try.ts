/** `npm run try`: the real VS Code on loopback, with Sigmascope installed and a copy of examples/ open, until Ctrl-C. */
import { once } from "node:events";
import { serve } from "./host/serve.ts";
import { setUpHost } from "./host/setup.ts";

const code = await serve(await setUpHost(), { extensions: ["sigmascope.vsix"] });
console.log(`\nSigmascope in VS Code: ${code.url}\nEnd with Ctrl-C.`);
await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM"), code.ended]);
await code.stop();
process.exit();
