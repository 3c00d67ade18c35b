/** The program: `delembic ARGUMENTS`. */

import { systemIo } from "./src/cli/io.ts";
import { main } from "./src/cli/main.ts";

Deno.exit(await main(Deno.args, systemIo()));
