/**
 * The table of a walk: its key, and where the keys of the next batch end. Never by OFFSET, never by arithmetic on keys:
 * each step is found in the index, so gaps and types do not matter.
 *
 * @module
 */

import { formatKey, type Key, toKey } from "./batch_key.ts";
import type { WalkRow } from "./batch_ledger.ts";
import { BatchRange, keyCondition, type WalkKey } from "./batch_range.ts";
import { openConnection } from "./connection.ts";
import type { ColumnShape, TableShape } from "./db/catalog.ts";
import type { Queryable } from "./db/database.ts";
import { DelembicError } from "./errors.ts";
import type { BatchPlan, BatchStep, LoadedMigration } from "./migration.ts";
import { compile, Fragment, Identifier } from "./sql.ts";
import { closest } from "./suggest.ts";
import { BatchError, formatBatch } from "./walk_errors.ts";
import type { BatchWork, KeySpan, Piece, Walkable } from "./walkable.ts";

interface WalkTable {
  readonly path: readonly string[];
  /** As people write it: `staging.person`. */
  readonly name: string;
  readonly key: WalkKey;
}

/** The table cannot be walked as the migration wants. */
export class WalkTableError extends DelembicError {
  constructor(message: string, file: string, hint: string) {
    super(message, { code: "batch-table", place: { file }, hint });
  }
}

/**
 * Looks the table and its key up.
 *
 * @throws {WalkTableError} when it is not there, or has no such key, or rows without a key
 */
export async function openWalkTable(
  db: Queryable,
  { plan, apply }: { readonly plan: BatchPlan; readonly apply: BatchStep },
  { revision, file }: Pick<LoadedMigration, "revision" | "file">,
): Promise<Walkable> {
  const path = plan.table;
  const name = path.join(".");
  const catalog = await db.dialect.catalog();
  const shape = await catalog.describe(db, path);
  if (shape === undefined) {
    throw new WalkTableError(
      `The table ${name} of the batches is not there`,
      file,
      "Is it made by a schema revision that is not applied yet? Name that one in 'dependsOn'.",
    );
  }
  const columns = keyColumns(shape, { name, wanted: plan.key, file });
  const key = { columns, catalog, dialect: db.dialect };
  const table = { path, name, key };
  await refuseNulls(db, table, file);
  return new TableWalk(table, await catalog.estimateRows(db, path), { apply, revision, file });
}

/** A table whose rows a migration's own code goes over. */
class TableWalk implements Walkable {
  // few rows of the ledger, and no long wait for the last range at the end
  readonly rangeBatches = 20;
  readonly #table: WalkTable;
  readonly #rows: number | undefined;
  readonly #migration: { readonly apply: BatchStep; readonly revision: string; readonly file: string };

  constructor(
    table: WalkTable,
    rows: number | undefined,
    migration: { readonly apply: BatchStep; readonly revision: string; readonly file: string },
  ) {
    this.#table = table;
    this.#rows = rows;
    this.#migration = migration;
  }

  get name(): string {
    return this.#table.name;
  }

