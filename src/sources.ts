/**
 * The other databases that a migration reads from: `[delembic.source.NAME]`, opened at the first use, closed with the
 * attempt.
 *
 * @module
 */

import type { Connection } from "./connection.ts";
import { DelembicError } from "./errors.ts";
import type { RunContext } from "./open_run.ts";

export class Sources implements AsyncDisposable {
  readonly context: RunContext;

  constructor(context: RunContext) {
    this.context = context;
  }

  /** A read-only connection, the same one for the same name. @throws {DelembicError} for an unknown name */
  open(name: string): Promise<Connection> {
    throw new DelembicError(`There is no source ${name}`, { code: "unknown-source" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
  }
}
