/**
 * Where the rows of a load go: into the table itself, or over a temporary one where their key may be there already.
 *
 * @module
 */

import { type ColumnPlan, conflictKey } from "./bulk_columns.ts";
import type { LoadOptions } from "./bulk_options.ts";
import type { BulkSql, Merge } from "./db/bulk_sql.ts";
import type { TableShape } from "./db/catalog.ts";
import { type BulkLoad, DatabaseError, type Session } from "./db/database.ts";
import { DelembicError } from "./errors.ts";

export interface TargetOptions {
  readonly session: Session;
  readonly sql: BulkSql;
  readonly shape: TableShape;
  readonly plan: ColumnPlan;
  readonly options: Pick<LoadOptions, "onConflict" | "key" | "replace">;
}

/** Takes rows in one or several parts. */
export class LoadTarget {
  readonly #session: Session;
  readonly #sql: BulkSql;
  readonly #shape: TableShape;
  readonly #columns: readonly string[];
  readonly #replace: boolean;
  readonly #merge: Merge | undefined;
  readonly #updates: boolean;

  /** @throws {DelembicError} when the key is none */
  constructor({ session, sql, shape, plan, options }: TargetOptions) {
    this.#session = session;
    this.#sql = sql;
    this.#shape = shape;
    this.#columns = plan.columns.map(({ name }) => name);
    this.#replace = options.replace ?? false;
    this.#updates = options.onConflict === "update";
    this.#merge = (options.onConflict ?? "error") === "error" ? undefined : mergeOf(shape, plan, options.key);
  }

  /** Empties the table if it is to be, not by `TRUNCATE`, which MySQL would commit; makes the temporary table. */
  async prepare(): Promise<void> {
    if (this.#replace) await this.#empty();
    if (this.#merge === undefined) return;
    for (const statement of this.#sql.createStage(this.#merge)) await this.#session.query(statement);
  }

  async #empty(): Promise<void> {
    const table = this.#shape.path.map(this.#session.dialect.quoteId).join(".");
    try {
      await this.#session.query(`delete from ${table}`);
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.kind !== "other") throw error;
      throw new DelembicError(`Cannot empty the table ${this.#shape.path.join(".")} for the load: ${error.message}`, {
        code: "load-replace",
        hint: 'If rows of other tables refer to its rows, say onConflict: "update" in place of replace: true, ' +
          "or delete those before.",
        cause: error,
      });
    }
  }

  /** @returns how many rows were taken, and how many of them added or changed */
  async add(data: BulkLoad["data"]): Promise<{ readonly taken: number; readonly loaded: number }> {
    const columns = this.#columns;
    const merge = this.#merge;
    if (merge === undefined) {
      const taken = await this.#session.load({ table: this.#shape.path, columns, data });
      return { taken, loaded: taken };
    }
    const taken = await this.#session.load({ table: [merge.stage], columns, data });
    let count = 0;
    for (const statement of this.#updates ? this.#sql.update(merge) : this.#sql.skip(merge)) {
      ({ count } = await this.#session.query(statement));
    }
    return { taken, loaded: this.#updates ? taken : count };
  }

  /** Makes room for the next part. */
  async clear(): Promise<void> {
    if (this.#merge === undefined) return;
    await this.#session.query(`delete from ${this.#session.dialect.quoteId(this.#merge.stage)}`);
  }

  async finish(): Promise<void> {
    if (this.#merge !== undefined) await this.#session.query(this.#sql.dropStage(this.#merge.stage));
  }
}

function mergeOf(shape: TableShape, { columns }: ColumnPlan, wanted: LoadOptions["key"]): Merge {
  const key = conflictKey(shape, wanted, columns);
  return {
    table: shape.path,
    stage: `delembic_load_${crypto.randomUUID().slice(0, 8)}`,
    columns: columns.map(({ name }) => name),
    key: columns.filter(({ name }) => key.columns.includes(name)),
    unset: shape.columns.filter((column) => !columns.includes(column) && !column.nullable).map(({ name }) => name),
    otherKeys: shape.keys.some((other) => other !== key),
  };
}
