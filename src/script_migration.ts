/**
 * Migrations in TypeScript and JavaScript: imports the file, checks what it exports, and makes the steps of it.
 *
 * @module
 */

import { checkBatchLoad, isBatchLoad } from "./batch_load.ts";
import { checkBatch } from "./batch_options.ts";
import {
  checkDeclaration,
  type Declaration,
  DECLARED_NAMES,
  type DeclaredName,
  type FileReading,
  REPEATABLE_HINT,
} from "./declaration.ts";
import type { Fault } from "./errors.ts";
import type { Batched, BatchStep, LoadedMigration, Migration, MigrationKind, Step } from "./migration.ts";
import { importFault } from "./script_fault.ts";
import { ValidationError } from "./step_errors.ts";
import { closest } from "./suggest.ts";

const FUNCTIONS = ["upgrade", "apply", "validate", "downgrade"] as const;
type FunctionName = typeof FUNCTIONS[number];

const KNOWN_NAMES: readonly string[] = [...DECLARED_NAMES, "batch", ...FUNCTIONS];
/** What people take for one of these, by {@link plainName}. */
const OTHER_NAMES: Readonly<Record<string, string>> = { label: "labels", branchlabels: "labels" };
/** Those of which a slip is told by its letters: `tables` and `levels`, which are near to `labels`, are people's own. */
const SLIPPED_NAMES = KNOWN_NAMES.filter((name) => name !== "labels");

/** Where a script comes from. */
export interface ScriptSource {
  /** As {@link LoadedMigration.file}. */
  readonly file: string;
  /** The file's absolute URL, by which it is imported. */
  readonly url: string;
  readonly kind: Extract<MigrationKind, "ts" | "js">;
  readonly checksum: string;
}

/** Imports one file; everything that is wrong with it is among the faults, and then there is no migration. */
export async function readScriptMigration(text: string, source: ScriptSource): Promise<FileReading> {
  let exported: unknown;
  try {
    // each file is a module of its own by its URL, so no two files, and no file and a library, share a name
    const module: Record<string, unknown> = await import(source.url);
    if (!Object.hasOwn(module, "default")) return { found: [], faults: [noDefault(source, module)] };
    exported = instantiate(module["default"]);
  } catch (error) {
    return { found: [], faults: [importFault(error, text, source)] };
  }
  return new ScriptReader(text, source).read(exported);
}

function noDefault(source: ScriptSource, module: Readonly<Record<string, unknown>>): Fault {
  const names = Object.keys(module);
  return {
    code: "no-default-export",
    message: "The file has no default export",
    place: { file: source.file },
    hint: names.length === 0
      ? "Write 'export default { revision: …, upgrade(conn) { … } }'; name a helper file with '_' at the beginning."
      : `It exports ${names.join(", ")}: write 'export default' before the migration.`,
  };
}

function instantiate(exported: unknown): unknown {
  const isClass = typeof exported === "function" && /^class\b/.test(Function.prototype.toString.call(exported));
  return isClass ? Reflect.construct(exported, []) : exported;
}

class ScriptReader {
  readonly #text: string;
  readonly #source: ScriptSource;
  readonly #faults: Fault[] = [];

  constructor(text: string, source: ScriptSource) {
    this.#text = text;
    this.#source = source;
  }

