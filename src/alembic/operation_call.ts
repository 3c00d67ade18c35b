/**
 * What a call of `op.…`, or of the same within `batch_alter_table`, does to the schema.
 *
 * @module
 */

import type { SchemaChange, TableRef } from "./operation.ts";
import { columnOf, isTrue, keyPartsOf, sqlOf, tablePartsOf, typeOf } from "./operation_column.ts";
import {
  lastName,
  type OpArguments,
  type OpBatch,
  type OpValue,
  textOfValue,
  textsOfValue,
} from "./operation_value.ts";

/** Calls that do nothing to the schema. */
const SILENT = new Set([
  "get_bind",
  "get_context",
  "f",
  "inline_literal",
  "batch_alter_table",
  "register_operation",
  "implementation_for",
]);

/** Changes that no row minds, with the place of the table among their arguments. */
const HARMLESS: Readonly<Record<string, number | undefined>> = {
  drop_index: 1,
  drop_constraint: 1,
  create_table_comment: 0,
  drop_table_comment: 0,
};

/** What a call is given, by the names that Alembic has for it. */
class Given {
  readonly #given: OpArguments;
  readonly #batch: OpBatch | undefined;
  /** What could not be read. */
  readonly unread: string[] = [];

  constructor(given: OpArguments, batch: OpBatch | undefined) {
    this.#given = given;
    this.#batch = batch;
  }

  get inBatch(): boolean {
    return this.#batch !== undefined;
  }

  /** By name, or by place; within a batch the table is not among the arguments. */
  value(name: string, at: number, inBatch = at): OpValue | undefined {
    return this.#given.named.get(name) ?? this.#given.positional[this.inBatch ? inBatch : at];
  }

  named(name: string): OpValue | undefined {
    return this.#given.named.get(name);
  }

