/**
 * `deno task bench [SUBJECT…]`: how fast the executable is, beside what a user would take instead, in one run.
 *
 *     deno task bench                   everything; takes more than an hour
 *     deno task bench loads walks       start, loads, walks, copies, memory, web
 *     deno task bench kills             walks that are killed, cut off and helped with; only when it is named
 *
 * `DELEMBIC_BENCH_ROWS` (default 1,000,000) scales all tables, for a quick try; `DELEMBIC_BENCH_ROUNDS` (default 5) is
 * how often each contestant runs. `DELEMBIC_TEST_EXECUTABLE` names the executable; without it one is compiled. What is
 * missing of servers, clients and Python is left out, and said. The exit code is 1 when something failed.
 *
 * @module
 */

import { makeGround } from "./ground.ts";
import { messageOf } from "../src/errors.ts";

const say = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));

const SUBJECTS: Readonly<Record<string, (ground: Awaited<ReturnType<typeof makeGround>>) => Promise<void>>> = {
  start: async (ground) => await (await import("./start.ts")).benchStart(ground),
  loads: async (ground) => await (await import("./loads.ts")).benchLoads(ground),
  walks: async (ground) => await (await import("./walks.ts")).benchWalks(ground),
  copies: async (ground) => await (await import("./copies.ts")).benchCopies(ground),
  memory: async (ground) => await (await import("./memory.ts")).benchMemory(ground),
  web: async (ground) => await (await import("./web.ts")).benchWeb(ground),
  kills: async (ground) => await (await import("./kills.ts")).benchKills(ground),
};

const names = Deno.args.length === 0 ? Object.keys(SUBJECTS).filter((name) => name !== "kills") : Deno.args;
const unknown = names.filter((name) => !Object.hasOwn(SUBJECTS, name));
if (unknown.length > 0) {
  say(`There is no ${unknown.join(", ")}; there are ${Object.keys(SUBJECTS).join(", ")}.`);
  Deno.exit(2);
}

await using ground = await makeGround(say);
if (names.join() !== "kills") {
  say(`${"".padEnd(58)} ${"ours".padStart(10)} ${"theirs".padStart(10)} ${"ratio".padStart(9)}`);
}
for (const name of names) {
  try {
    await SUBJECTS[name]?.(ground);
  } catch (error) {
    ground.fail(name, messageOf(error));
  }
}
Deno.exitCode = ground.failures === 0 ? 0 : 1;
