/**
 * A load as a script has it: its rows as `INSERT` statements, read by the same readers that a run has. What only the
 * database knows of the columns is looked at by the script itself, before the rows.
 *
 * @module
 */

import type { LoadEnvironment, LoadOptions } from "./bulk_options.ts";
import { checkLoadOptions, tablePath } from "./bulk_request.ts";
import { openSource, type PreparedRows, prepareRows, sourceName } from "./bulk_source.ts";
import { COUNTED_ROWS } from "./bulk_counts.ts";
import type { BulkSql } from "./db/bulk_sql.ts";
import type { ColumnKind, ColumnShape, TablePath } from "./db/catalog.ts";
import type { Dialect } from "./db/database.ts";
import { looseReader, type LooseValue } from "./db/loose_value.ts";
import type { OfflineSql } from "./db/offline_sql.ts";
import { ledgerOfLoad } from "./offline_ledger.ts";
import type { LoadCall, PrintedLoad } from "./offline_recorder.ts";
import { OfflineError } from "./offline_text.ts";
import type { RowReader } from "./rows.ts";

/** What a load is printed for. */
export interface LoadPrinting {
  readonly revision: string;
  /** Among the loads of the migration, from 0. */
  readonly index: number;
  readonly dialect: Dialect;
  readonly offline: OfflineSql;
  readonly environment: Pick<LoadEnvironment, "folder" | "shownFrom">;
}

/** More of a script's text than this is no script for people. */
const MOST_CHARACTERS = 16 * 1024 * 1024;
/** Rows, and characters, of one statement. */
const MOST_ROWS = 500, LONGEST_STATEMENT = 256 * 1024;

const LOOSE_KINDS: readonly ColumnKind[] = [
  ...["integer", "decimal", "float", "boolean", "date", "timestamp", "time", "uuid", "json"] as const,
];

/** @throws {OfflineError} for a load that only a run can do; {BadRowError}; {ColumnsError} */
export async function printLoad(call: LoadCall, printing: LoadPrinting): Promise<PrintedLoad> {
  const { source, options } = call;
  checkLoadOptions(options, typeof source === "string");
  refuseOptions(options);
  const { environment, dialect, offline } = printing;
  const rowSource = { source, options, environment, collect: false };
  await using reader = await openSource(rowSource);
  const table = tablePath(call.table);
  const prepared = await prepareRows(reader, shapeOf(table, reader, options), rowSource, false);
  const { special } = call;
  const rows = await LiteralRows.of(prepared, { name: reader.name, offline, special });
  const name = sourceName(rowSource);
  const load = { table, rows, options, bulk: await dialect.bulk() };
  const { onConflict = "error" } = options;
  return {
    texts: ledgerOfLoad({
      ...{ ...printing, table, source: name, read: rows.count, mode: onConflict, most: COUNTED_ROWS },
      texts: [
        ...rows.checks(table, reader.typed === true),
        ...offline.loading.before,
        ...(options.replace === true ? [`delete from ${pathOf(table, dialect)};`] : []),
        ...(onConflict === "error" ? plainInserts(load, printing) : mergingInserts(load, printing)),
        ...offline.loading.after,
      ],
    }),
    report: { read: rows.count, loaded: onConflict === "skip" ? undefined : rows.count },
  };
}

/** What a run can do, and a script cannot. */
function refuseOptions(options: LoadOptions): void {
  const online = "Or run this migration with 'delembic upgrade'.";
  if (options.map !== undefined) {
    throw new OfflineError(
      "A load with 'map' cannot be printed: the columns that it makes are not known beforehand",
      `Change the rows before, and give them to conn.load as a list. ${online}`,
    );
  }
  if (options.onBadRow === "collect") {
    throw new OfflineError(
      "A load that collects bad rows cannot be printed: only the database can tell which ones are bad",
      `Mend the rows, and load them without. ${online}`,
    );
  }
  if ((options.onConflict ?? "error") !== "error" && options.key === undefined) {
    throw new OfflineError(
      "A load with 'on conflict' cannot be printed without its key: the primary key is known to the database alone",
      `Name it: on conflict (id) ${options.onConflict}, or key: "id". ${online}`,
    );
  }
}

/** The table as the source and the options tell of it: whether it is so, the database says when the script runs. */
function shapeOf(path: TablePath, reader: RowReader, { columns: declared, defaults = {} }: LoadOptions) {
  const listed: readonly string[] | undefined = Array.isArray(declared) ? declared : undefined;
  if (reader.columns === undefined && listed === undefined) {
    throw new OfflineError(
      `${reader.name} does not name its columns, and the table's are known to the database alone`,
      "Name them: 'load: person (id, name) from …', or the option 'columns'.",
    );
  }
  const names = new Set([
    ...listed ?? Object.keys(declared ?? {}),
    ...reader.columns ?? [],
    ...Object.keys(defaults),
  ]);
  return { path, columns: [...names].map(columnOf), keys: [] };
}

function columnOf(name: string): ColumnShape {
  return { name, type: "", kind: "other", nullable: true, hasDefault: true, generated: false };
}

function pathOf(table: TablePath, { quoteId }: Dialect): string {
  return table.map(quoteId).join(".");
}

/** The rows of a source as literals, and what was seen of them. */
class LiteralRows {
  readonly #seen: readonly { kinds: Set<ColumnKind>; typed: boolean }[];
  readonly #offline: OfflineSql;
  readonly #special: LoadCall["special"];
  readonly texts: string[] = [];

