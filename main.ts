/** The program: `delembic ARGUMENTS`. */

import { systemIo } from "./src/cli/io.ts";
import { main } from "./src/cli/main.ts";

const io = systemIo();
io.exit(await main(Deno.args, io));
