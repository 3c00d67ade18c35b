/**
 * Which attempts somebody asks for, as a condition on `delembic_run_history`. Pure.
 *
 * @module
 */

import type { Dialect } from "./db/database.ts";

/** Which attempts; all that is given has to be so. */
export interface RunFilter {
  readonly revision?: string | undefined;
  readonly status?: string | undefined;
  /** Somewhere in the revision, the error, or who did it; without regard to case. */
  readonly text?: string | undefined;
  /** Only attempts with a smaller id, for the next page. */
  readonly before?: number | undefined;
  readonly limit?: number | undefined;
}

/** The condition, with the values of its placeholders; empty where all are wanted. */
export function whereOf(
  { revision, status, text, before }: RunFilter,
  { placeholder }: Pick<Dialect, "placeholder">,
): { readonly where: string; readonly params: readonly unknown[] } {
  const params: unknown[] = [];
  const p = (value: unknown) => placeholder(params.push(value));
  const conditions = [
    ...(revision === undefined ? [] : [`revision = ${p(revision)}`]),
    ...(status === undefined ? [] : [`status = ${p(status)}`]),
    ...(text === undefined ? [] : [textCondition(text, p)]),
    ...(before === undefined ? [] : [`id < ${p(before)}`]),
  ];
  return { where: conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`, params };
}

function textCondition(text: string, p: (value: unknown) => string): string {
  // `!` escapes on all databases: MySQL would read a backslash twice
  const pattern = `%${text.toLowerCase().replace(/[!%_]/g, "!$&")}%`;
  const columns = ["revision", "exception", "username", "hostname"];
  return `(${columns.map((column) => `lower(${column}) like ${p(pattern)} escape '!'`).join(" or ")})`;
}