  private constructor(readonly columns: readonly string[], offline: OfflineSql, special: LoadCall["special"]) {
    this.#special = special;
    this.#offline = offline;
    this.#seen = columns.map(() => ({ kinds: new Set(LOOSE_KINDS), typed: false }));
  }

  static async of(
    { plan, chunks }: PreparedRows,
    { name, offline, special }: Pick<LoadCall, "special"> & { readonly name: string; readonly offline: OfflineSql },
  ): Promise<LiteralRows> {
    const rows = new LiteralRows(plan.columns.map((column) => column.name), offline, special);
    let size = 0;
    for await (const chunk of chunks()) {
      for (const row of chunk.rows) size += rows.#add(row);
      if (size > MOST_CHARACTERS) {
        throw new OfflineError(
          `${name} is too large for a script: its rows are more than ${MOST_CHARACTERS / 1024 / 1024} MiB of SQL`,
          "Run this migration with 'delembic upgrade', which loads it by the database's fast way.",
        );
      }
    }
    return rows;
  }

  get count(): number {
    return this.texts.length;
  }

  #add(row: readonly unknown[]): number {
    const literals = row.map((value, index) => {
      this.#look(value, index);
      try {
        return this.#special?.(value) ?? this.#offline.literal(value ?? null);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        const where = `row ${this.texts.length + 1}, column '${this.columns[index]}'`;
        throw new OfflineError(`${where}: ${error.message}`, "Change the value.", undefined, error);
      }
    });
    const text = `(${literals.map((literal) => literal.trim()).join(", ")})`;
    this.texts.push(text);
    return text.length;
  }

  #look(value: unknown, index: number): void {
    const seen = this.#seen[index];
    if (seen === undefined || value === null || value === undefined) return;
    if (typeof value === "string" || typeof value === "boolean" || Array.isArray(value)) seen.typed = true;
    if (typeof value !== "string") return;
    for (const kind of seen.kinds) {
      const found: LooseValue | undefined = looseReader(kind)?.(value);
      // a number for a boolean is what its text becomes in the column
      if (found === undefined || !("value" in found) || String(found.value) !== value) seen.kinds.delete(kind);
    }
  }

  /** What the script makes sure of before the rows. */
  checks(table: TablePath, typed: boolean): string[] {
    const { takes, isJson, require } = this.#offline;
    return this.columns.flatMap((column, index) => {
      const seen = this.#seen[index], name = `${table.join(".")}.${column}`;
      if (seen === undefined) return [];
      const online = "load it with 'delembic upgrade', which looks at each value";
      return [
        ...(typed && seen.typed ? [require(`not ${isJson(table, column)}`, `${name} holds JSON: ${online}`)] : []),
        ...(takes !== undefined && seen.kinds.size < LOOSE_KINDS.length
          ? [require(takes(table, column, [...seen.kinds]), `Not all values are of the type of ${name}: ${online}`)]
          : []),
      ];
    });
  }
}

interface Inserting {
  readonly table: TablePath;
  readonly rows: LiteralRows;
  readonly options: LoadOptions;
  readonly bulk: BulkSql;
}

function plainInserts(
  { table, rows }: Pick<Inserting, "table" | "rows">,
  { dialect, offline }: LoadPrinting,
): string[] {
  const columns = rows.columns.map(dialect.quoteId).join(", ");
  const head = `insert into ${pathOf(table, dialect)} (${columns})${offline.keepsIdentity} values`;
  const statements: string[] = [];
  for (let at = 0; at < rows.count;) {
    let size = 0, end = at;
    while (end < rows.count && end - at < MOST_ROWS && size < LONGEST_STATEMENT) size += rows.texts[end++]?.length ?? 0;
    statements.push(`${head}\n  ${rows.texts.slice(at, end).join(",\n  ")};`);
    at = end;
  }
  return statements;
}

/** Row after row, so that of those with the same key each meets the one before it; or over a temporary table. */
function mergingInserts(inserting: Inserting, printing: LoadPrinting): string[] {
  const { table, rows, options, bulk } = inserting;
  const { dialect, offline } = printing;
  const key = typeof options.key === "string" ? [options.key] : options.key ?? [];
  const missing = key.filter((name) => !rows.columns.includes(name));
  if (missing.length > 0) {
    throw new OfflineError(
      `The key ${missing.join(", ")} of the load is not among its columns ${rows.columns.join(", ")}`,
      "Write it as the source does.",
    );
  }
  if (offline.onConflict !== undefined) {
    const set = options.onConflict === "update" ? rows.columns.filter((name) => !key.includes(name)) : [];
    const columns = rows.columns.map(dialect.quoteId).join(", ");
    const head = `insert into ${pathOf(table, dialect)} (${columns})${offline.keepsIdentity} values `;
    const tail = offline.onConflict(key, set);
    return rows.texts.map((row) => `${head}${row} ${tail};`);
  }
  const stage = `delembic_load_${printing.index + 1}`;
  const merge = {
    ...{ table, stage, columns: rows.columns, key: key.map(columnOf), unset: [], otherKeys: true },
  };
  const merging = options.onConflict === "update" ? bulk.update(merge) : bulk.skip(merge);
  return [
    ...bulk.createStage(merge).map((statement) => `${statement};`),
    ...plainInserts({ table: [stage], rows }, printing),
    ...merging.map((statement) => `${statement};`),
    `${bulk.dropStage(stage)};`,
  ];
}
