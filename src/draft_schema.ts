/**
 * The tables as Alembic's scripts make them, one revision after another.
 *
 * @module
 */

import {
  type ColumnSpec,
  type ColumnType,
  type ForeignKeySpec,
  type SchemaOperation,
  type TableRef,
  tableText,
} from "./alembic/operation.ts";
import { targetOf } from "./alembic/operation_column.ts";

export interface ColumnState {
  name: string;
  type: ColumnType | undefined;
  nullable: boolean | undefined;
  readonly filled: boolean;
  /** The revision that added it; `undefined` where no script was seen that did. */
  readonly addedIn: string | undefined;
}

export interface TableState {
  ref: TableRef;
  readonly columns: Map<string, ColumnState>;
  readonly primaryKey: readonly string[];
  foreignKeys: readonly ForeignKeySpec[];
  /** Whether it may have columns that are not known. */
  readonly open: boolean;
  readonly createdIn: string | undefined;
}

/** Changes with each operation; a table that no script created is taken for one that is there. */
export class SchemaState {
  readonly #tables = new Map<string, TableState>();

  table(ref: TableRef): TableState {
    const key = tableText(ref);
    const found = this.#tables.get(key);
    if (found !== undefined) return found;
    const made = { ref, columns: new Map(), primaryKey: [], foreignKeys: [], open: true, createdIn: undefined };
    this.#tables.set(key, made);
    return made;
  }

  tables(): readonly TableState[] {
    return [...this.#tables.values()];
  }

  column(ref: TableRef, name: string): ColumnState {
    const { columns } = this.table(ref);
    const found = columns.get(name);
    if (found !== undefined) return found;
    const made = { name, type: undefined, nullable: undefined, filled: false, addedIn: undefined };
    columns.set(name, made);
    return made;
  }

  /** Takes one operation of a revision's script over. */
  apply(operation: SchemaOperation, revision: string): void {
    switch (operation.kind) {
      case "create-table":
        this.#tables.set(tableText(operation.table), created(operation, revision));
        return;
      case "drop-table":
        this.#tables.delete(tableText(operation.table));
        return;
      case "rename-table": {
        const table = this.table(operation.table);
        this.#tables.delete(tableText(operation.table));
        table.ref = { ...operation.table, name: operation.newName };
        this.#tables.set(tableText(table.ref), table);
        return;
      }
      case "add-column": {
        const table = this.table(operation.table);
        table.columns.set(operation.column.name, stateOf(operation.column, revision));
        table.foreignKeys = [...table.foreignKeys, ...keysOf(operation.column)];
        return;
      }
      case "drop-column":
        this.table(operation.table).columns.delete(operation.column);
        return;
      case "alter-column":
        return this.#alter(operation);
      case "create-foreign-key": {
        const table = this.table(operation.table);
        table.foreignKeys = [...table.foreignKeys, operation];
        return;
      }
    }
  }

  #alter({ table, column: name, nullable, newName, type }: Extract<SchemaOperation, { kind: "alter-column" }>): void {
    const column = this.column(table, name);
    if (nullable !== undefined) column.nullable = nullable;
    if (type !== undefined) column.type = type;
    if (newName === undefined) return;
    const { columns } = this.table(table);
    columns.delete(name);
    column.name = newName;
    columns.set(newName, column);
  }
}

function created(operation: Extract<SchemaOperation, { kind: "create-table" }>, revision: string): TableState {
  const { table, columns, primaryKey, foreignKeys, open } = operation;
  return {
    ref: table,
    columns: new Map(columns.map((column) => [column.name, stateOf(column, revision)])),
    primaryKey,
    foreignKeys: [...foreignKeys, ...columns.flatMap(keysOf)],
    open,
    createdIn: revision,
  };
}

function stateOf({ name, type, nullable, filled }: ColumnSpec, revision: string): ColumnState {
  return { name, type, nullable, filled, addedIn: revision };
}

function keysOf({ name, references }: ColumnSpec): ForeignKeySpec[] {
  return references.map((text) => {
    const { table, column } = targetOf(text);
    return { columns: [name], target: table, targetColumns: [column] };
  });
}
