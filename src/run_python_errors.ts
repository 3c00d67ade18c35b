/**
 * What goes wrong where the Python tool runs a migration, in the words of Delembic.
 *
 * @module
 */

import { DatabaseError, type DatabaseErrorKind } from "./db/database.ts";
import { DelembicError, EXIT, type Place } from "./errors.ts";

/** The Python of the configuration cannot be used at all. Exit code 2. */
export class PythonUnusableError extends DelembicError {
  constructor(message: string, hint: string, place?: Place) {
    super(message, { code: "python-unusable", exitCode: EXIT.usage, hint, place });
  }
}

/** Python went away: it was killed, or the migration ended it. Nothing was committed. */
export class PythonEndedError extends DelembicError {
  constructor(how: string) {
    super(`Python ended while the migration was at work (${how})`, {
      code: "python-ended",
      hint: "Its work is rolled back. What it wrote before its end is above.",
    });
  }
}

/** The migration's own code failed, or cannot be run. */
export class PythonMigrationError extends DelembicError {
  constructor(
    code: string,
    message: string,
    place: Place,
    options: { hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, { code, place, data: { ...place }, ...options });
  }
}

/** What the driver tells of an exception; see `python_driver/driver.py`. */
export interface PythonProblem {
  readonly type: string;
  readonly message: string;
  readonly traceback: string;
  readonly file?: string;
  readonly line?: number;
  readonly sqlstate?: string | null;
  readonly errno?: number | null;
  readonly sqlite?: string | null;
  readonly lost?: boolean;
  readonly statement?: string | null;
}

/** Kinds by SQLSTATE, MySQL's error number, SQLite's name: those on which somebody decides. */
const KINDS: Readonly<Record<string, DatabaseErrorKind>> = {
  "40001": "serialization",
  "40P01": "serialization",
  "55P03": "lock-timeout",
  "57P01": "lost",
  "42501": "privilege",
  "1213": "serialization",
  "1205": "lock-timeout",
  "1142": "privilege",
  "2006": "lost",
  "2013": "lost",
  SQLITE_BUSY: "lock-timeout",
  SQLITE_READONLY: "privilege",
};

function kindOf({ sqlstate, errno, sqlite, lost }: PythonProblem): DatabaseErrorKind | undefined {
  return lost === true ? "lost" : KINDS[sqlstate ?? ""] ?? KINDS[String(errno)] ?? KINDS[sqlite ?? ""];
}

/** Whether the same may succeed when it is tried again. */
export function isRetryable(problem: PythonProblem): boolean {
  const kind = kindOf(problem);
  return kind !== undefined && kind !== "privilege";
}

/** The error of an exception that was raised below the migration; its traceback is the cause's stack. */
export function problemError(problem: PythonProblem, file: string): DelembicError {
  const { message, traceback, sqlstate, errno } = problem;
  const place = problem.file === undefined
    ? { file }
    : { file: problem.file, ...(problem.line === undefined ? {} : { line: problem.line }) };
  const cause = new Error(message);
  cause.name = problem.type;
  cause.stack = traceback.trimEnd();
  const error = new PythonMigrationError("python-error", message, place, {
    hint: ADVICE.find(([pattern]) => pattern.test(message))?.[1],
    cause,
  });
  const kind = kindOf(problem);
  if (kind === undefined) return error;
  const details = { sqlState: sqlstate ?? undefined, errno: errno ?? undefined };
  return new DatabaseError(kind, message, { details, statement: problem.statement ?? undefined, cause: error });
}

/** What helps, where the message of Python or SQLAlchemy does not say it. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/^ModuleNotFoundError/, "Install the module for the Python that 'python' in delembic.ini names."],
  [
    /commits the transaction that it runs in/,
    "Take the commit out: work and record are committed together at the end.",
  ],
  [
    /current transaction is aborted/,
    "It went on after an error of the database. Put what may fail into 'with conn.begin_nested():'.",
  ],
];

/** Why the driver refuses; `facts` are its own. */
export interface PythonRefusal {
  readonly reason: string;
  readonly python?: string;
  readonly delembic?: string;
  readonly name?: string;
  readonly type?: string;
  readonly file?: string;
  readonly line?: number;
  readonly rolledBack?: boolean;
}

const INSTALL = "Install it there: python -m pip install 'delembic==1.2.*', and the driver of your database.";

/**
 * @param command the Python, as the configuration names it
 * @param file the migration's, for what has no better place
 */
export function refusalError(refusal: PythonRefusal, command: string, file: string): DelembicError {
  const place = refusal.file === undefined
    ? { file }
    : { file: refusal.file, ...(refusal.line === undefined ? {} : { line: refusal.line }) };
  const method = `${refusal.name}()`;
  switch (refusal.reason) {
    case "no-delembic":
      return new PythonUnusableError(`Python ${refusal.python} (${command}) has no package 'delembic'`, INSTALL);
    case "no-sqlalchemy":
      return new PythonUnusableError(`Python ${refusal.python} (${command}) has no package 'sqlalchemy'`, INSTALL);
    case "delembic-version":
      return new PythonUnusableError(
        `The package 'delembic' of ${command} is version ${refusal.delembic}; migrations run with 1.2`,
        INSTALL,
      );
    case "no-engine":
      return new PythonUnusableError(
        `get_engine() of env.py gives no SQLAlchemy Engine but ${refusal.type}`,
        refusal.type === "AsyncEngine"
          ? "The Python tool takes none that is async: return create_engine(…)."
          : "Return what sqlalchemy.create_engine gives.",
      );
    case "variable":
      return new PythonUnusableError(
        `The environment variable ${refusal.name} is not set for ${command}; 'sqlalchemy.url' needs it`,
        "Set it. A container needs it inside.",
      );
    case "autocommit":
      return new PythonUnusableError(
        "The Python tool's engine commits each statement by itself (AUTOCOMMIT)",
        "Take isolation_level='AUTOCOMMIT' out: work and record are committed together.",
      );
    case "async":
      return new PythonMigrationError("python-async", `${method} is 'async': nothing would run it`, place, {
        hint: "Write 'def' instead of 'async def'; 'conn' is a plain connection.",
      });
    case "generator":
      return new PythonMigrationError("python-generator", `${method} is a generator: nothing would run it`, place, {
        hint: "Take 'yield' out of it.",
      });
    case "ended":
      return new PythonMigrationError(
        "transaction-ended",
        `The migration ${refusal.rolledBack ? "rolled back" : "ended"} the transaction that it runs in`,
        place,
        { hint: "Take COMMIT and ROLLBACK out of it; 'with conn.begin_nested():' undoes a part alone." },
      );
    case "not-found":
      return new PythonMigrationError("python-not-found", "Python finds no migration of this revision", place, {
        hint: "Does its container have the same files?",
      });
    default:
      return new PythonMigrationError("python-refused", `The Python tool refused: ${refusal.reason}`, place);
  }
}
