/**
 * What a migration declares about its walk in batches: raw values, or the line of a SQL file, go in, a checked plan
 * comes out.
 *
 * @module
 */

import { DURATION_FORMS, parseDuration } from "./duration.ts";
import type { BatchPlan, ThrottlePlan } from "./migration.ts";
import { closest } from "./suggest.ts";

/** Takes what is wrong; `problem` continues a sentence that begins with `'batch' `. */
export type ReportBatch = (problem: string, hint?: string) => void;

const DEFAULTS = {
  size: 1_000,
  minSize: 1,
  maxSize: 1_000_000,
  targetMs: 500,
  timeoutMs: 60_000,
  parallel: 1,
} as const;
const MOST_PARALLEL = 64;

const MEMBERS = [
  ...["table", "key", "size", "minSize", "maxSize", "target", "timeout", "parallel", "pause", "throttle"],
];
const THROTTLE_MEMBERS = ["query", "file", "replicaLag", "replicas", "window"];

/** Checks a raw value of `batch`; `undefined` when there is none, or when something was reported. */
export function checkBatch(value: unknown, report: ReportBatch): BatchPlan | undefined {
  if (value === undefined) return undefined;
  if (!isRecord(value)) {
    report(`must be an object, not ${show(value)}`, 'Write batch: { table: "person" }.');
    return undefined;
  }
  const reader = new BatchReader(value, report);
  return reader.read();
}

class BatchReader {
  readonly #raw: Readonly<Record<string, unknown>>;
  readonly #report: ReportBatch;
  #failed = false;

  constructor(raw: Readonly<Record<string, unknown>>, report: ReportBatch) {
    this.#raw = raw;
    this.#report = report;
  }

  read(): BatchPlan | undefined {
    this.#checkNames(this.#raw, MEMBERS, "");
    const minSize = this.#count("minSize", DEFAULTS.minSize);
    const wanted = this.#raw["size"] === undefined ? undefined : this.#count("size", DEFAULTS.size);
    const maxSize = this.#count("maxSize", Math.max(DEFAULTS.maxSize, wanted ?? 1));
    const size = wanted ?? Math.min(Math.max(DEFAULTS.size, minSize), maxSize);
    const plan: BatchPlan = {
      table: this.#table(),
      key: this.#key(),
      size,
      minSize,
      maxSize,
      targetMs: this.#raw["target"] === 0 ? 0 : this.#duration(this.#raw, "target") ?? DEFAULTS.targetMs,
      timeoutMs: this.#duration(this.#raw, "timeout") ?? DEFAULTS.timeoutMs,
      parallel: this.#count("parallel", DEFAULTS.parallel),
      pauseMs: this.#duration(this.#raw, "pause") ?? 0,
      throttle: this.#throttle(),
    };
    if (plan.parallel > MOST_PARALLEL) this.#fail(`has 'parallel' ${plan.parallel}; ${MOST_PARALLEL} is the most`);
    if (minSize > maxSize) this.#fail(`has 'minSize' ${minSize}, more than 'maxSize' ${maxSize}`);
    else if (size < minSize || size > maxSize) {
      this.#fail(`has 'size' ${size}, which is not between 'minSize' ${minSize} and 'maxSize' ${maxSize}`);
    }
    return this.#failed ? undefined : plan;
  }

  #table(): readonly string[] {
    const value = this.#raw["table"];
    const path = typeof value === "string" ? value.split(".") : value;
    if (isTexts(path) && path.length >= 1 && path.length <= 3) return path;
    this.#fail(
      value === undefined ? "has no 'table'" : `has 'table' ${show(value)}, which names no table`,
      'Write table: "person", or table: ["schema", "person"].',
    );
    return [];
  }

  #key(): readonly string[] {
    const value = this.#raw["key"];
    const columns = typeof value === "string" ? value.split(",").map((name) => name.trim()) : value ?? [];
    if (isTexts(columns) && (value === undefined || columns.length > 0)) return columns;
    this.#fail(`has 'key' ${show(value)}, which names no columns`, 'Write key: "id", or key: ["country", "id"].');
    return [];
  }

  #count(name: string, standard: number): number {
    const value = this.#raw[name];
    if (value === undefined) return standard;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1) return value;
    this.#fail(`has '${name}' ${show(value)}; it must be a whole number from 1`);
    return standard;
  }

  #duration(raw: Readonly<Record<string, unknown>>, name: string): number | undefined {
    const value = raw[name];
    if (value === undefined) return undefined;
    const milliseconds = parseDuration(value);
    if (milliseconds === undefined) this.#fail(`has '${name}' ${show(value)}; it must be ${DURATION_FORMS}`);
    return milliseconds;
  }

  #throttle(): ThrottlePlan {
    const raw = this.#raw["throttle"] ?? {};
    if (!isRecord(raw)) {
      this.#fail(`has 'throttle' ${show(raw)}; it must be an object`, 'Write throttle: { file: "stop" }.');
      return this.#throttleOf({});
    }
    this.#checkNames(raw, THROTTLE_MEMBERS, "throttle.");
    return this.#throttleOf(raw);
  }

  #throttleOf(raw: Readonly<Record<string, unknown>>): ThrottlePlan {
    const replicas = this.#replicas(raw["replicas"]);
    if (replicas.length > 0 && raw["replicaLag"] === undefined) {
      this.#fail("has 'throttle.replicas' without 'throttle.replicaLag'", 'Write replicaLag: "10s".');
    }
    return {
      query: this.#text(raw, "query"),
      file: this.#text(raw, "file"),
      replicaLagMs: this.#duration(raw, "replicaLag"),
      replicas,
      window: this.#window(raw["window"]),
    };
  }

  #text(raw: Readonly<Record<string, unknown>>, name: string): string | undefined {
    const value = raw[name];
    if (value === undefined || (typeof value === "string" && value.trim() !== "")) return value;
    this.#fail(`has 'throttle.${name}' ${show(value)}; it must be a text`);
    return undefined;
  }

  #replicas(value: unknown): readonly string[] {
    const names = typeof value === "string" ? value.split(",").map((name) => name.trim()) : value ?? [];
    if (isTexts(names)) return names;
    this.#fail(`has 'throttle.replicas' ${show(value)}, which names no sources`, 'Write replicas: ["replica1"].');
    return [];
  }

  #window(value: unknown): ThrottlePlan["window"] {
    if (value === undefined) return undefined;
    const window = parseWindow(String(value));
    if (window === undefined) {
      this.#fail(`has 'throttle.window' ${show(value)}`, 'Write a time of the day: "22:00-06:00".');
    }
    return window;
  }

  #checkNames(raw: Readonly<Record<string, unknown>>, known: readonly string[], prefix: string): void {
    for (const name of Object.keys(raw)) {
      if (known.includes(name)) continue;
      const similar = closest(name, known);
      this.#fail(
        `has an unknown member '${prefix}${name}'`,
        similar === undefined ? `Known are ${known.join(", ")}.` : `Did you mean '${similar}'?`,
      );
    }
  }

  #fail(problem: string, hint?: string): void {
    this.#failed = true;
    this.#report(problem, hint);
  }
}

