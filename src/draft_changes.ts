/**
 * From what Alembic's scripts do to the schema to what the data will need. Pure.
 *
 * @module
 */

import { type SchemaOperation, type ScriptOperations, type TableRef, tableText } from "./alembic/operation.ts";
import type { DialectName } from "./db/database.ts";
import { conversionOf } from "./draft_conversion.ts";
import { isReference, seedColumns } from "./draft_lookup.ts";
import type { DroppedColumn, FillNeed, Need, NeedWork, Obstacle, Remark, SchemaReading } from "./draft_need.ts";
import { pairSources } from "./draft_rename.ts";
import { SchemaState } from "./draft_schema.ts";
import { ownWork } from "./draft_own_work.ts";

/** One Alembic revision, in an order in which each comes after what it needs. */
export interface RevisionStep extends ScriptOperations {
  readonly revision: string;
  /** What comes right before it. */
  readonly down: readonly string[];
  /** Whether its changes are to be looked at; those of the others only tell what the tables are. */
  readonly inSpan: boolean;
}

/** What the changes within the span mean for the data. */
export function readChanges(steps: readonly RevisionStep[], dialect: DialectName): SchemaReading {
  const reader = new ChangeReader(dialect);
  for (const step of steps) reader.step(step);
  return reader.finish();
}

class ChangeReader {
  readonly #dialect: DialectName;
  readonly #schema = new SchemaState();
  #needs: Need[] = [];
  readonly #obstacles: Obstacle[] = [];
  readonly #remarks: Remark[] = [];
  readonly #unread: Remark[] = [];
  readonly #dropped: DroppedColumn[] = [];
  readonly #lineage = new Map<string, readonly string[]>();
  /** Tables that scripts put rows into. */
  readonly #seeded = new Set<string>();
  #step: RevisionStep = { revision: "", down: [], inSpan: false, operations: [], guarded: false };

  constructor(dialect: DialectName) {
    this.#dialect = dialect;
  }

  step(step: RevisionStep): void {
    this.#step = step;
    this.#lineage.set(step.revision, step.down);
    for (const operation of step.operations) {
      if (step.inSpan) this.#look(operation);
      this.#schema.apply(operation, step.revision);
    }
  }

