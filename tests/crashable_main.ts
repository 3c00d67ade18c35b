/**
 * The program as the tests build it: it can be stopped at a named step. The release's `main.ts` knows nothing of this.
 *
 * - `DELEMBIC_CRASH_AT=committed`, `committed@D002`, or `batch-begun@D002#3`, the third time: kills itself there with
 *   SIGKILL.
 * - `DELEMBIC_KILL_CHILD_AT=…`: kills the processes that it started there, with SIGKILL, and goes on.
 * - `DELEMBIC_CUT_AT=…`: there, ends all of the program's sessions on the server, and goes on.
 * - `DELEMBIC_STOP_AT=…`: stops itself there with SIGSTOP, as a laptop's lid does.
 * - `DELEMBIC_LEASE=3,1`: a lease of 3 s, renewed each second.
 *
 * @module
 */

import { main } from "../src/cli/main.ts";
import { systemIo } from "../src/cli/io.ts";
import type { StepHook, StepName } from "../src/steps.ts";
import { cutSessions } from "./cut_sessions.ts";

const passed = new Map<string, number>();

function matches(wanted: string | undefined, step: StepName, revision: string | undefined): boolean {
  const [place, count = "1"] = wanted?.split("#") ?? [];
  return (place === step || place === `${step}@${revision}`) && passed.get(`${step}@${revision}`) === Number(count);
}

const crashAt = Deno.env.get("DELEMBIC_CRASH_AT");
const killChildAt = Deno.env.get("DELEMBIC_KILL_CHILD_AT");
const cutAt = Deno.env.get("DELEMBIC_CUT_AT");
const stopAt = Deno.env.get("DELEMBIC_STOP_AT");
const lease = Deno.env.get("DELEMBIC_LEASE")?.split(",").map(Number);
let cut = false;

const step: StepHook = async (name, revision) => {
  passed.set(`${name}@${revision}`, (passed.get(`${name}@${revision}`) ?? 0) + 1);
  if (matches(crashAt, name, revision)) {
    Deno.kill(Deno.pid, "SIGKILL");
    await new Promise(() => {});
  }
  if (matches(killChildAt, name, revision)) {
    const children = (await Deno.readTextFile(`/proc/${Deno.pid}/task/${Deno.pid}/children`)).trim().split(" ");
    for (const child of children.filter((pid) => pid !== "")) Deno.kill(Number(child), "SIGKILL");
    io.err(`killed: ${children.length} children\n`);
  }
  if (matches(stopAt, name, revision)) {
    Deno.kill(Deno.pid, "SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (matches(cutAt, name, revision) && !cut) {
    cut = true;
    const ended = await cutSessions(Deno.env.get("DELEMBIC_URL") ?? "");
    io.err(`cut off: ${ended} sessions\n`);
  }
};

const io = systemIo();
io.exit(
  await main(Deno.args, io, {
    step,
    ...(lease === undefined ? {} : { lease: { seconds: lease[0] ?? 60, renewSeconds: lease[1] ?? 15 } }),
  }),
);
