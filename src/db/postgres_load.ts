/**
 * Rows into a table of PostgreSQL: `COPY … FROM STDIN`, https://www.postgresql.org/docs/current/sql-copy.html
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type BulkLoad, DatabaseError, type Result } from "./database.ts";
import type { CopyIn } from "./postgres_copy.ts";
import { RowWriter } from "./postgres_copy_text.ts";
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
  try {
    if (data.kind === "csv") {
      const single = load.columns.length === 1;
      return await copy.send(data.chunks, (bytes) => {
        if (single) refuseEndMark(bytes);
        return copy.addBytes(bytes);
      });
    }
    const writer = new RowWriter(load.columns, types);
    return await copy.send(data.chunks, (rows) => copy.addText(writer.write(rows)));
  } catch (error) {
    throw loadError(error, load, statement);
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

/**
 * Before version 18 a line that is only `\.` ends the data of a COPY, and the rest is passed over without a word. Such a
 * line is a row only where there is one column.
 *
 * @throws {DatabaseError}
 */
function refuseEndMark(bytes: Uint8Array): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = text.indexOf("\\."); at >= 0; at = text.indexOf("\\.", at + 1)) {
    if (isLineEnd(text[at - 1]) && isLineEnd(text[at + 2])) {
      throw new DatabaseError(
        "other",
        "A line of the CSV is \\. alone, which PostgreSQL takes for the end of the data",
        {
          hint: 'Write it in quotes: "\\."',
        },
      );
    }
  }
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === undefined || byte === 0x0a || byte === 0x0d;
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
