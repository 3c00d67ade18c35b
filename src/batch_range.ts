/**
 * The keys of a batch as a condition in SQL. Pure.
 *
 * @module
 */

import type { Catalog, ColumnShape } from "./db/catalog.ts";
import type { Dialect } from "./db/database.ts";
import type { Range } from "./migration.ts";
import { Fragment, Identifier } from "./sql.ts";

/** The key of a walk, as conditions are made of it. */
export interface WalkKey {
  readonly columns: readonly ColumnShape[];
  readonly catalog: Pick<Catalog, "comparable">;
  readonly dialect: Pick<Dialect, "comparesRows">;
}

/** After one key (or from the beginning), up to and with another (or to the end). */
export interface KeyBounds {
  readonly after: readonly unknown[] | null;
  readonly upTo: readonly unknown[] | null;
}

/** A condition that holds for the keys within the bounds; `alias` where the table has another name. */
export function keyCondition(key: WalkKey, { after, upTo }: KeyBounds, alias?: string): Fragment {
  const conditions = [
    ...(after === null ? [] : [compared(key, ">", after, alias)]),
    ...(upTo === null ? [] : [compared(key, "<=", upTo, alias)]),
  ];
  if (conditions.length === 0) return new Fragment(["1 = 1"], []);
  return new Fragment(["(", ...conditions.slice(1).map(() => " and "), ")"], conditions);
}

type Comparison = ">" | "<=";

function compared(key: WalkKey, sign: Comparison, values: readonly unknown[], alias: string | undefined): Fragment {
  const parts = key.columns.map((column, index) => ({
    name: new Identifier(alias === undefined ? [column.name] : [alias, column.name]),
    value: comparable(key, column, values[index]),
  }));
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return new Fragment(["", ` ${sign} `, ""], [only.name, only.value]);
  if (key.dialect.comparesRows) {
    const list = (items: readonly unknown[]) => new Fragment(["(", ...items.slice(1).map(() => ", "), ")"], items);
    return new Fragment(["", ` ${sign} `, ""], [list(parts.map(({ name }) => name)), list(parts.map((p) => p.value))]);
  }
  return nested(parts, sign);
}

interface Part {
  readonly name: Identifier;
  readonly value: Fragment;
}

/**
 * `a > x or (a = x and (b > y or …))`, for databases that find no index for `(a, b) > (x, y)`; the condition on the first
 * column alone, in front, tells them where to begin.
 */
function nested(parts: readonly Part[], sign: Comparison): Fragment {
  const strict = sign === ">" ? ">" : "<";
  const loose = sign === ">" ? ">=" : "<=";
  const from = (at: number): Fragment => {
    const part = parts[at];
    if (part === undefined) return new Fragment(["1 = 1"], []);
    if (at === parts.length - 1) return new Fragment(["", ` ${sign} `, ""], [part.name, part.value]);
    const { name, value } = part;
    return new Fragment(["(", ` ${strict} `, " or (", " = ", " and ", "))"], [name, value, name, value, from(at + 1)]);
  };
  const [first] = parts;
  if (first === undefined) return new Fragment(["1 = 1"], []);
  return new Fragment(["(", ` ${loose} `, " and ", ")"], [first.name, first.value, from(0)]);
}

/** The value as its column compares it. */
function comparable({ catalog }: WalkKey, column: ColumnShape, value: unknown): Fragment {
  const mark = "\u0000";
  const [before = "", ...rest] = catalog.comparable(mark, column).split(mark);
  return new Fragment([before, ...rest], rest.map(() => value));
}

/** One batch, which stands in a template for the condition on its keys. */
export class BatchRange extends Fragment implements Range {
  readonly #key: WalkKey;
  readonly after: readonly unknown[] | null;
  readonly upTo: readonly unknown[];

  constructor(
    key: WalkKey,
    bounds: { readonly after: readonly unknown[] | null; readonly upTo: readonly unknown[] },
    readonly number: number,
    readonly size: number,
  ) {
    const { parts, values } = keyCondition(key, bounds);
    super(parts, values);
    this.#key = key;
    this.after = bounds.after;
    this.upTo = bounds.upTo;
  }

  of(alias: string): Fragment {
    return keyCondition(this.#key, this, alias);
  }
}
