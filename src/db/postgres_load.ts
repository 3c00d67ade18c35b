/**
 * Rows into a table of PostgreSQL: `COPY … FROM STDIN`, https://www.postgresql.org/docs/current/sql-copy.html
 *
 * @module
 */

import type { BulkLoad, Result } from "./database.ts";
import type { CopyIn } from "./postgres_copy.ts";
import { RowWriter } from "./postgres_copy_text.ts";
import { CsvChecks } from "./postgres_csv.ts";
import { loadError } from "./postgres_load_error.ts";
import { quoteId, quotePath } from "./postgres_name.ts";

/** What a load needs of its session, which is all its own as long as it takes. */
export interface LoadSession {
  query(text: string, params: readonly unknown[]): Promise<Result>;
  copyIn(statement: string): Promise<CopyIn>;
}

/** @throws {LoadRowError} @throws {DatabaseError} @throws what the source threw */
export async function loadRows(session: LoadSession, load: BulkLoad): Promise<number> {
  const statement = copyStatement(load);
  const { data } = load;
  const types = data.kind === "rows" ? await typesOf(session, load) : [];
  const copy = await session.copyIn(statement);
  const checks = new CsvChecks(load.columns.length === 1);
  try {
    if (data.kind === "csv") {
      return await copy.send(data.chunks, (bytes) => {
        checks.see(bytes);
        return copy.addBytes(bytes);
      });
    }
    const writer = new RowWriter(load.columns, types);
    return await copy.send(data.chunks, (rows) => copy.addText(writer.write(rows)));
  } catch (error) {
    throw loadError(error, load, { statement, ending: checks.ending });
  }
}

function copyStatement({ table, columns, data }: BulkLoad): string {
  const options = data.kind === "csv"
    ? `format csv, delimiter ${literal(data.delimiter)}, null ${literal(data.null)}, encoding 'UTF8'`
    : "encoding 'UTF8'";
  return `copy ${quotePath(table)} (${columns.map(quoteId).join(", ")}) from stdin with (${options})`;
}

function literal(text: string): string {
  return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** The number of each column's type, of a domain that below it; 0 for a column that there is not, which COPY tells best. */
async function typesOf(session: LoadSession, { table, columns }: BulkLoad): Promise<readonly number[]> {
  const { rows } = await session.query(
    `select a.attname as name, (
      with recursive up as (
        select oid, typtype, typbasetype from pg_type where oid = a.atttypid
        union all
        select t.oid, t.typtype, t.typbasetype from up join pg_type t on up.typtype = 'd' and t.oid = up.typbasetype
      )
      select oid from up where typtype <> 'd'
    ) as type
    from pg_attribute a where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped`,
    [quotePath(table)],
  );
  const types = new Map(rows.map(({ name, type }) => [name, Number(type)]));
  return columns.map((column) => types.get(column) ?? 0);
}
