/**
 * Runs the statements of a SQL migration, and says where and how they fail.
 *
 * @module
 */

import type { Connection, Rows } from "./connection.ts";
import { DatabaseError, type Dialect } from "./db/database.ts";
import { DelembicError, type Place } from "./errors.ts";
import type { Step } from "./migration.ts";
import type { LoadLine } from "./sql_load.ts";
import type { LocatedStatement } from "./sql_text.ts";
import { type Committed, StatementError, ValidationError } from "./step_errors.ts";

/** What of a dialect tells how its texts are read and what of them can be rolled back. */
export type SqlRules = Pick<Dialect, "lexicon" | "transactionalDdl" | "commitsImplicitly">;

/** What the statements of a file need besides themselves. */
export interface StepContext {
  readonly file: string;
  readonly dialect: SqlRules;
  readonly transaction: boolean;
}

/** Runs the statements one after another; a failing one becomes an error that knows its place. */
export function runAll(statements: readonly LocatedStatement[], context: StepContext): Step {
  return async (conn, run) => {
    for (const [index, statement] of statements.entries()) {
      run.signal.throwIfAborted();
      try {
        if (statement.load !== undefined) {
          await load(conn, statement.load, { file: context.file, line: statement.line });
        } else await conn.execute(statement.text);
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error;
        const count = countCommitted(statements.slice(0, index + 1), context, error);
        const committed = count === 0 ? undefined : { committed: count, total: statements.length };
        throw statementError(error, statement, { file: context.file, committed });
      }
    }
  };
}

/** What is wrong with the table or the options has its place here; what is wrong with a row has it in the data. */
async function load(conn: Connection, { table, source, options }: LoadLine, place: Place): Promise<void> {
  try {
    await conn.load(table, source, options);
  } catch (error) {
    if (!(error instanceof DelembicError) || error instanceof DatabaseError || error.place !== undefined) throw error;
    const { message, code, hint, data } = error;
    throw new DelembicError(message, { code, hint, data, place, cause: error });
  }
}

/** @param options.exact whether the server's position in the statement is one in the file. @default true */
export function statementError(
  error: DatabaseError,
  statement: LocatedStatement,
  { file, committed, exact = true }: {
    readonly file: string;
    readonly committed: Committed | undefined;
    readonly exact?: boolean;
  },
): StatementError {
  return new StatementError(error, placeOf(file, statement, exact ? error.details.position : undefined), committed);
}

/** MySQL could not parse the statement, so it did nothing, not even the commit that comes before DDL. */
const PARSE_ERROR_ERRNO = 1064;

/** How many statements cannot be rolled back when the last of these failed. */
function countCommitted(statements: readonly LocatedStatement[], context: StepContext, error: DatabaseError): number {
  const before = statements.length - 1;
  const { dialect } = context;
  if (!context.transaction) return before;
  if (dialect.transactionalDdl) return 0;
  const commits = (statement: LocatedStatement) => dialect.commitsImplicitly(statement.text);
  // a statement that commits takes all before it along, also when it fails itself
  const failed = statements.slice(before);
  if (failed.some(commits) && error.details.errno !== PARSE_ERROR_ERRNO) return before;
  return statements.slice(0, before).findLastIndex(commits) + 1;
}

/** Where the server's position (in characters, from 1) is in the file, or where the statement begins. */
function placeOf(file: string, statement: LocatedStatement, position: number | undefined): Place {
  const { line, column, text } = statement;
  if (position === undefined) return { file, line, column };
  const before = [...text].slice(0, position - 1).join("");
  const lastBreak = before.lastIndexOf("\n");
  if (lastBreak < 0) return { file, line, column: column + before.length };
  return { file, line: line + before.split("\n").length - 1, column: before.length - lastBreak };
}

/** Runs each query and wants one true value of it. @throws {ValidationError} */
export function validateAll(statements: readonly LocatedStatement[], file: string): Step {
  return async (conn, run) => {
    for (const statement of statements) {
      run.signal.throwIfAborted();
      const rows = await query(conn, statement, file);
      const problem = checkProblem(rows);
      if (problem === undefined) continue;
      const shown = statement.text.replace(/\s+/g, " ");
      throw new ValidationError(`Validation ${problem}: ${shown}`, {
        file,
        line: statement.line,
        column: statement.column,
      });
    }
  };
}

async function query(conn: Connection, statement: LocatedStatement, file: string): Promise<Rows> {
  try {
    return await conn.execute(statement.text);
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    throw statementError(error, statement, { file, committed: undefined });
  }
}

function checkProblem(rows: Rows): string | undefined {
  const [row] = rows;
  if (row === undefined) return "gave no row, where one true value is expected";
  if (rows.length > 1) return `gave ${rows.length} rows, where one true value is expected`;
  const values = Object.values(row);
  if (values.length !== 1) return `gave ${values.length} columns, where one true value is expected`;
  return isTrue(values[0]) ? undefined : `gave ${values[0] === null ? "NULL" : Deno.inspect(values[0])}`;
}

/** True in the words of any of the databases; numerics come as text, and MySQL's BIT as bytes. */
function isTrue(value: unknown): boolean {
  if (typeof value === "string") return value === "t" || value === "true" || (Number(value) || 0) !== 0;
  if (value instanceof Uint8Array) return value.some((byte) => byte !== 0);
  return Boolean(value);
}