  rest(from: number): OpArguments {
    return { ...this.#given, positional: this.#given.positional.slice(from) };
  }

  text(name: string, at: number, inBatch = at): string {
    const found = textOfValue(this.value(name, at, inBatch));
    if (found === undefined) this.unread.push(name);
    return found ?? "";
  }

  texts(name: string, at: number, inBatch = at): string[] {
    const found = textsOfValue(this.value(name, at, inBatch));
    if (found === undefined) this.unread.push(name);
    return found ?? [];
  }

  /** The table that is concerned: the batch's, or one of the arguments. */
  table(name: string, at: number, schema = "schema"): TableRef {
    const value = this.#batch?.table ?? this.value(name, at);
    const found = textOfValue(value);
    if (found === undefined) this.unread.push(name);
    return { schema: this.schema(this.#batch?.schema ?? this.named(schema)), name: found ?? "" };
  }

  schema(value: OpValue | undefined): string | undefined {
    if (value !== undefined && value.kind !== "text" && value.kind !== "none") this.unread.push("schema");
    return textOfValue(value);
  }
}

/**
 * The change that one call makes; `undefined` when it makes none.
 *
 * @param name of the method: `add_column`
 */
export function changeOf(name: string, given: OpArguments, batch: OpBatch | undefined): SchemaChange | undefined {
  if (SILENT.has(name)) return undefined;
  const read = new Given(given, batch);
  const change = changeBy(name, read);
  if (read.unread.length === 0) return change;
  return {
    kind: "unread",
    what: `op.${name}`,
    why: `its ${read.unread.join(" and ")} cannot be known without running it`,
  };
}

function changeBy(name: string, given: Given): SchemaChange | undefined {
  switch (name) {
    case "add_column":
      return addColumn(given);
    case "drop_column":
      return { kind: "drop-column", table: given.table("table_name", 0), column: given.text("column_name", 1, 0) };
    case "alter_column":
      return alterColumn(given);
    case "create_table":
      return { kind: "create-table", table: given.table("table_name", 0), ...tablePartsOf(given.rest(1)) };
    case "drop_table":
      return { kind: "drop-table", table: given.table("table_name", 0) };
    case "rename_table":
      return {
        kind: "rename-table",
        table: given.table("old_table_name", 0),
        newName: given.text("new_table_name", 1),
      };
    case "create_foreign_key":
      return foreignKey(given);
    case "create_index":
      return index(given);
    case "create_unique_constraint":
    case "create_primary_key":
      return uniqueConstraint(given, name === "create_primary_key");
    case "create_check_constraint":
      return checkConstraint(given);
    case "execute":
      return { kind: "execute", sql: sqlOf(given.value("sqltext", 0)) };
    case "bulk_insert":
      return { kind: "insert", table: insertedTable(given.value("table", 0)) };
    default: {
      if (!Object.hasOwn(HARMLESS, name)) {
        return { kind: "unread", what: `op.${name}`, why: "what it does is not known here" };
      }
      const table = given.value("table_name", HARMLESS[name] ?? 0);
      const known = textOfValue(table);
      return {
        kind: "harmless",
        what: name,
        table: known === undefined ? undefined : { schema: undefined, name: known },
      };
    }
  }
}

function addColumn(given: Given): SchemaChange {
  const table = given.table("table_name", 0);
  const column = columnOf(given.value("column", 1, 0));
  if (column !== undefined) return { kind: "add-column", table, column };
  given.unread.push("column");
  return { kind: "drop-column", table, column: "" };
}

function alterColumn(given: Given): SchemaChange {
  const nullable = given.named("nullable");
  const newName = given.named("new_column_name");
  if (newName !== undefined && newName.kind !== "text" && newName.kind !== "none") given.unread.push("new_column_name");
  if (nullable !== undefined && nullable.kind !== "boolean" && nullable.kind !== "none") given.unread.push("nullable");
  const using = given.named("postgresql_using");
  return {
    kind: "alter-column",
    table: given.table("table_name", 0),
    column: given.text("column_name", 1, 0),
    nullable: nullable?.kind === "boolean" ? nullable.value : undefined,
    newName: textOfValue(newName),
    type: typeOf(given.named("type_")),
    existingType: typeOf(given.named("existing_type")),
    converted: using !== undefined && using.kind !== "none",
  };
}

function foreignKey(given: Given): SchemaChange {
  const table = given.table("source_table", 1, "source_schema");
  const target = given.text("referent_table", 2, 1);
  return {
    kind: "create-foreign-key",
    table,
    columns: given.texts("local_cols", 3, 2),
    target: { schema: given.schema(given.named("referent_schema")), name: target },
    targetColumns: given.texts("remote_cols", 4, 3),
  };
}

function index(given: Given): SchemaChange {
  const table = given.table("table_name", 1);
  const unique = given.named("unique") ?? given.value("unique", 4, 99);
  if (unique !== undefined && unique.kind !== "boolean") given.unread.push("unique");
  if (!isTrue(unique)) return { kind: "harmless", what: "create_index", table };
  const where = ["postgresql_where", "sqlite_where"].map((name) => given.named(name)).find((value) =>
    value !== undefined
  );
  return { ...uniqueOn(given, table, false), where: where === undefined ? undefined : sqlOf(where) ?? "" };
}

function uniqueConstraint(given: Given, primary: boolean): SchemaChange {
  return uniqueOn(given, given.table("table_name", 1), primary);
}

function uniqueOn(given: Given, table: TableRef, primary: boolean) {
  const name = textOfValue(given.value("constraint_name", 0) ?? given.value("index_name", 0));
  const parts = keyPartsOf(given.value("columns", 2, 1));
  if (parts === undefined) given.unread.push("columns");
  return { kind: "create-unique", name, table, parts: parts ?? [], primary, where: undefined } as const;
}

function checkConstraint(given: Given): SchemaChange {
  return {
    kind: "create-check",
    name: textOfValue(given.value("constraint_name", 0)),
    table: given.table("table_name", 1),
    condition: sqlOf(given.value("condition", 2, 1)),
  };
}

/** The table of `op.bulk_insert(sa.table("country", …), …)`. */
function insertedTable(value: OpValue | undefined): string | undefined {
  if (value?.kind !== "call") return undefined;
  if (lastName(value) === "table" || lastName(value) === "Table" || lastName(value) === "create_table") {
    return textOfValue(value.given.positional[0]);
  }
  return undefined;
}
