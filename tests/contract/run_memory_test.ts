/** What is remembered of the run history is what is there. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { closeRun, ensureTables, markPartial, openRun, readUnsettledRuns } from "../../src/ledger.ts";
import { RunMemory } from "../../src/run_memory.ts";
import { openDatabase } from "../../src/db/connect.ts";
import { parseDatabaseUrl } from "../../src/url.ts";
import { freshDatabase, onEachDatabase } from "../support.ts";

const AT = "2026-01-15T10:30:00.123456Z";
const ACTOR = { username: "alice", hostname: "build-7" };

/** What may happen between two looks; `close` and `part` are about the latest one that is open, or the oldest. */
const STEP = fc.record({
  what: fc.constantFrom("open", "close", "part", "closePartial", "many", "empty"),
  oldest: fc.boolean(),
});

onEachDatabase("RunMemory tells at each look what a whole look tells, whatever happened in between", async (kind) => {
  await using database = await freshDatabase(kind);
  const session = await (await openDatabase(parseDatabaseUrl(database.url, { relativeTo: "/" }).target)).connect(
    "audit",
  );
  try {
    await ensureTables(session);
    const runs = kind === "sqlite" ? 60 : 8;
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { maxLength: 10 }), async (steps) => {
        await session.query("delete from delembic_run_history");
        const memory = new RunMemory();
        for (const { what, oldest } of steps) {
          const { open } = await readUnsettledRuns(session);
          const run = oldest ? open[0] : open.at(-1);
          const end = { endedAt: AT, seconds: 1 };
          if (what === "empty") await session.query("delete from delembic_run_history");
          else if (what === "open" || run === undefined) {
            await openRun(session, { revision: "D001", startedAt: AT, status: "running", ...ACTOR });
          } else if (what === "close") await closeRun(session, run.id, { status: "success", ...end });
          else if (what === "part") await markPartial(session, run.id);
          else if (what === "closePartial") await closeRun(session, run.id, { status: "partial", ...end });
          else {
            for (let count = 0; count < 5; count++) {
              const id = await openRun(session, { revision: "D002", startedAt: AT, status: "running", ...ACTOR });
              await closeRun(session, id, { status: "failed", ...end, exception: "x" });
            }
          }
          const [told, there] = [await memory.read(session), await readUnsettledRuns(session)];
          assert.deepEqual(told.open, there.open);
          assert.deepEqual([...told.partial], [...there.partial]);
        }
      }),
      { numRuns: runs },
    );
  } finally {
    await session.close();
  }
});
