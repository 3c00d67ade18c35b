/**
 * How a script for the database's own client is written (`psql`, `mariadb`, `sqlite3`), one value a database: literals
 * for values, checks that stop the script, the lock, loops over a table. Texts go in and come out; nothing is connected.
 *
 * @module
 */

import type { ColumnKind, TablePath } from "./catalog.ts";
import type { LedgerSql } from "./ledger_sql.ts";

/** What a client does to a statement on its way, so that it can be kept from it. */
export interface ClientHabits {
  /** The program, as it is called. */
  readonly name: string;
  /** How the script is run; `FILE` stands for it. */
  readonly call: string;
  /** A line that the client takes for its own wherever it stands outside of quotes; without white space around it. */
  readonly ownLine: RegExp | undefined;
  /** `:name` outside of quotes may be a variable of the client. */
  readonly variables: boolean;
  /** A `\` outside of quotes begins a command of the client. */
  readonly backslashCommands: boolean;
  /** A statement with a `;` in it, with what keeps the client from ending it there; `undefined` where it sees that. */
  readonly delimited: ((statement: string) => string) | undefined;
  /**
   * What stands for a quoted text of which the client would lose the CR of each line's end; `undefined` where it loses
   * nothing.
   */
  readonly keepReturns: ((quoted: string) => string) | undefined;
}

/**
 * How long the lock is kept beyond a transaction, in seconds. Within one its row is locked, so nobody takes it however long
 * that lasts; and who waits does not wait long for a script that has stopped.
 */
export const SCRIPT_LEASE_SECONDS = 10;

/** Who prints the script, for where the database does not know who runs it. */
export interface Printer {
  readonly username: string;
  readonly hostname: string;
  readonly version: string;
}

export interface ScriptOpening {
  /** How the ledger's tables are made. */
  readonly tables: LedgerSql["create"];
  readonly printer: Printer;
  /** Options of the URL that make a session of Delembic's what it is. */
  readonly options: Readonly<Record<string, string>>;
}

/** A condition, and what is said where it does not hold. */
export interface ScriptGuard {
  readonly condition: string;
  readonly message: string;
}

/** A walk over a table in batches. */
export interface ScriptWalk {
  readonly revision: string;
  readonly table: TablePath;
  readonly key: readonly string[];
  /** Rows of a batch, and of a range. */
  readonly size: number;
  readonly rangeSize: number;
  /** Run for each batch, after its keys are known. */
  readonly statements: readonly ScriptStatement[];
  /** Run first in each batch's transaction. */
  readonly preludes: readonly string[];
}

/** A statement of a walk, cut where the keys of the batch come in; between two texts stands the table's alias, or none. */
export interface ScriptStatement {
  readonly texts: readonly string[];
  readonly aliases: readonly (string | undefined)[];
}

/** What the script writes of an attempt; SQL that gives each. */
export interface ScriptMoments {
  /** Now, and when the attempt began, as a column of time takes it. */
  readonly now: string;
  readonly started: string;
  /** Seconds since it began. */
  readonly elapsed: string;
  /** When it began as text, as {@link Run.startedAt} is written. */
  readonly startedText: string;
  /** The row of the history that was opened for it. */
  readonly runId: string;
  username(printer: Printer): string;
  hostname(printer: Printer): string;
}

/**
 * Each text that is given is a whole part of a script, with its delimiters; a `condition` is SQL for a true value, with
 * NULL taken for false.
 */
export interface OfflineSql {
  readonly client: ClientHabits;
  readonly moments: ScriptMoments;
  /**
   * A value as it stands in the place of a placeholder, so that the statement means the same as with it.
   *
   * @param json whether JSON is wanted there for certain, by a cast
   * @throws {TypeError} for what a placeholder does not take either
   */
  literal(value: unknown, json?: boolean): string;
  /** A text, for SQL of our own. */
  text(value: string): string;
  /** Texts, one behind the other. */
  concat(parts: readonly string[]): string;
  /** Settings, tables that are missing, helpers, and the lock. */
  open(opening: ScriptOpening): readonly string[];
  /** Gives the lock back, and takes the helpers away. */
  close(): readonly string[];
  readonly begin: string;
  readonly commit: string;
  /** Stops the script, and what it has not committed, unless the condition holds. */
  require(condition: string, message: string): string;
  /** Remembers the present as the beginning of an attempt; outside of a transaction. */
  readonly startClock: string;
  /** Remembers the row that was inserted just now as the attempt's. */
  readonly rememberRun: string;
  /** Makes sure in a transaction that the lock is ours, and keeps it for so many seconds more. */
  holdLock(seconds: number): string;
  /** Whether a table is there. */
  hasTable(table: TablePath): string;
  /** What must hold before a migration on a database that other runs lock in another way. */
  readonly nobodyElse: ScriptGuard | undefined;
  /** Stops the script unless the query gives one row of one true value. */
  requireTrue(query: string, message: string): string;
  /** What {@link requireTrue} can take, by its first word. */
  readonly questions: ReadonlySet<string> | undefined;
  /** What must hold of a table, so that a walk over it leaves no row out. */
  walkGuards(walk: Pick<ScriptWalk, "table" | "key">): readonly ScriptGuard[];
  /** Goes over a table; the walk's row is there. Commits where the database can within a loop. */
  walk(walk: ScriptWalk): readonly string[];
  /** Whether {@link walk} is one transaction, which is open when it is called. */
  readonly walksAtOnce: boolean;
  /**
   * Stops the script where the value of a placeholder would be JSON: there a text is one of JSON's own, which a literal
   * cannot say. `undefined` where a text is a text anywhere.
   */
  readonly refuseJson: ((statement: string, placeholders: readonly number[], message: string) => string) | undefined;
  /** How many rows a table has, up to a number; NULL where it has more. */
  countUpTo(table: TablePath, most: number): string;
  /** What a load sets before its rows, and takes back behind them. */
  readonly loading: { readonly before: readonly string[]; readonly after: readonly string[] };
  /** Whether a column holds JSON: a condition. */
  isJson(table: TablePath, column: string): string;
  /**
   * Whether a column is of one of these kinds, or of one that takes any text: a condition. `undefined` where the database
   * itself looks at what goes into a column.
   */
  readonly takes: ((table: TablePath, column: string, kinds: readonly ColumnKind[]) => string) | undefined;
  /** What stands behind the columns of an `INSERT`, so that its values are taken for every column. */
  readonly keepsIdentity: string;
  /** Adds to an `INSERT` of one row what is to be done where its key is there; `undefined`: by a temporary table. */
  readonly onConflict: ((key: readonly string[], set: readonly string[]) => string) | undefined;
}
