/**
 * A walk in batches as a block of PL/pgSQL: it hands out a range, does its batches, each committed with its checkpoint,
 * and goes on with the next range, as a run with one worker does.
 *
 * @module
 */

import { SCRIPT_LEASE_SECONDS, type ScriptGuard, type ScriptStatement, type ScriptWalk } from "./offline_sql.ts";
import { dollarQuoted, postgresText } from "./postgres_literal.ts";
import { quoteId, quotePath } from "./postgres_name.ts";

const HOLDER = "'run-' || current_setting('delembic.holder')";
const LEASE = `clock_timestamp() + interval '${SCRIPT_LEASE_SECONDS} seconds'`;
const LATER = "clock_timestamp() + interval '60 seconds'";

/** A key's value as the ledger keeps it: see `src/batch_key.ts`. Each branch is planned only for the types that it is for. */
const KEY_FUNCTION = `create function pg_temp.delembic_key(value anyelement) returns text language plpgsql as $delembic$
declare
  type text := pg_typeof(value);
  written text := value::text;
begin
  if type in ('smallint', 'integer', 'oid', 'boolean') then
    return written;
  elsif type = 'bigint' then
    return case when abs(written::numeric) <= 9007199254740991 then written else '{"bigint":"' || written || '"}' end;
  elsif type in ('real', 'double precision') then
    return case when written in ('NaN', 'Infinity', '-Infinity', '-0') then '{"number":"' || written || '"}' else written end;
  elsif type = 'bytea' then
    return '{"bytes":"' || substr(written, 3) || '"}';
  end if;
  return to_json(written)::text;
end $delembic$;`;

/** The key's columns, and the variables for one of its places in the walk. */
class KeyNames {
  readonly columns: readonly string[];
  readonly table: string;

  constructor({ table, key }: ScriptWalk) {
    this.table = quotePath(table);
    this.columns = key.map(quoteId);
  }

  list(suffix = ""): string {
    return this.columns.map((column) => column + suffix).join(", ");
  }

  variables(place: string): string {
    return this.columns.map((_, index) => `delembic_${place}_${index + 1}`).join(", ");
  }

  declared(place: string): string[] {
    return this.columns.map((column, index) => `delembic_${place}_${index + 1} ${this.table}.${column}%type`);
  }

  /** As the ledger keeps it; NULL before the first one. */
  encoded(place: string): string {
    const parts = this.columns.map((_, index) => `pg_temp.delembic_key(delembic_${place}_${index + 1})`);
    return `'[' || ${parts.join(" || ',' || ")} || ']'`;
  }

  set(place: string, from: string): string {
    return this.columns.map((_, index) => `delembic_${place}_${index + 1} := delembic_${from}_${index + 1};`).join(" ");
  }

  /** After the variables of one place, unless they are NULL, up to those of another. */
  between(after: string, upTo: string): string {
    const [first = ""] = this.variables(after).split(", ");
    return `(${first} is null or (${this.list()}) > (${this.variables(after)})) and (${this.list()}) <= (${
      this.variables(upTo)
    })`;
  }

  /** Finds the last key of so many rows behind `at`, and their number. */
  next(upTo: string, limit: number, into: string): string[] {
    return [
      `select ${this.list()}, count(*) over () into ${this.variables(into)}, delembic_rows from (`,
      `  select ${this.list()} from ${this.table} where ${
        this.between("at", upTo)
      } order by ${this.list()} limit ${limit}`,
      `) batch order by ${this.list(" desc")} limit 1;`,
      "delembic_rows := coalesce(delembic_rows, 0);",
    ];
  }
}

export function postgresWalk(walk: ScriptWalk): readonly string[] {
  const key = new KeyNames(walk);
  return [
    KEY_FUNCTION,
    `do ${dollarQuoted(`\n${declarations(key)}\n${body(walk, key).join("\n")}\n`)};`,
    "drop function pg_temp.delembic_key(anyelement);",
  ];
}

function declarations(key: KeyNames): string {
  const variables = [
    ...["last", "range", "at", "upto"].flatMap((place) => key.declared(place)),
    "delembic_part integer := 0",
    "delembic_rows bigint",
    "delembic_size bigint",
    "delembic_end boolean",
    "delembic_began timestamp with time zone",
  ];
  return `#variable_conflict use_column\ndeclare\n${variables.map((line) => `  ${line};`).join("\n")}`;
}

