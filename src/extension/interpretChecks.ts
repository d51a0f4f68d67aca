/**
 * zod interprets its checks here: compiling them gains an editor nothing, and to find out whether it may, zod asks for
 * globals that the extension host complains about. Imported before whatever makes a schema.
 */
import { z } from "zod";

z.config({ jitless: true });
