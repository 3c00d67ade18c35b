/**
 * For a process that asks time and again: which attempts are open, or left a part behind, without reading the whole run
 * history each time.
 *
 * An attempt that was closed stays as it is, and each new one gets a higher id. So only those that were open at the last
 * look can have changed, and those that came since; some before them are looked at, too, as ids are not committed in order.
 *
 * @module
 */

import type { Queryable } from "./db/database.ts";
import { readRunsOf, readUnsettledRuns, rowsIfThere, type UnsettledRuns } from "./ledger.ts";

/** So many ids below the highest one are looked at again. */
const MARGIN = 500;
/** After so long everything is read again, in case that somebody restored a dump, or wrote into the table by hand. */
const TRUST_MS = 30_000;

export class RunMemory {
  #known: { readonly last: number; readonly open: readonly number[]; readonly at: number } | undefined;

  /** As {@link readUnsettledRuns}. */
  async read(db: Queryable): Promise<UnsettledRuns> {
    const known = this.#known;
    if (known === undefined || performance.now() - known.at > TRUST_MS) return await this.#readAll(db);
    const rows = await rowsIfThere(
      db,
      `select id, status, case when ended_at is null then 1 else 0 end as is_open from delembic_run_history
         where id > ${known.last - MARGIN}${known.open.length === 0 ? "" : ` or id in (${known.open.join()})`}`,
    );
    const last = Math.max(0, ...rows.map(({ id }) => Number(id)));
    if (last < known.last || rows.some(({ status }) => status === "partial")) return await this.#readAll(db);
    const open = rows.filter(({ is_open }) => Number(is_open) === 1).map(({ id }) => Number(id));
    this.#known = { last, open, at: known.at };
    const runs = (await readRunsOf(db, open)).filter(({ endedAt }) => endedAt === null);
    return { open: runs, partial: new Map() };
  }

  async #readAll(db: Queryable): Promise<UnsettledRuns> {
    // asked first: what comes in between is then looked at again
    const [row] = await rowsIfThere(db, "select max(id) as last from delembic_run_history");
    const unsettled = await readUnsettledRuns(db);
    const last = Number(row?.["last"] ?? 0);
    const canTrust = last > 0 && unsettled.partial.size === 0;
    this.#known = canTrust ? { last, open: unsettled.open.map(({ id }) => id), at: performance.now() } : undefined;
    return unsettled;
  }
}
