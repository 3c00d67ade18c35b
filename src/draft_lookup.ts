/**
 * Which tables look like reference data: small ones that others refer to, or that are named so. Pure.
 *
 * @module
 */

import { type SchemaOperation, type TableRef, tableText } from "./alembic/operation.ts";
import type { SeedColumn } from "./draft_need.ts";
import type { SchemaState } from "./draft_schema.ts";

/** A list of statuses, countries or kinds has no more columns than these. */
const MOST_COLUMNS = 6;
const LABEL_REGEXP = /^(?:code|name|label|title|key|slug|value|description|iso\w*|\w+_(?:code|name))$/i;
const TABLE_REGEXP =
  /(?:^|_)(?:types?|kinds?|status|statuses|states?|categor(?:y|ies)|roles?|permissions?|countr(?:y|ies)|currenc(?:y|ies)|languages?|locales?|units?|priorit(?:y|ies)|levels?|lookups?|enums?|codes?|reasons?|regions?)$/i;
/** Columns of people and of what happens: not of a list that ships with the program. */
const RECORD_REGEXP =
  /^(?:email|password\w*|user_id|owner_id|amount|price|balance|body|content|first_name|last_name)$/i;

/** The columns that a row of it has; `undefined` for a table that is no list. */
export function seedColumns(
  { columns, primaryKey, foreignKeys }: Extract<SchemaOperation, { kind: "create-table" }>,
): readonly SeedColumn[] | undefined {
  const isList = columns.length <= MOST_COLUMNS && primaryKey.length === 1 && foreignKeys.length === 0 &&
    columns.every(({ references }) => references.length === 0) &&
    columns.some(({ name }) => LABEL_REGEXP.test(name)) && !columns.some(({ name }) => RECORD_REGEXP.test(name));
  if (!isList) return undefined;
  return columns.map(({ name, type, nullable, filled, primaryKey: isKey }) => ({
    name,
    values: type?.values,
    required: !filled && nullable !== true && !(isKey && type?.kind === "integer"),
  }));
}

/** Whether a list is what others refer to, or is named like one. */
export function isReference(schema: SchemaState, table: TableRef): boolean {
  if (TABLE_REGEXP.test(table.name)) return true;
  const users = schema.tables().filter(({ foreignKeys }) =>
    foreignKeys.some(({ target }) => tableText(target) === tableText(table))
  );
  // two tables that refer to a list of few columns; one is the rule for any parent
  return users.length > 1;
}
