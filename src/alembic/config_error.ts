/**
 * What is wrong with a configuration of Alembic.
 *
 * @module
 */

import { DelembicError, EXIT, type Place } from "../errors.ts";

/** A configuration of Alembic that cannot be used. Exit code 2. */
export class AlembicConfigError extends DelembicError {
  constructor(message: string, code: string, hint: string, place: Place, cause?: unknown) {
    super(message, { code, exitCode: EXIT.usage, hint, place, cause });
  }
}
