/**
 * What the loads of a migration did, for `show` and `log`. Pure.
 *
 * @module
 */

import type { LoadRow } from "../load_ledger.ts";
import { countText, rateText } from "../numbers_text.ts";
import { secondsText } from "../seconds_text.ts";
import { columns, type Line } from "./text.ts";

/** A table of loads: the rows of the source, what became of them, and how many the table had before and after. */
export function loadLines(loads: readonly LoadRow[]): Line[] {
  return columns([
    ["TABLE", "FROM", "READ", "LOADED", "LEFT OUT", "REJECTED", "BEFORE", "AFTER", "TOOK", "ROWS/S"],
    ...loads.map(({ table, source, report, before, after }) => [
      table,
      source,
      ...[report.read, report.loaded, report.skipped, report.rejected].map(countText),
      rowCountText(before),
      rowCountText(after),
      secondsText(report.seconds),
      report.seconds > 0 ? rateText(report.read / report.seconds) : "",
    ]),
  ], { 1: 8 });
}

function rowCountText({ rows, exact }: LoadRow["before"]): string {
  return rows === undefined ? "?" : `${exact ? "" : "about "}${countText(rows)}`;
}

/** The same for programs. */
export function loadMember({ table, source, report, before, after }: LoadRow): Record<string, unknown> {
  const { read, loaded, skipped, rejected, seconds } = report;
  return {
    table,
    source,
    ...{ read, loaded, skipped, rejected, durationSeconds: seconds },
    before: countMember(before),
    after: countMember(after),
  };
}

function countMember({ rows, exact }: LoadRow["before"]): Record<string, unknown> {
  return { rows: rows ?? null, exact };
}
