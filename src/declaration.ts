/**
 * What a migration's file declares about it, the same for every kind of file: its id, what it needs, its options.
 * Raw values go in, checked ones come out.
 *
 * @module
 */

import { DURATION_FORMS, parseDuration } from "./duration.ts";
import type { Fault } from "./errors.ts";
import type { LoadedMigration } from "./migration.ts";

/** What one file holds: migrations, each with the line that names its revision, and what is wrong. */
export interface FileReading {
  readonly found: readonly FoundMigration[];
  readonly faults: readonly Fault[];
}

/** A migration, and the lines of its file on which it is named. */
export interface FoundMigration {
  readonly migration: LoadedMigration;
  /** Of its revision. */
  readonly line: number | undefined;
  /** Of its labels. */
  readonly labelsLine?: number | undefined;
}

/** The members that are declared; as a SQL file writes them see `src/sql_migration.ts`. */
export const DECLARED_NAMES = [
  "revision",
  "dependsOn",
  "labels",
  "description",
  "transaction",
  "idempotent",
  "timeout",
  "lockTimeout",
  "retries",
  "tags",
  "requiresBefore",
  "repeatable",
  "data",
] as const;

export type DeclaredName = typeof DECLARED_NAMES[number];

/** Why a walk in batches is not repeated. */
export const REPEATABLE_HINT = "A walk over a table is made once: write a new migration for a new walk.";

export type Declaration = Pick<
  LoadedMigration,
  | "revision"
  | "dependsOn"
  | "labels"
  | "description"
  | "transaction"
  | "idempotent"
  | "timeoutMs"
  | "lockTimeoutMs"
  | "retries"
  | "tags"
  | "requiresBefore"
  | "repeatable"
  | "data"
>;

/** Takes what is wrong with a member; `problem` continues a sentence that begins with the member's name. */
export type Report = (name: DeclaredName, problem: string, hint?: string) => void;

const REVISION_REGEXP = /^[A-Za-z0-9_.-]{1,128}$/;
const RELATIVE_REGEXP = /^-\d+$/;
const RESERVED: ReadonlySet<string> = new Set(["head", "heads", "base"]);
/** `current` came later: a revision may have that name, a label not. */
const RESERVED_LABELS: ReadonlySet<string> = new Set([...RESERVED, "current"]);
const DEFAULT_RETRIES = 3;

/** Why a text cannot be the id of a data revision; `undefined` when it can. */
export function revisionProblem(id: string): string | undefined {
  if (!REVISION_REGEXP.test(id)) return "must be 1 to 128 letters, digits, '_', '.' or '-'";
  return reservedProblem(id, RESERVED);
}

function reservedProblem(name: string, reserved: ReadonlySet<string>): string | undefined {
  if (!reserved.has(name) && !RELATIVE_REGEXP.test(name)) return undefined;
  return `cannot be '${name}', which means something on the command line`;
}

/** Why a text cannot be the label of a branch; `undefined` when it can. */
export function labelProblem(label: string): string | undefined {
  if (!REVISION_REGEXP.test(label)) {
    return `must be 1 to 128 letters, digits, '_', '.' or '-', not ${show(label)}`;
  }
  return reservedProblem(label, RESERVED_LABELS);
}

/** Checks raw values. Everything that is wrong is reported; what was reported has its default in the result. */
export function checkDeclaration(raw: Readonly<Partial<Record<DeclaredName, unknown>>>, report: Report): Declaration {
  return {
    revision: revisionOf(raw.revision, report),
    dependsOn: idsOf("dependsOn", raw.dependsOn, report),
    labels: labelsOf(raw.labels, report),
    requiresBefore: idsOf("requiresBefore", raw.requiresBefore, report),
    description: textOf(raw.description, report),
    transaction: flagOf("transaction", raw.transaction, true, report),
    idempotent: flagOf("idempotent", raw.idempotent, false, report),
    timeoutMs: durationOf("timeout", raw.timeout, report),
    lockTimeoutMs: durationOf("lockTimeout", raw.lockTimeout, report),
    retries: retriesOf(raw.retries, report),
    tags: tagsOf(raw.tags, report),
    repeatable: flagOf("repeatable", raw.repeatable, false, report),
    data: dataOf(raw.data, report),
  };
}

