/**
 * What a migration declares about a load in batches: raw values, or the line of a SQL file, go in, a checked plan comes
 * out.
 *
 * @module
 */

import { checkBatch, type ReportBatch, show, WORD_NAMES } from "./batch_options.ts";
import type { LoadOptions } from "./bulk_options.ts";
import { DelembicError } from "./errors.ts";
import { checkLoadOptions } from "./bulk_request.ts";
import type { BatchPlan } from "./migration.ts";
import { kindOf } from "./rows_source.ts";
import { type LoadLine, parseLoadLine } from "./sql_load.ts";
import { closest } from "./suggest.ts";

/** A load in batches as it was checked. */
export interface BatchLoad {
  readonly plan: BatchPlan;
  readonly load: LoadLine;
}

/** Bytes of a batch. */
const SIZE = 8 * 1024 * 1024, MOST_SIZE = 256 * 1024 * 1024;
/** A batch that takes too long is not made smaller than this. */
const LEAST_SIZE = 64 * 1024;

const LOAD_OPTIONS = ["format", "delimiter", "header", "null", "columns", "defaults", "ignore"] as const;
const PACE = ["timeout", "parallel", "pause", "throttle"] as const;
const MEMBERS: readonly string[] = ["file", "into", "size", ...PACE, ...LOAD_OPTIONS];

/** What a load or a walk may have, and why a load in batches has not. */
const REFUSED: Readonly<Record<string, string>> = {
  table: "The table into which the file goes is 'into'; 'table' is that of a walk over its rows.",
  key: "A file is walked from its beginning to its end, by no key.",
  minSize: "The size of a batch stays: say 'size'.",
  maxSize: "The size of a batch stays: say 'size'.",
  target: "The size of a batch stays: say 'size'.",
  compression: "Only files that are not compressed are loaded in batches.",
  encoding: "Only UTF-8 is loaded in batches.",
  map: "Load it as it is into a table beside, and change the rows from there to here in batches.",
  onConflict: "Load it into a table beside, and bring the rows from there to here in batches.",
  onBadRow: "Load it at once, with 'conn.load', where bad rows are to be collected.",
  maxBadRows: "Load it at once, with 'conn.load', where bad rows are to be collected.",
  rejectFile: "Load it at once, with 'conn.load', where bad rows are to be collected.",
  replace: "Empty the table in a migration of its own, which this one depends on.",
};

/** Whether a raw value of `batch` is about a file. */
export function isBatchLoad(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && ("file" in value || "into" in value);
}

/** Checks a raw value of `batch` that is about a file; `undefined` when something was reported. */
export function checkBatchLoad(raw: Readonly<Record<string, unknown>>, report: ReportBatch): BatchLoad | undefined {
  let failed = false;
  const fail: ReportBatch = (problem, hint) => {
    failed = true;
    report(problem, hint);
  };
  for (const name of Object.keys(raw)) if (!MEMBERS.includes(name)) fail(...unknownMember(name));
  const source = raw["file"];
  if (typeof source !== "string" || source === "") {
    fail(
      source === undefined ? "has no 'file'" : `has 'file' ${show(source)}, which names no file`,
      'Write file: "data/person.csv".',
    );
  }
  const options = optionsOf(raw, fail);
  if (typeof source === "string" && source !== "" && !failed) checkKind(source, options, fail);
  const hint = 'Write into: "person", or into: ["schema", "person"].';
  if (raw["into"] === undefined) fail("has no 'into', the table of the file", hint);
  const pace = Object.fromEntries(PACE.flatMap((name) => raw[name] === undefined ? [] : [[name, raw[name]]]));
  // its table is looked at here, by the same rules as that of a walk
  const plan = checkBatch(
    { table: raw["into"] ?? "", target: 0, ...pace },
    (problem, advice) => {
      if (!problem.startsWith("has 'table'")) fail(problem, advice);
      else if (raw["into"] !== undefined) fail(problem.replace("'table'", "'into'"), hint);
    },
  );
  const size = raw["size"] === undefined ? SIZE : parseBytes(raw["size"]);
  if (size === undefined || size > MOST_SIZE) {
    fail(`has 'size' ${show(raw["size"])}; it must be bytes, up to 256MB`, 'Write size: "16MB".');
  }
  if (failed || plan === undefined || size === undefined || typeof source !== "string") return undefined;
  return {
    plan: { ...plan, size, minSize: Math.min(size, LEAST_SIZE), maxSize: size },
    load: { table: plan.table, source, options },
  };
}

