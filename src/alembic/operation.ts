/**
 * What an Alembic script does to the schema: its `op.*` calls as values. They are read by
 * `src/alembic/operation_reader.ts`, never run.
 *
 * @module
 */

import type { Place } from "../errors.ts";

/** A table by its name, and its schema where one is named. */
export interface TableRef {
  readonly schema: string | undefined;
  readonly name: string;
}

/** How values of a type are compared and converted; `other` where this is not known. */
export type TypeKind =
  | "text"
  | "integer"
  | "decimal"
  | "float"
  | "boolean"
  | "date"
  | "datetime"
  | "time"
  | "uuid"
  | "json"
  | "bytes"
  | "enum"
  | "other";

export interface ColumnType {
  readonly kind: TypeKind;
  /** As it stands: `sa.String(50)`. */
  readonly text: string;
  /** The most characters of a text. */
  readonly length?: number | undefined;
  /** Bits of an integer. */
  readonly bits?: number | undefined;
  readonly precision?: number | undefined;
  readonly scale?: number | undefined;
  /** The values of an enumeration, where they are known. */
  readonly values?: readonly string[] | undefined;
}

export interface ColumnSpec {
  readonly name: string;
  readonly type: ColumnType | undefined;
  /** `undefined` where it is not known. */
  readonly nullable: boolean | undefined;
  /** Whether the database gives a value to rows that are there: a server default, an identity, a computed column. */
  readonly filled: boolean;
  readonly primaryKey: boolean;
  readonly unique: boolean;
  /** The value of `default=`, which SQLAlchemy gives to new rows alone, where it is a literal. */
  readonly clientDefault: string | number | boolean | undefined;
  /** `table.column`, as `ForeignKey` names it. */
  readonly references: readonly string[];
}

/** A column of an index, or what is computed of columns. */
export interface KeyPart {
  readonly text: string;
  readonly isColumn: boolean;
}

export type SchemaChange =
  | { readonly kind: "add-column"; readonly table: TableRef; readonly column: ColumnSpec }
  | { readonly kind: "drop-column"; readonly table: TableRef; readonly column: string }
  | {
    readonly kind: "alter-column";
    readonly table: TableRef;
    readonly column: string;
    /** Each `undefined` where it stays as it is. */
    readonly nullable: boolean | undefined;
    readonly newName: string | undefined;
    readonly type: ColumnType | undefined;
    readonly existingType: ColumnType | undefined;
    /** Whether an expression says how PostgreSQL converts the values: `postgresql_using`. */
    readonly converted: boolean;
  }
  | {
    readonly kind: "create-table";
    readonly table: TableRef;
    readonly columns: readonly ColumnSpec[];
    readonly primaryKey: readonly string[];
    readonly unique: readonly (readonly string[])[];
    readonly foreignKeys: readonly ForeignKeySpec[];
    /** Whether there may be more columns than those that could be read. */
    readonly open: boolean;
  }
  | { readonly kind: "drop-table"; readonly table: TableRef }
  | { readonly kind: "rename-table"; readonly table: TableRef; readonly newName: string }
  | ({ readonly kind: "create-foreign-key"; readonly table: TableRef } & ForeignKeySpec)
  | {
    readonly kind: "create-unique";
    readonly name: string | undefined;
    readonly table: TableRef;
    readonly parts: readonly KeyPart[];
    readonly primary: boolean;
    /** The condition of a partial index, where it has one; empty where it is not known. */
    readonly where: string | undefined;
  }
  | {
    readonly kind: "create-check";
    readonly name: string | undefined;
    readonly table: TableRef;
    readonly condition: string | undefined;
  }
  /** SQL that the script runs by itself; `undefined` where it is not a literal. */
  | { readonly kind: "execute"; readonly sql: string | undefined }
  | { readonly kind: "insert"; readonly table: string | undefined }
  /** Nothing that rows could mind: an index, a comment, a constraint that goes. */
  | { readonly kind: "harmless"; readonly what: string; readonly table: TableRef | undefined }
  /** Something that may change the schema, and was not understood. */
  | { readonly kind: "unread"; readonly what: string; readonly why: string };

export interface ForeignKeySpec {
  readonly columns: readonly string[];
  readonly target: TableRef;
  /** Empty: the primary key. */
  readonly targetColumns: readonly string[];
}

/** One change, and where it is written. */
export type SchemaOperation = SchemaChange & {
  readonly place: Required<Pick<Place, "file" | "line">>;
  /** Why it may not happen, `if bind.dialect.name == "mysql"`; `undefined` where it always does. */
  readonly onlyIf: string | undefined;
  /** Whether the script says that no data work is needed: `# delembic: no data`. */
  readonly noData: boolean;
};

/** What one script does. */
export interface ScriptOperations {
  readonly operations: readonly SchemaOperation[];
  /** Names of tables of our own ledger stand in it: it looks by itself what was applied. */
  readonly guarded: boolean;
}

/** A table as people write it. */
export function tableText({ schema, name }: TableRef): string {
  return schema === undefined ? name : `${schema}.${name}`;
}

/** Whether two names are of one table. */
export function sameTable(a: TableRef, b: TableRef): boolean {
  return a.name === b.name && a.schema === b.schema;
}
