/**
 * The ledger's rows as a script writes them: those that a run would have left, with the times of the script's own run.
 * Pure.
 *
 * @module
 */

import type { TablePath } from "./db/catalog.ts";
import type { OfflineSql, Printer } from "./db/offline_sql.ts";

/** What a script's rows are made of. */
export interface LedgerInk {
  readonly offline: OfflineSql;
  readonly printer: Printer;
}

/** Opens the attempt's row of the history. */
export function openingRun(
  revision: string,
  status: "running" | "downgrading",
  { offline, printer }: LedgerInk,
): string[] {
  const { moments, text, rememberRun } = offline;
  return [
    `insert into delembic_run_history (revision, started_at, status, username, hostname)
  values (${text(revision)}, ${moments.started}, '${status}', ${moments.username(printer)}, ${
      moments.hostname(printer)
    });`,
    rememberRun,
  ];
}

export function closingRun(status: "success" | "downgraded", { moments }: OfflineSql): string {
  return `update delembic_run_history set ended_at = ${moments.now}, duration_seconds = ${moments.elapsed},
  status = '${status}' where id = ${moments.runId} and ended_at is null;`;
}

/** Before what cannot be rolled back: a script that ends within it leaves this to be settled. */
export function markingPartial({ moments }: OfflineSql): string {
  return `update delembic_run_history set status = 'partial' where id = ${moments.runId};`;
}

export interface AppliedRow {
  readonly revision: string;
  readonly checksum: string;
  readonly file: string;
}

export function recordingApplied({ revision, checksum, file }: AppliedRow, { moments, text }: OfflineSql): string[] {
  const id = text(revision);
  return [
    `delete from delembic_version where revision = ${id};`,
    `insert into delembic_version (revision, applied_at, status, execution_time_seconds)
  values (${id}, ${moments.now}, 'success', ${moments.elapsed});`,
    `delete from delembic_checksum where revision = ${id};`,
    `insert into delembic_checksum (revision, checksum, file, recorded_at)
  values (${id}, ${text(checksum)}, ${text(file)}, ${moments.now});`,
  ];
}

export function recordingUndone(revision: string, { text }: OfflineSql): string[] {
  const id = text(revision);
  return [
    `delete from delembic_version where revision = ${id};`,
    `delete from delembic_batch where revision = ${id} and kind in ('walk', 'range', 'load');`,
  ];
}

export interface WalkBeginning {
  readonly revision: string;
  readonly table: TablePath;
  readonly key: readonly string[];
  readonly checksum: string;
  readonly size: number;
}

/** The walk's row; how many rows there are is counted up to so many. */
export function beginningWalk({ revision, table, key, checksum, size }: WalkBeginning, offline: OfflineSql): string[] {
  const { text, moments } = offline;
  const id = text(revision);
  return [
    `delete from delembic_batch where revision = ${id} and kind in ('walk', 'range');`,
    `insert into delembic_batch (revision, part, kind, status, table_name, detail, rows_total, batch_size, started_at,
    updated_at)
  values (${id}, 0, 'walk', 'running', ${text(table.join("."))}, ${text(JSON.stringify({ key, checksum }))},
    ${offline.countUpTo(table, 10_000)}, ${size}, ${moments.now}, ${moments.now});`,
  ];
}

export function endingWalk(revision: string, { text, moments }: OfflineSql): string {
  return `update delembic_batch set status = 'done', message = null, waiting = null, updated_at = ${moments.now},
  ended_at = ${moments.now} where revision = ${text(revision)} and part = 0 and kind = 'walk';`;
}

export function forgettingLoads(revision: string, { text }: OfflineSql): string {
  return `delete from delembic_batch where revision = ${text(revision)} and kind = 'load';`;
}

export interface LoadRow {
  readonly revision: string;
  readonly index: number;
  readonly offline: OfflineSql;
  readonly table: TablePath;
  readonly source: string;
  readonly read: number;
  readonly mode: "error" | "skip" | "update";
  /** A table with more rows is not counted. */
  readonly most: number;
  /** What does the load. */
  readonly texts: readonly string[];
}

/** The load, between what is noted before and behind it: only the table's rows tell how many were left out. */
export function ledgerOfLoad({ revision, index, offline, table, source, read, mode, most, texts }: LoadRow): string[] {
  const { text, moments, countUpTo, concat } = offline;
  const row = `where revision = ${text(revision)} and part = ${-1 - index}`;
  const loaded = mode === "skip" ? `coalesce(rows_after - rows_before, ${read})` : String(read);
  const given = JSON.stringify({ source, read }).slice(0, -1);
  const exact = (column: string) => `case when ${column} is null then 'false' else 'true' end`;
  return [
    `insert into delembic_batch (revision, part, kind, status, table_name, rows_before)
  values (${text(revision)}, ${-1 - index}, 'load', 'done', ${text(table.join("."))}, ${countUpTo(table, most)});`,
    ...texts,
    `update delembic_batch set rows_after = ${countUpTo(table, most)} ${row};`,
    `update delembic_batch set rows_done = ${loaded}, detail = ${
      concat([
        text(`${given},"skipped":`),
        mode === "skip" ? `(${read} - ${loaded})` : "'0'",
        text(`,"rejected":0,"beforeExact":`),
        exact("rows_before"),
        text(`,"afterExact":`),
        exact("rows_after"),
        text("}"),
      ])
    },
  seconds = ${moments.elapsed}, ended_at = ${moments.now} ${row};`,
  ];
}
