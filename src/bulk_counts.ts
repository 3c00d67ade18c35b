/**
 * How many rows a table has, as the audit trail keeps it: counted where that is quick.
 *
 * @module
 */

import type { RowCount } from "./bulk_options.ts";
import type { TablePath } from "./db/catalog.ts";
import type { Session } from "./db/database.ts";

/** A table with more rows is not counted: to read so many takes some milliseconds. */
export const COUNTED_ROWS = 100_000;

export async function countRows(session: Session, table: TablePath): Promise<RowCount> {
  const path = table.map((name) => session.dialect.quoteId(name)).join(".");
  const { rows: [row] } = await session.query(
    `select count(*) as n from (select 1 as n from ${path} limit ${COUNTED_ROWS + 1}) counted`,
  );
  const counted = Number(row?.["n"]);
  if (counted <= COUNTED_ROWS) return { rows: counted, exact: true };
  const catalog = await session.dialect.catalog();
  return { rows: await catalog.estimateRows(session, table), exact: false };
}

/** What a load left. */
export interface Loaded {
  readonly before: RowCount;
  /** Rows that it added; `undefined` where some of them were changed and not added. */
  readonly added: number | undefined;
  /** Whether the table was emptied before. */
  readonly replaced: boolean;
}

/**
 * A large table is not counted again where it is known how many rows there were and how many came: what others add at
 * the same time is theirs.
 */
export async function countAfter(session: Session, table: TablePath, loaded: Loaded): Promise<RowCount> {
  const { before, added, replaced } = loaded;
  const start = replaced ? 0 : before.exact ? before.rows : undefined;
  if (start !== undefined && added !== undefined && start + added > COUNTED_ROWS) {
    return { rows: start + added, exact: true };
  }
  return await countRows(session, table);
}