  read(exported: unknown): FileReading {
    if (typeof exported !== "object" || exported === null || Array.isArray(exported)) {
      const what = exported === null ? "null" : Array.isArray(exported) ? "a list" : `a ${typeof exported}`;
      this.#fault(
        "default-export",
        `The default export is ${what}, not a migration`,
        "default",
        "Export an object or a class with 'revision' and 'upgrade'.",
      );
      return { found: [], faults: this.#faults };
    }
    const members = exported as Readonly<Record<string, unknown>>;
    for (const name of memberNames(members)) this.#checkName(name);
    const raw: Partial<Record<DeclaredName, unknown>> = {};
    for (const name of DECLARED_NAMES) raw[name] = members[name];
    const declaration = checkDeclaration(raw, (name, problem, hint) => {
      this.#fault("declaration", `'${name}' ${problem}`, name, hint);
    });
    const batch = this.#batchOf(members["batch"], exported as Migration);
    this.#checkBatched(members, declaration);
    for (const name of FUNCTIONS) this.#checkFunction(name, members[name], members["batch"] !== undefined);
    if (this.#faults.length > 0) return { found: [], faults: this.#faults };
    const { kind, file, checksum } = this.#source;
    const migration: LoadedMigration = {
      ...declaration,
      kind,
      file,
      checksum,
      ...stepsOf(exported as Migration, file),
      batch,
      data: [...new Set([...declaration.data, ...(batch?.load === undefined ? [] : [batch.load.source])])],
      statements: undefined,
    };
    const labelsLine = declaration.labels.length === 0 ? undefined : this.#lineOf("labels");
    return { found: [{ migration, line: this.#lineOf("revision"), labelsLine }], faults: [] };
  }

  #batchOf(raw: unknown, migration: Migration): Batched | undefined {
    const report = (problem: string, hint?: string) => this.#fault("declaration", `'batch' ${problem}`, "batch", hint);
    if (isBatchLoad(raw)) return checkBatchLoad(raw, report);
    const plan = checkBatch(raw, report);
    return plan === undefined ? undefined : { plan, apply: batchStepOf(migration) };
  }

  /** Members of the user's own are welcome; one that looks like a slip of a known one is not. */
  #checkName(name: string): void {
    if (KNOWN_NAMES.includes(name)) return;
    const plain = plainName(name);
    const similar = KNOWN_NAMES.find((known) => plainName(known) === plain) ??
      (Object.hasOwn(OTHER_NAMES, plain) ? OTHER_NAMES[plain] : closest(name, SLIPPED_NAMES));
    if (similar === undefined) return;
    this.#fault("unknown-member", `Unknown member '${name}'`, name, `Did you mean '${similar}'?`);
  }

  /** `batch` and `apply` come together, and without `upgrade`. */
  #checkBatched(members: Readonly<Record<string, unknown>>, { transaction, repeatable }: Declaration): void {
    const has = (name: string) => members[name] !== undefined;
    if (isBatchLoad(members["batch"])) {
      if (has("apply")) {
        const hint = "Change the rows in a migration of its own, with batch: { table: … }, which depends on this one.";
        this.#fault("declaration", "'apply' cannot stand beside a load in batches", "apply", hint);
      }
    } else if (has("batch") && !has("apply")) {
      this.#fault("declaration", "'apply' is missing, which does one batch", "batch", APPLY_HINT);
    } else if (has("apply") && !has("batch")) {
      this.#fault(
        "declaration",
        "'batch' is missing, which 'apply' needs",
        "apply",
        'Write batch: { table: "person" }.',
      );
    }
    if (has("batch") && has("upgrade")) {
      const hint = "Put what comes before the batches into a migration of its own, which this one depends on.";
      this.#fault("declaration", "'upgrade' cannot stand beside 'batch'", "upgrade", hint);
    }
    if (has("batch") && !transaction) {
      const hint = "Each batch has a transaction of its own, with its checkpoint: take 'transaction' out.";
      this.#fault("declaration", "'transaction' cannot be false beside 'batch'", "transaction", hint);
    }
    if (has("batch") && repeatable) {
      this.#fault("declaration", "'repeatable' cannot stand beside 'batch'", "repeatable", REPEATABLE_HINT);
    }
  }

  #checkFunction(name: FunctionName, value: unknown, batched: boolean): void {
    if (value === undefined) {
      if (name !== "upgrade" || batched) return;
      return this.#fault("declaration", "'upgrade' is missing", name, "Write 'async upgrade(conn) { … }'.");
    }
    if (typeof value !== "function") {
      return this.#fault("declaration", `'${name}' must be a function, not a ${typeof value}`, name);
    }
    // calling a generator runs none of its code: the migration would be "OK" and have done nothing
    if (GENERATOR_REGEXP.test(Object.prototype.toString.call(value))) {
      this.#fault(
        "declaration",
        `'${name}' must be a plain or async function, not a generator`,
        name,
        "Remove the '*'.",
      );
    }
  }

  #fault(code: string, message: string, member: string, hint?: string): void {
    const line = this.#lineOf(member);
    const place = { file: this.#source.file, ...(line === undefined ? {} : { line }) };
    this.#faults.push({ code, message, place, hint });
  }

  /** The line that seems to define a member; a search in the text, as a loaded module no longer knows. */
  #lineOf(member: string): number | undefined {
    const name = member.replace(/[^\w]/g, "\\$&");
    const definition = member === "default"
      ? /^[ \t]*export default\b/m
      : new RegExp(`(?:^|[{,;])[ \\t]*${MODIFIERS}["']?${name}["']?[?!]?[ \\t]*[:=(,}]`, "m");
    const at = this.#text.search(definition);
    return at < 0 ? undefined : this.#text.slice(0, at).split("\n").length;
  }
}

const MODIFIERS = "(?:(?:(?:async|public|private|protected|static|override|readonly|get)[ \\t]+)|\\*[ \\t]*)*";
const GENERATOR_REGEXP = /GeneratorFunction\]$/;

function plainName(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

/** Own members and those of the classes above, as far as the user wrote them. */
function memberNames(members: object): Set<string> {
  const names = new Set<string>();
  for (let at: object | null = members; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) if (name !== "constructor") names.add(name);
  }
  return names;
}

const APPLY_HINT = "Write 'async apply(conn, range) { await conn.sql`update … where ${range}`; }'.";

function batchStepOf(migration: Migration): BatchStep {
  return async (conn, range, run) => {
    await migration.apply?.(conn, range, run);
  };
}

/** The steps call the members on their object, so that `this` is what the author expects. */
function stepsOf(migration: Migration, file: string): Pick<LoadedMigration, "upgrade" | "validate" | "downgrade"> {
  const upgrade: Step = async (conn, run) => {
    await migration.upgrade?.(conn, run);
  };
  const downgrade: Step = async (conn, run) => {
    await migration.downgrade?.(conn, run);
  };
  const validate: Step = async (conn, run) => {
    const answer: unknown = await migration.validate?.(conn, run);
    if (answer === false) throw new ValidationError("validate() returned false", { file });
  };
  return {
    upgrade: migration.upgrade === undefined ? undefined : upgrade,
    downgrade: migration.downgrade === undefined ? undefined : downgrade,
    validate: migration.validate === undefined ? undefined : validate,
  };
}