  finish(): SchemaReading {
    const { needs, obstacles } = pairSources(this.#needs, this.#dropped, this.#lineage);
    const seeds = (need: Need) =>
      need.kind !== "seed" ||
      (!this.#seeded.has(tableText(need.table)) && isReference(this.#schema, need.table));
    return {
      needs: needs.filter(seeds),
      obstacles: [...this.#obstacles, ...obstacles],
      remarks: this.#remarks,
      unread: this.#unread,
    };
  }

  #look(operation: SchemaOperation): void {
    switch (operation.kind) {
      case "add-column":
        return this.#addColumn(operation);
      case "drop-column":
        return this.#dropColumn(operation);
      case "alter-column":
        return this.#alterColumn(operation);
      case "create-table": {
        const table = this.#schema.table(operation.table);
        if (table.createdIn !== undefined || operation.open) return;
        const columns = seedColumns(operation);
        if (columns !== undefined && !operation.noData) {
          const need = this.#need(operation, operation.table, { kind: "seed", columns });
          this.#needs.push({ ...need, primaryKey: operation.primaryKey, after: [this.#step.revision], before: [] });
        }
        return;
      }
      case "drop-table":
        return this.#dropTable(operation);
      case "rename-table":
        this.#remark(operation, `${tableText(operation.table)} becomes ${operation.newName}, and keeps its rows`);
        return this.#close(operation.table);
      case "create-foreign-key":
        return this.#foreignKey(operation);
      case "create-unique":
        return this.#unique(operation);
      case "create-check":
        return this.#check(operation);
      case "execute":
        return this.#execute(operation);
      case "insert":
        if (operation.table !== undefined) this.#seeded.add(operation.table);
        return this.#remark(operation, `the script puts rows into ${operation.table ?? "a table"} by itself`);
      case "unread":
        this.#unread.push({ place: operation.place, message: `${operation.what}: ${operation.why}` });
    }
  }

  #remark({ place }: SchemaOperation, message: string): void {
    this.#remarks.push({ place, message });
  }

  /** A need that has to be met before the script of this step. */
  #need(operation: SchemaOperation, ref: TableRef, work: NeedWork): Need {
    const { primaryKey, open } = this.#schema.table(ref);
    return {
      place: operation.place,
      revision: this.#step.revision,
      onlyIf: operation.onlyIf,
      table: ref,
      primaryKey,
      keyless: !open && primaryKey.length === 0,
      after: this.#step.down,
      before: [this.#step.revision],
      ...work,
    };
  }

  /** Whether the script says that there is no need, or looks after it by itself. */
  #isExcused(operation: SchemaOperation): boolean {
    if (operation.noData) this.#remark(operation, "no data, says the script");
    else if (this.#step.guarded) this.#remark(operation, "the script has a guard of its own");
    return operation.noData || this.#step.guarded;
  }

  #require(operation: SchemaOperation, ref: TableRef, work: NeedWork): Need | undefined {
    if (this.#isExcused(operation)) return undefined;
    const need = this.#need(operation, ref, work);
    this.#needs.push(need);
    return need;
  }

  #addColumn(operation: Extract<SchemaOperation, { kind: "add-column" }>): void {
    const { table, column } = operation;
    // a table of the same revision has no rows yet
    if (this.#schema.table(table).createdIn === this.#step.revision) return;
    if (column.filled) {
      return this.#remark(operation, `${tableText(table)}.${column.name} is added with a value from the database`);
    }
    if (operation.noData) return this.#remark(operation, "no data, says the script");
    if (column.nullable === false) {
      const name = `${tableText(table)}.${column.name}`;
      return this.#obstacle(
        operation,
        `${name} is added as NOT NULL without a server default, which a table with rows refuses`,
        "Split the revision: add the column with nullable=True, and set nullable=False in the next one; the backfill goes between.",
      );
    }
    this.#needs.push({
      ...this.#need(operation, table, {
        kind: "fill",
        column: column.name,
        type: column.type,
        notNull: undefined,
        added: true,
        unique: column.unique,
        standard: column.clientDefault,
        sources: [],
        renamed: false,
      }),
      after: [this.#step.revision],
      before: [],
    });
  }

  #obstacle({ place }: SchemaOperation, message: string, hint: string): void {
    this.#obstacles.push({ place, revision: this.#step.revision, message, hint });
  }

  #fillOf(table: TableRef, column: string): FillNeed | undefined {
    const open = this.#needs.filter((need): need is FillNeed => need.kind === "fill");
    return open.find((need) =>
      need.column === column && tableText(need.table) === tableText(table) && need.before.length === 0
    );
  }

  #forget(need: Need): void {
    this.#needs = this.#needs.filter((other) => other !== need);
  }

  #alterColumn(operation: Extract<SchemaOperation, { kind: "alter-column" }>): void {
    const { table, column, nullable, newName, type } = operation;
    const state = this.#schema.table(table);
    const isNew = state.createdIn === this.#step.revision;
    if (nullable === false && this.#schema.column(table, column).nullable !== false && !isNew) {
      this.#becomesNotNull(operation);
    }
    if (type !== undefined && !isNew) this.#convert(operation);
    if (newName === undefined) return;
    this.#remark(operation, `${tableText(table)}.${column} becomes ${newName}, and keeps its values`);
    this.#close(table, column);
  }

  #becomesNotNull(operation: Extract<SchemaOperation, { kind: "alter-column" }>): void {
    const { table, column } = operation;
    const name = `${tableText(table)}.${column}`;
    const state = this.#schema.column(table, column);
    // filled by the database when it was added, or by the script itself
    if (state.filled || this.#filledHere.has(`${this.#step.revision} ${name}`)) return;
    const fill = this.#fillOf(table, column);
    if (fill !== undefined && fill.after.includes(this.#step.revision)) {
      this.#forget(fill);
      if (operation.noData) return;
      if (this.#opaque.has(this.#step.revision)) {
        return this.#remark(operation, `${name} becomes NOT NULL; SQL of the script that is not read may fill it`);
      }
      return this.#obstacle(
        operation,
        `${name} is added and becomes NOT NULL in one revision: nothing can be put between`,
        "Split it in two revisions, with the backfill between them; or fill the column in the script, by op.execute.",
      );
    }
    if (this.#isExcused(operation)) return;
    if (fill !== undefined) {
      fill.notNull = operation.place;
      fill.before = [this.#step.revision];
      return;
    }
    this.#require(operation, table, {
      kind: "fill",
      column,
      type: operation.type ?? operation.existingType ?? state.type,
      notNull: operation.place,
      added: false,
      unique: false,
      standard: undefined,
      sources: [],
      renamed: false,
    });
  }

  /** `REVISION table.column` of what scripts fill by themselves. */
  readonly #filledHere = new Set<string>();
  /** Revisions whose scripts run SQL that is not read. */
  readonly #opaque = new Set<string>();

  #convert(operation: Extract<SchemaOperation, { kind: "alter-column" }>): void {
    const { table, column, type, existingType, converted } = operation;
    if (type === undefined) return;
    const from = existingType ?? this.#schema.column(table, column).type;
    const conversion = conversionOf(from, type, { column, dialect: this.#dialect });
    const name = `${tableText(table)}.${column}`;
    if (conversion === "safe") return this.#remark(operation, `${name} becomes ${type.text}, which takes every value`);
    if (converted && this.#dialect === "postgresql") {
      return this.#remark(operation, `${name} becomes ${type.text}, converted by postgresql_using`);
    }
    this.#require(operation, table, { kind: "conversion", column, from, to: type });
  }

  #dropColumn(operation: Extract<SchemaOperation, { kind: "drop-column" }>): void {
    const { table, column } = operation;
    const state = this.#schema.column(table, column);
    const fill = this.#fillOf(table, column);
    if (fill !== undefined) this.#forget(fill);
    this.#close(table, column);
    if (state.addedIn === this.#step.revision) return;
    const need = this.#require(operation, table, { kind: "archive", column });
    if (need === undefined) return;
    const { place } = operation;
    const moved = this.#movedHere.has(`${this.#step.revision} ${tableText(table)}.${column}`);
    if (moved) {
      this.#forget(need);
      return this.#remark(
        operation,
        `${tableText(table)}.${column} is dropped, behind SQL of the script that reads it`,
      );
    }
    const position = [...this.#schema.table(table).columns.keys()].indexOf(column);
    const { revision } = this.#step;
    this.#dropped.push({ table, need, name: column, kind: state.type?.kind, position, revision, place });
  }

  readonly #movedHere = new Set<string>();

  #dropTable(operation: Extract<SchemaOperation, { kind: "drop-table" }>): void {
    const { table } = operation;
    const state = this.#schema.table(table);
    this.#needs = this.#needs.filter((need) => need.kind !== "seed" || tableText(need.table) !== tableText(table));
    this.#close(table);
    if (state.createdIn === this.#step.revision) return;
    const moved = [...this.#movedHere].some((key) => key === `${this.#step.revision} ${tableText(table)}`);
    if (moved) return this.#remark(operation, `${tableText(table)} is dropped, behind SQL of the script that reads it`);
    this.#require(operation, table, { kind: "archive", column: undefined });
  }

  /** What is still open has to be done before this step, which changes the names that it uses. */
  #close(table: TableRef, column?: string): void {
    for (const need of this.#needs) {
      if (need.before.length > 0 || tableText(need.table) !== tableText(table)) continue;
      const uses = column === undefined || (need.kind === "fill" && need.column === column) ||
        need.primaryKey.includes(column);
      if (!uses) continue;
      need.before = [this.#step.revision];
      if (need.after.includes(this.#step.revision)) this.#forget(need);
    }
  }

  #foreignKey(operation: Extract<SchemaOperation, { kind: "create-foreign-key" }>): void {
    const { table, columns, target } = operation;
    const state = this.#schema.table(table);
    if (state.createdIn === this.#step.revision || this.#areNew(table, columns)) return;
    const targetColumns = operation.targetColumns.length > 0
      ? operation.targetColumns
      : this.#schema.table(target).primaryKey;
    if (targetColumns.length !== columns.length) {
      const message = `the foreign key of ${tableText(table)}: the columns that it refers to are not known`;
      this.#unread.push({ place: operation.place, message });
      return;
    }
    const nullable = columns.every((name) => state.columns.get(name)?.nullable !== false);
    this.#require(operation, table, { kind: "orphans", columns, target, targetColumns, nullable });
  }

  /** Whether one of the columns is of this very revision, and so has no values. */
  #areNew(table: TableRef, columns: readonly string[]): boolean {
    return columns.some((name) => this.#schema.table(table).columns.get(name)?.addedIn === this.#step.revision);
  }

  #unique(operation: Extract<SchemaOperation, { kind: "create-unique" }>): void {
    const { table, parts, primary, where } = operation;
    const columns = parts.filter(({ isColumn }) => isColumn).map(({ text }) => text);
    const state = this.#schema.table(table);
    if (state.createdIn === this.#step.revision || this.#areNew(table, columns)) return;
    if (where === "") {
      const message = `the unique index of ${tableText(table)}: its condition cannot be known without running it`;
      this.#unread.push({ place: operation.place, message });
      return;
    }
    this.#require(operation, table, { kind: "duplicates", parts, primary, where });
  }

  #check(operation: Extract<SchemaOperation, { kind: "create-check" }>): void {
    const { table, condition } = operation;
    if (this.#schema.table(table).createdIn === this.#step.revision) return;
    if (condition === undefined) {
      const message = `the check of ${tableText(table)}: its condition is no literal`;
      this.#unread.push({ place: operation.place, message });
      return;
    }
    this.#require(operation, table, { kind: "violations", condition });
  }

  /** SQL of the script: what it fills or moves by itself needs nothing from us. */
  #execute(operation: Extract<SchemaOperation, { kind: "execute" }>): void {
    const { sql, place } = operation;
    const own = sql === undefined ? undefined : ownWork(sql);
    if (own === undefined) {
      this.#opaque.add(this.#step.revision);
      const message = sql === undefined
        ? "SQL that is no literal"
        : `SQL that is not looked into: ${sql.trim().replace(/\s+/g, " ").slice(0, 60)}`;
      this.#unread.push({ place, message });
      return;
    }
    if (own.message !== "") this.#remark(operation, own.message);
    if (own.seeds !== undefined) this.#seeded.add(own.seeds);
    for (const { ref, columns } of this.#schema.tables()) {
      const mentioned = own.mentions(ref.name);
      if (mentioned) this.#movedHere.add(`${this.#step.revision} ${tableText(ref)}`);
      for (const name of columns.keys()) {
        const key = `${this.#step.revision} ${tableText(ref)}.${name}`;
        if (mentioned && own.mentions(name)) this.#movedHere.add(key);
        if (own.fills !== ref.name || !own.sets(name)) continue;
        this.#filledHere.add(key);
        const fill = this.#fillOf(ref, name);
        if (fill !== undefined) this.#forget(fill);
      }
    }
  }
}
