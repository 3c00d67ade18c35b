/**
 * Migrations in SQL: a header of `-- delembic name: value` comments, then the sections `upgrade`, `validate` and
 * `downgrade`. Pure: what is read runs by `src/sql_steps.ts`.
 *
 * @module
 */

import { checkBatchLoad, isBatchLoadLine, parseBatchLoadLine } from "./batch_load.ts";
import { checkBatch, parseBatchLine, parseThrottleLine, type ReportBatch } from "./batch_options.ts";
import {
  checkDeclaration,
  type Declaration,
  type DeclaredName,
  type FileReading,
  REPEATABLE_HINT,
} from "./declaration.ts";
import type { Fault } from "./errors.ts";
import { parseList, parseText } from "./header_value.ts";
import type { Batched, LoadedMigration } from "./migration.ts";
import { hasRange, runRange } from "./sql_range.ts";
import { parseLoadLine } from "./sql_load.ts";
import { runAll, type SqlRules, type StepContext, validateAll } from "./sql_steps.ts";
import { type LocatedStatement, type Mark, splitSql } from "./sql_text.ts";
import { closest } from "./suggest.ts";

const DIRECTIVE_REGEXP = /^--[ \t]*delembic(?![\w./'’-])[ \t]*(.*?)[ \t\r]*$/is;
const HEADER_REGEXP = /^([\w-]+)[ \t]*:[ \t]*(.*)$/s;

const SECTIONS = ["upgrade", "validate", "downgrade"] as const;
type Section = typeof SECTIONS[number];

/** The header's names, and the member that each is. */
const HEADER_NAMES: Readonly<Record<string, DeclaredName>> = {
  revision: "revision",
  depends_on: "dependsOn",
  labels: "labels",
  description: "description",
  transaction: "transaction",
  idempotent: "idempotent",
  timeout: "timeout",
  lock_timeout: "lockTimeout",
  retries: "retries",
  tags: "tags",
  requires_before: "requiresBefore",
  repeatable: "repeatable",
  data: "data",
};
const LISTS: ReadonlySet<DeclaredName> = new Set(["dependsOn", "labels", "tags", "requiresBefore", "data"]);
const MAY_BE_EMPTY: ReadonlySet<DeclaredName> = new Set([...LISTS, "description"]);

/** Where a SQL migration comes from. */
export interface SqlSource {
  /** As {@link LoadedMigration.file}. */
  readonly file: string;
  readonly checksum: string;
  readonly dialect: SqlRules;
}

/** Reads one file; everything that is wrong in it is among the faults, and then there is no migration. */
export function readSqlMigration(text: string, source: SqlSource): FileReading {
  const reader = new SqlReader(source);
  const { items, faults } = splitSql(text, source.dialect.lexicon, {
    file: source.file,
    isMark: (comment) => DIRECTIVE_REGEXP.test(comment),
  });
  for (const item of items) {
    if (item.kind === "mark") reader.directive(item.mark);
    else reader.statement(item.statement);
  }
  return reader.finish(faults);
}

/** The header's line `batch`. */
interface DeclaredBatch {
  readonly raw: Record<string, unknown> | undefined;
  readonly line: number;
  /** Whether a file is loaded, and no table walked. */
  readonly isLoad: boolean;
}

class SqlReader {
  readonly #source: SqlSource;
  readonly #faults: Fault[] = [];
  readonly #header: Partial<Record<DeclaredName, unknown>> = {};
  readonly #lines = new Map<DeclaredName, number>();
  readonly #sections = new Map<Section, LocatedStatement[]>();
  #open: Section | undefined;
  #strayReported = false;
  #batch: DeclaredBatch | undefined;
  #batchFailed = false;
  #throttle: Readonly<Record<string, unknown>> | undefined;
  #throttleLine: number | undefined;

  constructor(source: SqlSource) {
    this.#source = source;
  }

  directive(mark: Mark): void {
    const body = DIRECTIVE_REGEXP.exec(mark.text)?.[1] ?? "";
    if (!mark.ownLine) {
      this.#fault("directive", `'-- delembic ${body}' must stand on a line of its own`, mark.line);
      return;
    }
    const section = SECTIONS.find((name) => body === name || body === `${name}:`);
    if (section !== undefined) return this.#openSection(section, mark.line);
    const [, name = body, value] = HEADER_REGEXP.exec(body) ?? [];
    if (name === "batch" || name === "throttle") return this.#batchLine(name, value, mark.line);
    if (name === "load") return this.#loadLine(value ?? "", mark);
    const declared = Object.hasOwn(HEADER_NAMES, name) ? HEADER_NAMES[name] : undefined;
    if (declared === undefined) this.#unknown(name, mark.line);
    else this.#headerLine(name, declared, value, mark.line);
  }

  #openSection(section: Section, line: number): void {
    if (this.#sections.has(section)) {
      this.#fault("directive", `The section '${section}' is there twice`, line, "Join them to one.");
    } else {
      this.#sections.set(section, []);
    }
    this.#open = section;
  }

  #unknown(name: string, line: number): void {
    const known = [...Object.keys(HEADER_NAMES), "batch", "throttle", "load", ...SECTIONS];
    const similar = closest(name, known);
    const hint = similar === undefined
      ? `Known are ${known.join(", ")}; a comment that is none of them must not begin with 'delembic'.`
      : `Did you mean '${similar}'?`;
    this.#fault("directive", `Unknown directive '${name}'`, line, hint);
  }

  /** A load is a statement of its section, at its place among the others. */
  #loadLine(value: string, { text, line, column }: Mark): void {
    if (this.#open === undefined || this.#open === "validate") {
      const where = this.#open === undefined ? "before the first section" : "in the section 'validate'";
      return this.#fault("directive", `'load' stands ${where}`, line, "Move it behind '-- delembic upgrade'.");
    }
    if (this.#batch !== undefined) {
      return this.#fault("directive", "'load' cannot stand beside 'batch'", line, "Load in a migration of its own.");
    }
    const load = parseLoadLine(value);
    if ("problem" in load) return this.#fault("directive", `'load' ${load.problem}`, line, load.hint);
    this.#sections.get(this.#open)?.push({ text, line, column, words: [], load });
  }

  #batchLine(name: "batch" | "throttle", value: string | undefined, line: number): void {
    if (this.#open !== undefined) return this.#misplaced(name, line);
    if (value === undefined || value === "") {
      const example = name === "batch" ? "person by id" : "file stop";
      return this.#fault("directive", `'${name}' has no value`, line, `Write '-- delembic ${name}: ${example}'.`);
    }
    const report: ReportBatch = (problem, hint) => {
      this.#batchFailed = true;
      this.#fault("declaration", `'batch' ${problem}`, line, hint);
    };
    if (name === "throttle") {
      this.#throttle = { ...this.#throttle, ...parseThrottleLine(value, report) };
      this.#throttleLine ??= line;
    } else if (this.#batch !== undefined) {
      this.#fault("directive", "'batch' is there twice", line, "Remove one of them.");
    } else {
      const isLoad = isBatchLoadLine(value);
      const parse = isLoad ? parseBatchLoadLine : parseBatchLine;
      this.#batch = { raw: parse(value, report), line, isLoad };
    }
  }

  /** The walk, if the file declares one and all of it is right. */
  #batched({ transaction, repeatable }: Declaration, context: StepContext): Batched | undefined {
    if (this.#batch === undefined) {
      if (this.#throttleLine !== undefined) {
        const hint = "Write '-- delembic batch: person by id', or take 'throttle' out.";
        this.#fault("declaration", "'throttle' needs 'batch'", this.#throttleLine, hint);
      }
      return undefined;
    }
    const { raw, line, isLoad } = this.#batch;
    if (!transaction) {
      const hint = "Each batch has a transaction of its own, with its checkpoint: take 'transaction' out.";
      this.#fault("declaration", "'transaction' cannot be false beside 'batch'", line, hint);
    }
    if (repeatable) {
      this.#fault("declaration", "'repeatable' cannot stand beside 'batch'", line, REPEATABLE_HINT);
    }
    if (isLoad) this.#checkNoStatements(line);
    else this.#checkRanges(line);
    if (raw === undefined || this.#batchFailed) return undefined;
    const whole = this.#throttle === undefined ? raw : { ...raw, throttle: this.#throttle };
    const report: ReportBatch = (problem, hint) => this.#fault("declaration", `'batch' ${problem}`, line, hint);
    if (isLoad) return checkBatchLoad(whole, report);
    const plan = checkBatch(whole, report);
    return plan === undefined ? undefined : { plan, apply: runRange(this.#sections.get("upgrade") ?? [], context) };
  }

  #checkNoStatements(line: number): void {
    const [first] = this.#sections.get("upgrade") ?? [];
    if (first === undefined) return;
    this.#fault(
      "declaration",
      `A statement stands in 'upgrade', beside the load in batches of line ${line}`,
      first.line,
      "Put it into a migration of its own, before this one or behind it.",
    );
  }

  /** A walk whose statements say nothing of its range would do all of the table in each batch. */
  #checkRanges(line: number): void {
    const statements = this.#sections.get("upgrade") ?? [];
    // settings of the transaction have no range
    const without = statements.find(({ text, words }) =>
      words[0] !== "set" && !hasRange(text, this.#source.dialect.lexicon)
    );
    if (without === undefined) return;
    this.#fault(
      "declaration",
      "The statement has no ':range', so each batch would do it for the whole table",
      without.line,
      `Write 'where :range', as 'batch' on line ${line} says; ':range(p)' where the table has the alias p.`,
    );
  }

  #misplaced(name: string, line: number): void {
    this.#fault(
      "directive",
      `'${name}' stands behind '-- delembic ${this.#open}'`,
      line,
      "Move it to the top of the file, before the first section.",
    );
  }

  #headerLine(name: string, declared: DeclaredName, value: string | undefined, line: number): void {
    if (this.#open !== undefined) return this.#misplaced(name, line);
    if (value === undefined || (value === "" && !MAY_BE_EMPTY.has(declared))) {
      return this.#fault("directive", `'${name}' has no value`, line, `Write '-- delembic ${name}: …'.`);
    }
    const before = this.#header[declared];
    if (before !== undefined && !LISTS.has(declared)) {
      return this.#fault("directive", `'${name}' is there twice`, line, "Remove one of them.");
    }
    const parsed = parseValue(declared, value);
    this.#header[declared] = Array.isArray(before) && Array.isArray(parsed) ? [...before, ...parsed] : parsed;
    if (!this.#lines.has(declared)) this.#lines.set(declared, line);
  }

  statement(statement: LocatedStatement): void {
    if (this.#open !== undefined) {
      this.#sections.get(this.#open)?.push(statement);
    } else if (!this.#strayReported) {
      this.#strayReported = true;
      this.#fault(
        "directive",
        "A statement stands before the first section",
        statement.line,
        "Write '-- delembic upgrade' on a line above it.",
      );
    }
  }

  finish(textFaults: readonly Fault[]): FileReading {
    const { file, checksum, dialect } = this.#source;
    const declaration = checkDeclaration(this.#header, (member, problem, hint) => {
      const [name = member] = Object.entries(HEADER_NAMES).find(([, declared]) => declared === member) ?? [];
      const advice = member === "revision" ? "Write '-- delembic revision: D001' at the top of the file." : hint;
      this.#fault("declaration", `'${name}' ${problem}`, this.#lines.get(member) ?? 1, advice);
    });
    const isLoad = this.#batch?.isLoad === true;
    if (!this.#sections.has("upgrade") && !this.#strayReported && !isLoad) {
      this.#fault(
        "no-upgrade",
        "The section 'upgrade' is missing",
        1,
        "Write '-- delembic upgrade' above the statements.",
      );
    }
    if (declaration.transaction) this.#checkTransaction();
    const context = { file, dialect, transaction: declaration.transaction };
    const batch = this.#batched(declaration, context);
    const faults = [...textFaults, ...this.#faults].sort((a, b) => (a.place.line ?? 0) - (b.place.line ?? 0));
    if (faults.length > 0) return { found: [], faults };
    const statements = {
      upgrade: this.#sections.get("upgrade") ?? [],
      validate: this.#sections.get("validate") ?? [],
      downgrade: this.#sections.get("downgrade") ?? [],
    };
    const loaded = [batch, ...Object.values(statements).flat()].flatMap((item) => item?.load?.source ?? []);
    const migration: LoadedMigration = {
      ...declaration,
      data: [...new Set([...declaration.data, ...loaded])],
      kind: "sql",
      file,
      checksum,
      upgrade: batch === undefined ? runAll(statements.upgrade, context) : undefined,
      validate: statements.validate.length === 0 ? undefined : validateAll(statements.validate, file),
      downgrade: this.#sections.has("downgrade") ? runAll(statements.downgrade, context) : undefined,
      batch,
      statements,
    };
    const [line, labelsLine] = [this.#lines.get("revision"), this.#lines.get("labels")];
    return { found: [{ migration, line, labelsLine }], faults };
  }

  #checkTransaction(): void {
    for (const statement of [...this.#sections.values()].flat()) {
      const control = transactionControl(statement.words);
      if (control !== undefined) {
        this.#fault(
          "transaction-control",
          `${control} would end or nest the transaction that the migration runs in`,
          statement.line,
          "Remove it, or write '-- delembic transaction: false' at the top of the file.",
        );
      } else if (FOREIGN_KEYS_REGEXP.test(statement.text)) {
        this.#fault(
          "transaction-control",
          "PRAGMA foreign_keys has no effect within a transaction",
          statement.line,
          "Use 'PRAGMA defer_foreign_keys = ON', or write '-- delembic transaction: false' at the top of the file.",
        );
      }
    }
  }

  #fault(code: string, message: string, line: number, hint?: string): void {
    this.#faults.push({ code, message, place: { file: this.#source.file, line }, hint });
  }
}

const FOREIGN_KEYS_REGEXP = /^pragma\s+(?:\w+\s*\.\s*)?foreign_keys\s*[=(]/i;

/** The statement's name when it begins or ends a transaction; savepoints do not. */
function transactionControl(words: readonly string[]): string | undefined {
  const [verb = "", second = "", third = ""] = words;
  switch (verb) {
    case "begin":
      return second === "not" ? undefined : "BEGIN";
    case "start":
    case "prepare":
      return second === "transaction" ? `${verb.toUpperCase()} TRANSACTION` : undefined;
    case "set":
      return second === "autocommit" ? "SET autocommit" : undefined;
    case "rollback":
      return second === "to" || third === "to" ? undefined : "ROLLBACK";
    case "commit":
    case "end":
    case "abort":
    case "xa":
      return verb.toUpperCase();
    default:
      return undefined;
  }
}

function parseValue(name: DeclaredName, value: string): unknown {
  if (LISTS.has(name)) return parseList(value);
  switch (name) {
    case "transaction":
    case "idempotent":
    case "repeatable":
      return value === "true" ? true : value === "false" ? false : value;
    case "retries":
      return /^\d+$/.test(value) ? Number(value) : value;
    default:
      return parseText(value);
  }
}
