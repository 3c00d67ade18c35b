/**
 * A walk in batches as a procedure: it hands out a range, does its batches, each committed with its checkpoint, and goes
 * on with the next range, as a run with one worker does. Keys are in user variables, which take the type of what is put
 * into them.
 *
 * @module
 */

import type { TablePath } from "./catalog.ts";
import { SCRIPT_LEASE_SECONDS, type ScriptGuard, type ScriptStatement, type ScriptWalk } from "./offline_sql.ts";
import { mysqlText } from "./mysql_literal.ts";
import { quoteId, quotePath } from "./mysql_name.ts";
import { inSchema, procedure } from "./mysql_script.ts";

const NOW = "utc_timestamp(6)";
const HOLDER = "concat('run-', @delembic_holder)";
const LEASE = `${NOW} + interval ${SCRIPT_LEASE_SECONDS} second`;
const LATER = `${NOW} + interval 60 second`;

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
    return this.columns.map((_, index) => variable(place, index)).join(", ");
  }

  set(place: string, from: string): string {
    const pairs = this.columns.map((_, index) => `${variable(place, index)} = ${variable(from, index)}`);
    return `set ${[...pairs, `${this.encoded(place)} = ${this.encoded(from)}`].join(", ")};`;
  }

  clear(place: string): string {
    const variables = [...this.columns.map((_, index) => variable(place, index)), this.encoded(place)];
    return `set ${variables.map((name) => `${name} = null`).join(", ")};`;
  }

  /** The variable that has the key as the ledger keeps it; NULL before the first one. */
  encoded(place: string): string {
    return `@delembic_${place}_key`;
  }

  /** Sets {@link encoded}: see `src/batch_key.ts`. */
  encode(place: string): string {
    const values = this.columns.map((_, index) => encodedValue(place, index));
    return `set ${this.encoded(place)} = concat('[', ${values.join(", ',', ")}, ']');`;
  }

  between(after: string, upTo: string, alias?: string): string {
    return `((${variable(after, 0)} is null or ${this.#compared(after, ">", alias)}) and ${
      this.#compared(upTo, "<=", alias)
    })`;
  }

  /** `a > x or (a = x and (b > y …))` with the first column alone in front, by which the index is entered. */
  #compared(place: string, sign: ">" | "<=", alias: string | undefined): string {
    const names = this.columns.map((column) => alias === undefined ? column : `${quoteId(alias)}.${column}`);
    const last = names.length - 1, strict = sign === ">" ? ">" : "<";
    const from = (at: number): string =>
      at === last
        ? `${names[at]} ${sign} ${variable(place, at)}`
        : `(${names[at]} ${strict} ${variable(place, at)} or (${names[at]} = ${variable(place, at)} and ${
          from(at + 1)
        }))`;
    return last === 0 ? from(0) : `(${names[0]} ${strict}= ${variable(place, 0)} and ${from(0)})`;
  }

  /** Finds the last key of so many rows behind `at`, and their number. */
  next(upTo: string, limit: number, into: string): string[] {
    return [
      "set @delembic_rows = 0;",
      `select ${this.list()}, count(*) over () into ${this.variables(into)}, @delembic_rows from (`,
      `  select ${this.list()} from ${this.table} where ${
        this.between("at", upTo)
      } order by ${this.list()} limit ${limit}`,
      `) batch order by ${this.list(" desc")} limit 1;`,
      this.encode(into),
    ];
  }
}

function variable(place: string, index: number): string {
  return `@delembic_${place}_${index + 1}`;
}

function encodedValue(place: string, index: number): string {
  const value = variable(place, index), type = `@delembic_type_${index + 1}`;
  return `case
      when ${type} in ('tinyint', 'smallint', 'mediumint', 'int', 'bigint') then
        if(abs(cast(${value} as decimal(30))) <= 9007199254740991, cast(${value} as char),
          concat('{"bigint":"', ${value}, '"}'))
      when ${type} in ('float', 'double') then cast(${value} as char)
      when ${type} in ('binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob') then
        concat('{"bytes":"', lower(hex(${value})), '"}')
      else json_quote(cast(${value} as char character set utf8mb4)) end`;
}

export function mysqlWalk(walk: ScriptWalk): readonly string[] {
  const key = new KeyNames(walk);
  return [
    ...walk.key.map((column, index) => `set @delembic_type_${index + 1} = ${typeOf(walk.table, column)};`),
    procedure("delembic_script_walk", "", body(walk, key).join("\n")),
    "call delembic_script_walk();",
    "drop procedure delembic_script_walk;",
  ];
}

