/**
 * Calls of a script that are no `op.…`: SQL on the connection itself, types that are created, functions of other
 * modules.
 *
 * @module
 */

import type { SchemaChange } from "./operation.ts";
import { sqlOf } from "./operation_column.ts";
import type { OpCall, OpValue } from "./operation_value.ts";

const OP_REGEXP = /^alembic\.op\.(\w+)$/;
const SQL_METHOD_REGEXP =
  /\.(?:execute|exec_driver_sql|scalar|scalars|query|add|add_all|bulk_insert_mappings|bulk_save_objects)$/;
const TYPE_METHOD_REGEXP = /\.(?:create|drop)$/;
/** Modules that have nothing to do with the schema. */
const QUIET_REGEXP = /^(?:logging|sqlalchemy|sqlmodel|time|datetime|json|os|re|sys|warnings|uuid|math|random)\b/;
const QUIET_FUNCTIONS = new Set(["print", "len", "str", "int", "list", "dict", "set", "tuple", "sorted", "isinstance"]);

/** `op` itself, or one of its operations, given to something that may call it; or all tables of a model. */
const HANDED_ON_REGEXP = /(?<![\w.])op(?:\s*[,)]|\.(?!get_bind\b|get_context\b|f\b)\w)|\.drop_all\(/;

/** The method of `alembic.op` that a name stands for. */
export function operationName(callee: OpValue): string | undefined {
  return callee.kind === "name" ? OP_REGEXP.exec(callee.path)?.[1] : undefined;
}

/** What a call that stands by itself may do to the database; `undefined` when nothing. */
export function foreignChange({ callee, given, text }: OpCall): SchemaChange | undefined {
  const name = callee.kind === "name" ? callee.path : callee.kind === "unknown" ? callee.text : "";
  if (SQL_METHOD_REGEXP.test(name)) return { kind: "execute", sql: sqlOf(given.positional[0]) };
  if (TYPE_METHOD_REGEXP.test(name)) return { kind: "harmless", what: "create or drop a type", table: undefined };
  if (callee.kind === "name") {
    return QUIET_REGEXP.test(name)
      ? undefined
      : { kind: "unread", what: text, why: "the function is of another module, which is not read" };
  }
  const why = "it is not known what it calls";
  if (HANDED_ON_REGEXP.test(text)) return { kind: "unread", what: text, why };
  // methods of what is not known: `inspector.get_columns(…)`
  if (callee.kind !== "unknown" || !/^\w+$/.test(name) || QUIET_FUNCTIONS.has(name)) return undefined;
  return { kind: "unread", what: text, why };
}