  get detail(): { readonly key: readonly string[] } {
    return { key: this.#table.key.columns.map(({ name }) => name) };
  }

  rowsInAll(atFirst?: number): number | undefined {
    return atFirst ?? this.#rows;
  }

  lastKey(db: Queryable): Promise<Key | undefined> {
    return lastKey(db, this.#table);
  }

  async next(db: Queryable, { after, upTo }: KeySpan, limit: number): Promise<Piece> {
    const next = await nextKeys(db, this.#table, { after, upTo, limit });
    // with fewer rows than wanted the span is at its end, as it was when the walk began
    if (next === undefined || next.rows < limit) return { upTo, rows: next?.rows ?? 0, last: true };
    return { upTo: next.last, rows: next.rows, last: false };
  }

  async apply({ session, after, upTo, rows, number, run, environment }: BatchWork): Promise<number> {
    const range = new BatchRange(this.#table.key, { after: after ?? null, upTo }, number, rows);
    const { connection, settle } = openConnection(session, environment);
    await this.#migration.apply(connection, range, run);
    await settle();
    return rows;
  }

  mismatch(before: WalkRow): DelembicError | undefined {
    const { key } = this.detail, { revision, file } = this.#migration;
    const old = before.detail?.key ?? [];
    if (before.detail?.file === undefined && before.table === this.name && old.join() === key.join()) return undefined;
    const where = before.cursor === undefined ? "" : ` and got to ${formatKey(before.cursor)}`;
    return new DelembicError(
      `The walk of ${revision} began on ${before.table} by (${old.join(", ")})${where}, ` +
        `not on ${this.name} by (${key.join(", ")})`,
      {
        code: "walk-changed",
        place: { file },
        hint: `Put 'batch' back, or forget what is done with 'delembic repair ${revision} --restart'.`,
      },
    );
  }

  failure(cause: unknown, span: KeySpan): DelembicError {
    const columns = this.detail.key;
    return new BatchError(cause, {
      revision: this.#migration.revision,
      batch: formatBatch({ table: this.name, columns, ...span }),
    });
  }
}

interface WantedKey {
  readonly name: string;
  /** Empty: the primary key. */
  readonly wanted: readonly string[];
  readonly file: string;
}

function keyColumns(shape: TableShape, { name, wanted, file }: WantedKey): ColumnShape[] {
  const names = wanted.length > 0 ? wanted : shape.keys.find(({ primary }) => primary)?.columns ?? [];
  const known = shape.keys.map(({ columns }) => columns.join(", "));
  const offer = known.length === 0
    ? "A walk needs a primary key or a unique index."
    : `Its unique keys are: ${known.map((columns) => `(${columns})`).join(", ")}.`;
  if (names.length === 0) {
    throw new WalkTableError(`The table ${name} has no primary key to walk by`, file, `Name a 'key'. ${offer}`);
  }
  const columns = names.map((wantedName) => {
    const column = findColumn(shape, wantedName);
    if (column !== undefined) return column;
    const similar = closest(wantedName, shape.columns.map((one) => one.name));
    const hint = similar === undefined ? offer : `Did you mean '${similar}'?`;
    throw new WalkTableError(`The table ${name} has no column ${wantedName} to walk by`, file, hint);
  });
  const chosen = new Set(columns.map((column) => column.name));
  if (!shape.keys.some((key) => key.columns.every((column) => chosen.has(column)))) {
    throw new WalkTableError(`The rows of ${name} are not unique by (${[...chosen].join(", ")})`, file, offer);
  }
  // MySQL orders a SET by its bits, and compares it with a text as text
  const odd = columns.find(({ kind, type }) => kind === "json" || kind === "array" || /^set\(/i.test(type));
  if (odd !== undefined) {
    throw new WalkTableError(
      `The column ${odd.name} of ${name} has the type ${odd.type}, which no walk can go by`,
      file,
      offer,
    );
  }
  return columns;
}

function findColumn({ columns, keys }: TableShape, name: string): ColumnShape | undefined {
  const isCalled = (other: string | undefined) => other?.toLowerCase() === name.toLowerCase();
  return columns.find((column) => column.name === name) ?? columns.find((column) => isCalled(column.name)) ??
    // SQLite's rowid is a key, and no column
    (keys.some((key) => key.columns.length === 1 && isCalled(key.columns[0]))
      ? { name, type: "integer", kind: "integer", nullable: false, hasDefault: true, generated: false }
      : undefined);
}

/** A row whose key is NULL stands in no range. */
async function refuseNulls(db: Queryable, table: WalkTable, file: string): Promise<void> {
  for (const column of table.key.columns) {
    if (!column.nullable) continue;
    const query = new Fragment(["select 1 as found from ", " where ", " is null limit 1"], [
      new Identifier(table.path),
      new Identifier([column.name]),
    ]);
    if ((await ask(db, query)).length === 0) continue;
    throw new WalkTableError(
      `The table ${table.name} has rows whose ${column.name} is NULL, which no range of keys holds`,
      file,
      "Give them a value in a migration before this one, or choose another 'key'.",
    );
  }
}

async function ask(db: Queryable, query: Fragment): Promise<Record<string, unknown>[]> {
  const { text, params } = compile(query, db.dialect);
  return (await db.query(text, params)).rows;
}

/** Where the next rows end: the last key of at most `limit` rows after a key, and how many rows that are. */
interface NextKeys {
  readonly last: Key;
  readonly rows: number;
}

/** The rows after `after`, up to `upTo`; `undefined` when there are none. */
async function nextKeys(
  db: Queryable,
  { path, key }: WalkTable,
  { after, upTo, limit }: { readonly after: Key | undefined; readonly upTo: Key; readonly limit: number },
): Promise<NextKeys | undefined> {
  const names = key.columns.map(({ name }) => new Identifier([name]));
  const condition = keyCondition(key, { after: after ?? null, upTo });
  const first = new Fragment(["select ", " from ", " where ", " order by ", ` limit ${limit}`], [
    listed(names),
    new Identifier(path),
    condition,
    listed(names),
  ]);
  const [row] = await ask(
    db,
    new Fragment(["select ", ", count(*) over () as delembic_rows from (", ") batch order by ", " limit 1"], [
      listed(names),
      first,
      listed(names, " desc"),
    ]),
  );
  if (row === undefined) return undefined;
  return { last: toKey(key.columns.map(({ name }) => row[name])), rows: Number(row["delembic_rows"]) };
}

/** The last key of the table; `undefined` when it is empty. */
async function lastKey(db: Queryable, { path, key }: WalkTable): Promise<Key | undefined> {
  const names = key.columns.map(({ name }) => new Identifier([name]));
  const [row] = await ask(
    db,
    new Fragment(["select ", " from ", " order by ", " limit 1"], [
      listed(names),
      new Identifier(path),
      listed(names, " desc"),
    ]),
  );
  return row === undefined ? undefined : toKey(key.columns.map(({ name }) => row[name]));
}

/** The names with commas between them, each followed by the suffix. */
function listed(names: readonly Identifier[], suffix = ""): Fragment {
  return new Fragment(["", ...names.slice(1).map(() => `${suffix}, `), suffix], names);
}