/** A walk by a key that is not unique, or is NULL, would leave rows out; some types have an order of their own. */
export function mysqlWalkGuards({ table, key }: Pick<ScriptWalk, "table" | "key">): ScriptGuard[] {
  const name = table.join("."), columns = key.map(mysqlText).join(", ");
  return [
    ...key.map((column) => ({
      condition: `${typeOf(table, column)} not in ('enum', 'set', 'json', 'bit')`,
      message: `The table ${name} has no column ${column} by which a script can walk`,
    })),
    {
      condition: `exists (select index_name from information_schema.statistics where ${
        inSchema(table)
      } and non_unique = 0
    group by index_name having sum(column_name not in (${columns})) = 0 and sum(sub_part is not null) = 0)`,
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

function typeOf(table: TablePath, column: string): string {
  return `(select data_type from information_schema.columns where ${inSchema(table)} and column_name = ${
    mysqlText(column)
  })`;
}

function body(walk: ScriptWalk, key: KeyNames): string[] {
  const revision = mysqlText(walk.revision);
  return [
    ...["last", "at", "range", "upto"].map((place) => key.clear(place)),
    "set @delembic_part = 0;",
    `select ${key.list()} into ${key.variables("last")} from ${key.table} order by ${key.list(" desc")} limit 1;`,
    key.encode("last"),
    `update delembic_batch set upper_key = ${key.encoded("last")} where revision = ${revision} and part = 0;`,
    `while not (${key.encoded("last")} <=> ${key.encoded("at")}) do`,
    ...key.next("last", walk.rangeSize, "range"),
    `if @delembic_rows < ${walk.rangeSize} then ${key.set("range", "last")} end if;`,
    "set @delembic_part = @delembic_part + 1;",
    "start transaction;",
    "insert into delembic_batch (revision, part, kind, status, lower_key, upper_key, holder, backend, fence, expires_at,",
    `  started_at, updated_at) values (${revision}, @delembic_part, 'range', 'running', ${key.encoded("at")},`,
    `  ${key.encoded("range")}, ${HOLDER}, connection_id(), 1, ${LATER}, ${NOW}, ${NOW});`,
    `update delembic_batch set cursor_key = ${key.encoded("range")} where revision = ${revision} and part = 0;`,
    "commit;",
    "repeat",
    ...batch(walk, key, revision),
    "until @delembic_end end repeat;",
    "end while;",
  ];
}

function batch(walk: ScriptWalk, key: KeyNames, revision: string): string[] {
  return [
    ...walk.preludes.map((prelude) => `${prelude};`),
    "start transaction;",
    `set @delembic_began = ${NOW};`,
    `update delembic_lock set expires_at = ${LEASE} where id = 1 and holder = @delembic_holder collate utf8mb4_bin;`,
    "call delembic_script_require(row_count() = 1,",
    "  'The lock was lost: another run took it. See what it did with ''delembic history''');",
    ...key.next("range", walk.size, "upto"),
    `set @delembic_end = @delembic_rows < ${walk.size};`,
    `if @delembic_end then ${key.set("upto", "range")} end if;`,
    "if @delembic_rows > 0 then",
    ...walk.statements.map((statement) => execution(statement, key)),
    "end if;",
    `update delembic_batch set cursor_key = ${key.encoded("upto")}, rows_done = rows_done + @delembic_rows,`,
    `  batches = batches + (@delembic_rows > 0), seconds = seconds + timestampdiff(microsecond, @delembic_began, ${NOW}) / 1e6,`,
    `  batch_size = ${walk.size}, expires_at = ${LATER}, updated_at = ${NOW}, message = null,`,
    `  status = if(@delembic_end, 'done', status), ended_at = if(@delembic_end, ${NOW}, null)`,
    `  where revision = ${revision} and part = @delembic_part and holder = ${HOLDER} collate utf8mb4_bin`,
    "    and status = 'running';",
    "call delembic_script_require(row_count() = 1,",
    "  'The range was lost: another run took it. See what it did with ''delembic history''');",
    `if @delembic_end then update delembic_batch set holder = null where revision = ${revision} and part = @delembic_part; end if;`,
    "commit;",
    key.set("at", "upto"),
  ];
}

/** As it stands: within a procedure too a `:range` is a condition like any other. */
function execution({ texts, aliases }: ScriptStatement, key: KeyNames): string {
  return `${
    texts.map((part, index) => index === 0 ? part : key.between("at", "upto", aliases[index - 1]) + part).join("")
  };`;
}