function revisionOf(value: unknown, report: Report): string {
  if (value === undefined) {
    report("revision", "is missing", 'Give it an id, such as "D001".');
    return "";
  }
  const problem = typeof value === "string" ? revisionProblem(value) : `must be a text, not ${show(value)}`;
  if (problem !== undefined) report("revision", problem, 'Choose an id such as "D001".');
  return String(value);
}

/** One id or a list of them, without repetitions. Alembic ids may be any text, so only empty ones are refused. */
function idsOf(name: "dependsOn" | "requiresBefore", value: unknown, report: Report): readonly string[] {
  if (value === undefined || value === null) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isId = (id: unknown) => typeof id === "string" && id.replace(/^alembic:/, "").trim() !== "";
  const wrong = list.find((id) => !isId(id));
  if (list.every((id) => typeof id === "string") && wrong === undefined) return [...new Set(list)];
  report(name, `must be an id or a list of ids, not ${show(wrong)}`, 'Write ids as texts: ["D001", "3d1e3e6abc12"].');
  return [];
}

/** One label or a list of them, without repetitions. */
function labelsOf(value: unknown, report: Report): readonly string[] {
  if (value === undefined || value === null) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const labels = list.filter((label) => typeof label === "string");
  const wrong = list.find((label) => typeof label !== "string");
  const problem = wrong === undefined
    ? labels.map(labelProblem).find((found) => found !== undefined)
    : `must be a name or a list of names, not ${show(wrong)}`;
  if (problem === undefined) return [...new Set(labels)];
  report("labels", problem, 'Write names as texts: "billing", or ["billing", "invoices"].');
  return [];
}

function textOf(value: unknown, report: Report): string {
  if (value === undefined || typeof value === "string") return value ?? "";
  report("description", `must be a text, not ${show(value)}`);
  return "";
}

function flagOf(
  name: "transaction" | "idempotent" | "repeatable",
  value: unknown,
  standard: boolean,
  report: Report,
): boolean {
  if (value === undefined || typeof value === "boolean") return value ?? standard;
  report(name, `must be true or false, not ${show(value)}`);
  return standard;
}

function durationOf(name: "timeout" | "lockTimeout", value: unknown, report: Report): number | undefined {
  if (value === undefined) return undefined;
  const milliseconds = parseDuration(value);
  if (milliseconds === undefined) report(name, `must be ${DURATION_FORMS}, not ${show(value)}`);
  return milliseconds;
}

function retriesOf(value: unknown, report: Report): number {
  if (value === undefined) return DEFAULT_RETRIES;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  report("retries", `must be a whole number from 0, not ${show(value)}`);
  return DEFAULT_RETRIES;
}

function tagsOf(value: unknown, report: Report): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((tag) => typeof tag === "string" && tag !== "")) return value;
  report("tags", `must be a list of texts, not ${show(value)}`);
  return [];
}

/** One path or a list of them, without repetitions; what is in the files is a part of what the migration is. */
function dataOf(value: unknown, report: Report): readonly string[] {
  if (value === undefined) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isPath = (path: unknown): path is string => typeof path === "string" && path.trim() !== "";
  if (list.every(isPath)) return [...new Set(list)];
  const wrong = list.find((path) => !isPath(path));
  report("data", `must be a file or a list of files, not ${show(wrong)}`, 'Write paths as texts: ["data/person.csv"].');
  return [];
}

function show(value: unknown): string {
  return Deno.inspect(value, { depth: 1, compact: true, breakLength: Infinity, strAbbreviateSize: 60 });
}
