/**
 * Tests that show, as a user sees it, that a defect of the Python tool is none of ours.
 *
 * @module
 */

import { type Kind, type Outside, testWith } from "../support.ts";

export const ALL: readonly Kind[] = ["sqlite", "postgresql", "mysql"];

const NEEDS: Readonly<Record<Kind | "python", readonly Outside[]>> = {
  sqlite: [],
  postgresql: ["postgres"],
  mysql: ["mysql"],
  python: ["python"],
};

/**
 * Defines a test once for each database.
 *
 * @param title begins with the defect's number
 * @param on the databases, and `python` where Alembic itself takes part
 */
export function peer(
  title: string,
  on: readonly (Kind | "python")[],
  fn: (kind: Kind) => Promise<void>,
): void {
  const also = on.includes("python") ? NEEDS.python : [];
  for (const kind of ALL.filter((kind) => on.includes(kind))) {
    testWith([...NEEDS[kind], ...also], `peer ${title} (${kind})`, () => fn(kind));
  }
}

/** Durations and moments as fixed words. */
export function timeless(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)/g, "TIME")
    .replace(/\d+\.\d\ds/g, "0.00s");
}