/** By the file's name, or by what is declared. */
function checkKind(source: string, { format }: LoadOptions, fail: ReportBatch): void {
  try {
    const kind = kindOf(source, { format, shownName: source });
    if (kind.format === "csv" && kind.compression === "none") return;
    const what = kind.compression === "none" ? kind.format.toUpperCase() : `compressed by ${kind.compression}`;
    fail(
      `has 'file' ${show(source)}, which is ${what}`,
      "Only CSV that is not compressed is loaded in batches: make it of the file before, or load the file at once.",
    );
  } catch (error) {
    if (!(error instanceof DelembicError)) throw error;
    fail(`has 'file' ${show(source)}, of which the name does not tell the format`, 'Say format: "csv" if it is CSV.');
  }
}

function unknownMember(name: string): [problem: string, hint: string] {
  const reason = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
  if (reason !== undefined) return [`has '${name}', which a load in batches has not`, reason];
  const similar = closest(name, MEMBERS);
  return [
    `has an unknown member '${name}'`,
    similar === undefined ? `Known are ${MEMBERS.join(", ")}.` : `Did you mean '${similar}'?`,
  ];
}

function optionsOf(raw: Readonly<Record<string, unknown>>, fail: ReportBatch): LoadOptions {
  const options = Object.fromEntries(
    LOAD_OPTIONS.flatMap((name) => raw[name] === undefined ? [] : [[name, raw[name]]]),
  );
  if (options["format"] !== undefined && options["format"] !== "csv") {
    fail(`has 'format' ${show(options["format"])}`, "Only CSV is loaded in batches.");
    return {};
  }
  try {
    checkLoadOptions(options, true);
  } catch (error) {
    if (!(error instanceof DelembicError)) throw error;
    fail(`is not right: ${error.message}`, error.hint);
  }
  return options;
}

const BYTES_REGEXP = /^\s*(\d+(?:\.\d+)?)\s*([kmg]?)i?b?\s*$/i;
const UNITS: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** `"16MB"`, `"512KB"`, or a number of bytes. */
function parseBytes(value: unknown): number | undefined {
  const [, number, unit = ""] = BYTES_REGEXP.exec(typeof value === "number" ? String(value) : `${value}`) ?? [];
  const bytes = Math.floor(Number(number) * (UNITS[unit.toLowerCase()] ?? 1));
  return bytes >= 1 ? bytes : undefined;
}

const LINE_REGEXP = /^load\s+(?<load>.*\sfrom\s.*)$/is;

/** Whether the line of a SQL file is about a file: `load person from data/person.csv parallel 2`. */
export function isBatchLoadLine(line: string): boolean {
  return LINE_REGEXP.test(line);
}

/** Such a line as the raw value that {@link checkBatchLoad} takes. */
export function parseBatchLoadLine(line: string, report: ReportBatch): Record<string, unknown> | undefined {
  const words = new Set(["size", "timeout", "parallel", "pause"]);
  const load = parseLoadLine(LINE_REGEXP.exec(line)?.groups?.["load"] ?? "", words);
  if ("problem" in load) {
    report(load.problem, load.hint.replace("delembic load:", "delembic batch: load"));
    return undefined;
  }
  const { table, source, options, more } = load;
  const pace = Object.entries(more ?? {}).map(([word, value]) => {
    const isCount = word === "parallel" && /^\d+$/.test(value);
    return [WORD_NAMES[word] ?? word, isCount ? Number(value) : value];
  });
  return { file: source, into: table, ...options, ...Object.fromEntries(pace) };
}
