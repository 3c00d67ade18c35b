/**
 * In which words the name of an Alembic revision is refused; what a name means is in `src/revision_names.ts`.
 *
 * @module
 */

import { DelembicError, EXIT } from "../errors.ts";
import type { NameRules } from "../revision_names.ts";

/** A name that no script has, or that could be several. Exit code 2. */
export class AlembicNameError extends DelembicError {
  constructor(message: string, code: "alembic-unknown-revision" | "alembic-ambiguous-revision", hint?: string) {
    super(message, { code, exitCode: EXIT.usage, hint });
  }
}

const LIST_HINT = "'delembic alembic history' lists the revisions.";

/** Alembic matches the beginning only of names that are longer than three characters. */
export const ALEMBIC_NAMES: NameRules = {
  shortest: 3,
  errors: {
    unknown: (name) => unknown(`There is no Alembic revision or branch '${name}'`),
    ambiguous: (name, ids) => {
      const some = ids.slice(0, 3).join(", ") + (ids.length > 3 ? ", …" : "");
      return new AlembicNameError(
        `'${name}' could be several Alembic revisions: ${some}`,
        "alembic-ambiguous-revision",
        "Write one of them in full.",
      );
    },
    outside: (name) => unknown(`'${name}' lies outside of the Alembic revisions`),
    elsewhere: (id, branch) => unknown(`Alembic revision ${id} is not on the branch '${branch}'`),
    unstarted: (name, steps) =>
      unknown(
        `'${name}' does not say from which Alembic revision it counts`,
        `Put it before: 'base${steps}', or an id.`,
      ),
  },
};

function unknown(message: string, hint = LIST_HINT): AlembicNameError {
  return new AlembicNameError(message, "alembic-unknown-revision", hint);
}