const WINDOW_REGEXP = /^\s*([01]?\d|2[0-3]):([0-5]\d)\s*(?:-|–)\s*([01]?\d|2[0-3]):([0-5]\d)\s*$/;

function parseWindow(text: string): ThrottlePlan["window"] {
  const [, fromHour, fromMinute, toHour, toMinute] = WINDOW_REGEXP.exec(text) ?? [];
  if (fromHour === undefined) return undefined;
  const from = Number(fromHour) * 60 + Number(fromMinute), to = Number(toHour) * 60 + Number(toMinute);
  return from === to ? undefined : { from, to };
}

const LINE_REGEXP =
  /^\s*(?<table>(?:"[^"]+"|[^\s",]+))(?:\s+by\s+(?<key>(?:[^\s,]+)(?:\s*,\s*[^\s,]+)*))?(?<rest>(?:\s+.*)?)$/is;
/** The words of a line in a SQL file, and the member that each is. */
export const WORD_NAMES: Readonly<Record<string, string>> = {
  size: "size",
  min_size: "minSize",
  max_size: "maxSize",
  target: "target",
  timeout: "timeout",
  parallel: "parallel",
  pause: "pause",
};
const COUNTS: ReadonlySet<string> = new Set(["size", "minSize", "maxSize", "parallel"]);

/**
 * The line of a SQL file, `person by country, id size 1000 target 500ms parallel 4`, as the raw value that
 * {@link checkBatch} takes. What it does not understand is reported.
 */
export function parseBatchLine(line: string, report: ReportBatch): Record<string, unknown> | undefined {
  const { table, key, rest = "" } = LINE_REGEXP.exec(line)?.groups ?? {};
  if (table === undefined) {
    report("names no table", "Write '-- delembic batch: person by id'.");
    return undefined;
  }
  const raw: Record<string, unknown> = { table: unquoted(table) };
  if (key !== undefined) raw["key"] = key.split(",").map((name) => unquoted(name.trim()));
  const words = rest.split(/\s+/).filter((word) => word !== "");
  for (let at = 0; at < words.length; at += 2) {
    const word = (words[at] ?? "").toLowerCase(), value = words[at + 1];
    const name = Object.hasOwn(WORD_NAMES, word) ? WORD_NAMES[word] : undefined;
    if (name === undefined || value === undefined) {
      const similar = closest(word, [...Object.keys(WORD_NAMES), "by"]);
      report(
        name === undefined ? `has '${word}', which is not understood` : `has '${word}' without a value`,
        name === undefined && similar !== undefined
          ? `Did you mean '${similar}'?`
          : "Write '-- delembic batch: person by id size 1000 target 500ms parallel 2'.",
      );
      return undefined;
    }
    raw[name] = (COUNTS.has(name) || (name === "target" && value === "0")) && /^\d+$/.test(value)
      ? Number(value)
      : value;
  }
  return raw;
}

function unquoted(name: string): string {
  return name.replace(/^"(.*)"$/, "$1");
}

const THROTTLE_REGEXP = /^\s*(query|file|replica_lag|replicas|window)\s+(.*?)\s*$/is;
const THROTTLE_NAMES: Readonly<Record<string, string>> = {
  query: "query",
  file: "file",
  replica_lag: "replicaLag",
  replicas: "replicas",
  window: "window",
};

/** The line `file stop` or `query select …` of a SQL file, as a raw member of `throttle`. */
export function parseThrottleLine(line: string, report: ReportBatch): Record<string, unknown> {
  const [, word = "", value] = THROTTLE_REGEXP.exec(line) ?? [];
  if (value !== undefined) return { [THROTTLE_NAMES[word.toLowerCase()] ?? word]: value };
  report(
    `has a throttle '${line.trim()}', which is not understood`,
    "Write '-- delembic throttle: file stop', 'query select …', 'replica_lag 10s' or 'window 22:00-06:00'.",
  );
  return {};
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "");
}

/** A raw value, for messages. */
export function show(value: unknown): string {
  return Deno.inspect(value, { depth: 1, compact: true, breakLength: Infinity, strAbbreviateSize: 60 });
}
