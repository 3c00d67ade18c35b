/**
 * A migration of the Python tool at its place in our order: Python does its work, on a connection of the project's own
 * engine, and our record is written there, in the same transaction. See `python_driver/driver.py` for the other end.
 *
 * @module
 */

import { DatabaseError, type Dialect, type Result, type Row, type Statement } from "./db/database.ts";
import { DelembicError } from "./errors.ts";
import type { EventSink } from "./events.ts";
import { interruptible } from "./interruption.ts";
import type { LoadedMigration } from "./migration.ts";
import type { Project } from "./project.ts";
import {
  isRetryable,
  problemError,
  PythonEndedError,
  type PythonProblem,
  PythonUnusableError,
  refusalError,
} from "./run_python_errors.ts";
import { openRequest, type PythonListener, PythonProcess, type PythonRequest } from "./run_python_process.ts";
import type { WorkConnection } from "./workplace.ts";

/**
 * Starts the project's Python and opens its engine, without connecting.
 *
 * @throws {PythonUnusableError} when there is none, or it lacks a package; {DelembicError} when the engine cannot be had
 */
export async function openPython(
  { config }: Pick<Project, "config">,
  dialect: Dialect,
  emit: EventSink,
): Promise<PythonProcess> {
  if (config.python === undefined) throw new TypeError("no Python is configured");
  const process = await PythonProcess.start(config.python, config);
  try {
    const printed: string[] = [];
    const answer = await process.ask(openRequest(config), {
      printed: (line) => void printed.push(line),
      noted: () => {},
      statement: () => Promise.resolve(false),
    }).catch((error) => {
      if (!(error instanceof PythonEndedError)) throw error;
      const said = printed.length === 0 ? "" : `\n${printed.slice(-20).join("\n")}`;
      throw new PythonUnusableError(`Python ended before it began: ${config.python?.join(" ")}${said}`, SET_PYTHON);
    });
    for (const line of printed) emit({ type: "log", revision: "", message: line });
    if ("error" in answer) throw engineError(answer.error, "be made");
    const facts = factsOf(answer, config.python.join(" "), "");
    requireSameKind(String(facts["dialect"]), dialect);
    return process;
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
}

const SET_PYTHON = "Set 'python' in delembic.ini to the Python of the project, in which delembic 1.2 is installed.";
const SAME_DATABASE = "Give both the same: 'sqlalchemy.url' in delembic.ini or get_engine() of env.py for Python, " +
  "and --url, DELEMBIC_URL or that 'sqlalchemy.url' for Delembic.";

/** What went wrong before the migration's turn: with the URL, `env.py`, a driver, or the way to the database. */
function engineError(problem: PythonProblem, what: string): PythonUnusableError {
  const { file, line, message } = problem;
  const place = file === undefined ? undefined : { file, ...(line === undefined ? {} : { line }) };
  const hint = /^ModuleNotFoundError/.test(message)
    ? "Install the module for the Python that 'python' in delembic.ini names, or name another driver in the URL."
    : "It is made from 'sqlalchemy.url' in delembic.ini, else by get_engine() of env.py.";
  return new PythonUnusableError(`The Python tool's engine cannot ${what}: ${message}`, hint, place);
}

function requireSameKind(theirs: string, { name, title }: Dialect): void {
  if ((theirs === "mariadb" ? "mysql" : theirs) === name) return;
  throw new PythonUnusableError(
    `The Python tool's engine is one of ${theirs}, and Delembic's database is ${title}`,
    SAME_DATABASE,
  );
}

type Answer = Awaited<ReturnType<PythonProcess["ask"]>>;

/** @throws {DelembicError} when Python refused, or the migration raised something */
function factsOf(answer: Answer, command: string, file: string): Readonly<Record<string, unknown>> {
  if ("ok" in answer) return answer.ok;
  if ("refused" in answer) throw refusalError(answer.refused, command, file);
  throw problemError(answer.error, file);
}

/** How to tell that Python's connection sees the same database: a query, and which row it must give. */
export interface Proof extends Statement {
  isIn(row: Row): boolean;
}

/** What a migration in Python is run with. */
export interface PythonWorkOptions {
  readonly migration: Pick<LoadedMigration, "revision" | "file">;
  readonly dialect: Dialect;
  readonly emit: EventSink;
  /** Gives the process, started or still there. */
  readonly process: () => Promise<PythonProcess>;
  /** Awaited before the first statement that commits what was done so far (DDL on MySQL). */
  readonly beforePartial: () => Promise<void>;
}

/** One migration in Python: its steps, and the connection on which it is recorded. */
export class PythonWork implements WorkConnection {
  readonly dialect: Dialect;
  readonly #options: PythonWorkOptions;
  readonly #listener: PythonListener;
  #process: PythonProcess | undefined;
  #partial = false;
  #inTransaction = false;
  #backend: number | undefined;

  constructor(options: PythonWorkOptions) {
    const { migration: { revision }, emit } = options;
    this.dialect = options.dialect;
    this.#options = options;
    this.#listener = {
      printed: (message) => emit({ type: "log", revision, message }),
      noted: (what) => emit({ type: "warning", message: `${revision} ${NOTES[what] ?? what}` }),
      statement: (text) => this.#beforeStatement(text),
    };
  }

  /** Whether something may have been committed already. */
  get partial(): boolean {
    return this.#partial;
  }

  /** The server's id of the connection that was begun on. */
  get backend(): number | undefined {
    return this.#backend;
  }

  get inTransaction(): boolean {
    return this.#inTransaction;
  }

  /**
   * Begins the transaction on a connection of the project's engine.
   *
   * @throws {PythonUnusableError} when that is another database
   */
  async begin({ text, params, isIn }: Proof): Promise<void> {
    this.#process = await this.#options.process();
    const begun = await this.#process.ask({ do: "begin" }, this.#listener);
    if ("error" in begun && !isRetryable(begun.error)) throw engineError(begun.error, "connect");
    const { backend } = factsOf(begun, "python", this.#options.migration.file);
    this.#backend = typeof backend === "number" ? backend : undefined;
    this.#inTransaction = true;
    const seen = await this.query(text, params).catch((error) => {
      if (error instanceof PythonEndedError) throw error;
      throw otherDatabase(error);
    });
    const [row] = seen.rows;
    if (row === undefined || !isIn(row)) throw otherDatabase();
  }

  /** Whether the migration has a `validate` of its own. */
  async validates(): Promise<boolean> {
    this.#process = await this.#options.process();
    const { validates } = await this.#ask({ do: "look", revision: this.#options.migration.revision });
    return validates === true;
  }

  /** Calls the migration's `upgrade` or `validate`; when the signal is aborted it is stopped, and the reason thrown. */
  async step(name: "upgrade" | "validate", signal: AbortSignal): Promise<void> {
    const process = this.#process;
    const work = this.#ask({ do: name, revision: this.#options.migration.revision });
    await interruptible(work, signal, async () => await process?.cancel());
  }

  /** Makes sure that the transaction is still the one that was begun. */
  async settle(): Promise<void> {
    try {
      await this.#ask({ do: "release" });
    } catch (error) {
      // whatever ended it, something before may be committed
      if (error instanceof DelembicError && error.code === "transaction-ended") this.#partial = true;
      throw error;
    }
  }

  async query(text: string, params?: readonly unknown[]): Promise<Result> {
    const [result] = await this.batch([{ text, ...(params === undefined ? {} : { params }) }]);
    return result ?? { rows: [], count: 0 };
  }

  async batch(statements: readonly Statement[]): Promise<Result[]> {
    const named = statements.map(({ text, params = [] }) => ({ text: withNames(text), params }));
    const { results } = await this.#ask({ do: "execute", statements: named });
    return results as Result[];
  }

  /** @throws {DatabaseError} of kind `lost` when Python went away: whether it had committed, the ledger tells */
  async commit(): Promise<void> {
    try {
      await this.#ask({ do: "commit" });
    } catch (error) {
      if (!(error instanceof PythonEndedError)) throw error;
      throw new DatabaseError("lost", error.message, { cause: error });
    }
    this.#inTransaction = false;
  }

  async rollback(): Promise<void> {
    await this.#ask({ do: "rollback" });
    this.#inTransaction = false;
  }

  async #beforeStatement(text: string): Promise<boolean> {
    if (!this.dialect.commitsImplicitly(text)) return false;
    if (!this.#partial) {
      this.#partial = true;
      await this.#options.beforePartial();
    }
    return true;
  }

  async #ask(request: PythonRequest): Promise<Readonly<Record<string, unknown>>> {
    if (this.#process === undefined) throw new TypeError("not begun");
    return factsOf(await this.#process.ask(request, this.#listener), "python", this.#options.migration.file);
  }
}

const NOTES: Readonly<Record<string, string>> = {
  commit: "calls commit(): that waits for the end, where its record is committed too",
  "other-connection": "commits on a connection of its own: that stays, whatever becomes of the migration",
};

function otherDatabase(cause?: unknown): PythonUnusableError {
  const error = new PythonUnusableError(
    "The Python tool's engine connects to another database than Delembic",
    SAME_DATABASE,
  );
  error.cause = cause;
  return error;
}

/** Placeholders of any dialect, quoted texts, and the colons that SQLAlchemy would take for a name's. */
const PLACEHOLDER_REGEXP = /'(?:[^']|'')*'|\$(\d+)|\?|:/g;

/** A statement of the ledger as SQLAlchemy's `text()` takes it: its parameters are `:p1`, `:p2` …, in any dialect. */
export function withNames(text: string): string {
  let count = 0;
  return text.replace(PLACEHOLDER_REGEXP, (found, number: string | undefined) => {
    if (found.startsWith("'")) return found.replaceAll(":", "\\:");
    if (found === ":") return "\\:";
    return `:p${number ?? ++count}`;
  });
}
