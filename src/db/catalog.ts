/**
 * What a database knows of its tables: columns, keys, rough sizes. Read by plain queries; each driver has its own file,
 * loaded when it is needed.
 *
 * @module
 */

/** What the catalog is asked through: a session, or whatever stands for one. */
export interface Asker {
  query(text: string, params?: readonly unknown[]): Promise<{ readonly rows: Record<string, unknown>[] }>;
}

/** A table by its name, with its schema before it where one is said: `["staging", "person"]`. */
export type TablePath = readonly string[];

/** What a column holds, in words that the databases share. */
export type ColumnKind =
  | "integer"
  | "decimal"
  | "float"
  | "boolean"
  | "text"
  | "bytes"
  | "date"
  | "time"
  | "timestamp"
  | "interval"
  | "uuid"
  | "json"
  | "array"
  | "enum"
  | "other";

export interface ColumnShape {
  readonly name: string;
  /** The type in the database's own words: `numeric(10,2)`, `varchar(255)`. */
  readonly type: string;
  readonly kind: ColumnKind;
  readonly nullable: boolean;
  /** It gets a value by itself where none is given: a default, a sequence, an identity. */
  readonly hasDefault: boolean;
  /** It is computed, and takes no value. */
  readonly generated: boolean;
}

/** Columns whose values are unique together: the primary key, or a unique index without condition or expression. */
export interface UniqueKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly primary: boolean;
}

export interface TableShape {
  readonly path: TablePath;
  readonly columns: readonly ColumnShape[];
  /** The primary key first, where there is one. */
  readonly keys: readonly UniqueKey[];
}

/** Columns of another table that refer to this one. */
export interface Reference {
  readonly name: string;
  readonly table: TablePath;
  readonly columns: readonly string[];
  /** The columns of this table that they refer to, in the same order. */
  readonly to: readonly string[];
}

export interface Catalog {
  /** The table as an unqualified or qualified name finds it; `undefined` when there is none. Views count as tables. */
  describe(db: Asker, table: TablePath): Promise<TableShape | undefined>;
  /** Roughly how many rows there are, from statistics, cheaply; `undefined` where nothing is known. */
  estimateRows(db: Asker, table: TablePath): Promise<number | undefined>;
  /** Foreign keys that refer to the table. */
  referencesTo(db: Asker, table: TablePath): Promise<readonly Reference[]>;
  /**
   * A placeholder for a value that is compared with a column, so that the comparison is made in the column's own order
   * and by its index: MySQL would compare a text with a BIGINT or DECIMAL as floating point.
   */
  comparable(placeholder: string, column: ColumnShape): string;
}