/** A walk by a key that is not unique, or is NULL, would leave rows out. */
export function postgresWalkGuards({ table, key }: Pick<ScriptWalk, "table" | "key">): ScriptGuard[] {
  const name = table.join("."), columns = key.map(postgresText).join(", ");
  return [
    {
      condition: `exists (select 1 from pg_index i where i.indrelid = to_regclass(${postgresText(quotePath(table))})
    and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null and not exists (
      select 1 from unnest(i.indkey) with ordinality part (attnum, position) join pg_attribute a
        on a.attrelid = i.indrelid and a.attnum = part.attnum
        where part.position <= i.indnkeyatts and a.attname not in (${columns})))`,
      message: `The rows of ${name} are not unique by (${key.join(", ")})`,
    },
    {
      condition: `not exists (select 1 from ${quotePath(table)} where ${
        key.map((column) => `${quoteId(column)} is null`).join(" or ")
      })`,
      message: `The table ${name} has rows whose key is NULL, which no range of keys holds`,
    },
  ];
}

function body(walk: ScriptWalk, key: KeyNames): string[] {
  const revision = postgresText(walk.revision);
  return [
    "begin",
    `  select ${key.list()} into ${key.variables("last")} from ${key.table} order by ${key.list(" desc")} limit 1;`,
    `  update delembic_batch set upper_key = ${key.encoded("last")} where revision = ${revision} and part = 0;`,
    "  commit;",
    `  while ${key.encoded("last")} is distinct from ${key.encoded("at")} loop`,
    ...indented(key.next("last", walk.rangeSize, "range"), 4),
    `    if delembic_rows < ${walk.rangeSize} then ${key.set("range", "last")} end if;`,
    "    delembic_part := delembic_part + 1;",
    "    insert into delembic_batch (revision, part, kind, status, lower_key, upper_key, holder, backend, fence, expires_at,",
    `      started_at, updated_at) values (${revision}, delembic_part, 'range', 'running', ${key.encoded("at")},`,
    `      ${key.encoded("range")}, ${HOLDER}, pg_backend_pid(), 1, ${LATER}, clock_timestamp(), clock_timestamp());`,
    `    update delembic_batch set cursor_key = ${key.encoded("range")} where revision = ${revision} and part = 0;`,
    "    commit;",
    "    loop",
    ...indented(batch(walk, key, revision), 6),
    "      exit when delembic_end;",
    "    end loop;",
    "  end loop;",
    "end",
  ];
}

function batch(walk: ScriptWalk, key: KeyNames, revision: string): string[] {
  return [
    "delembic_began := clock_timestamp();",
    `update delembic_lock set expires_at = ${LEASE} where id = 1 and holder = current_setting('delembic.holder');`,
    "if not found then",
    "  raise exception 'The lock was lost: another run took it. See what it did with ''delembic history''';",
    "end if;",
    ...walk.preludes.map((prelude) => `${prelude};`),
    ...key.next("range", walk.size, "upto"),
    `delembic_end := delembic_rows < ${walk.size};`,
    `if delembic_end then ${key.set("upto", "range")} end if;`,
    "if delembic_rows > 0 then",
    ...walk.statements.map((statement) => `  ${execution(statement, key)}`),
    "end if;",
    `update delembic_batch set cursor_key = ${key.encoded("upto")}, rows_done = rows_done + delembic_rows,`,
    "  batches = batches + (delembic_rows > 0)::integer, seconds = seconds + extract(epoch from clock_timestamp() - delembic_began),",
    `  batch_size = ${walk.size}, expires_at = ${LATER}, updated_at = clock_timestamp(), message = null,`,
    "  status = case when delembic_end then 'done' else status end,",
    "  holder = case when delembic_end then null else holder end,",
    "  ended_at = case when delembic_end then clock_timestamp() end",
    `  where revision = ${revision} and part = delembic_part and holder = ${HOLDER} and status = 'running';`,
    "if not found then",
    "  raise exception 'The range was lost: another run took it. See what it did with ''delembic history''';",
    "end if;",
    "commit;",
    key.set("at", "upto"),
  ];
}

/** The statement with the keys as its parameters; its text is the user's. */
function execution({ texts, aliases }: ScriptStatement, key: KeyNames): string {
  const count = key.columns.length;
  const numbers = (from: number) => key.columns.map((_, index) => `$${from + index}`).join(", ");
  const condition = (alias: string | undefined) => {
    const columns = key.columns.map((column) => alias === undefined ? column : `${quoteId(alias)}.${column}`).join(
      ", ",
    );
    return `(($1 is null or (${columns}) > (${numbers(1)})) and (${columns}) <= (${numbers(count + 1)}))`;
  };
  const text = texts.map((part, index) => index === 0 ? part : condition(aliases[index - 1]) + part).join("");
  const using = aliases.length === 0 ? "" : ` using ${key.variables("at")}, ${key.variables("upto")}`;
  return `execute ${dollarQuoted(text, "statement")}${using};`;
}

function indented(lines: readonly string[], by: number): string[] {
  // the first line alone: what follows may be within a text of the user's
  return lines.map((line) => " ".repeat(by) + line);
}
