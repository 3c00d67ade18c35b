/**
 * What a user names as the target of `upgrade` and `downgrade`, parsed and resolved against the known revisions. Pure.
 *
 * @module
 */

import { DelembicError, EXIT } from "./errors.ts";
import { closest } from "./suggest.ts";

/** A target as it was written, understood but not looked up yet. */
export type Target =
  | { readonly kind: "head" }
  | { readonly kind: "base" }
  /** `+2`, `-1`: steps from what is applied. */
  | { readonly kind: "steps"; readonly steps: number }
  /** `D002`, `D0`, `D002+1`: a revision or a unique prefix of one, and steps beyond it. */
  | { readonly kind: "revision"; readonly id: string; readonly steps: number };

const STEPS_REGEXP = /^([+-])(\d+)$/;
const REVISION_REGEXP = /^([A-Za-z0-9_.-]{1,128}?)(?:\+(\d+))?$/;

export class TargetError extends DelembicError {
  constructor(message: string, hint?: string, data: Record<string, unknown> = {}) {
    super(message, { code: "unknown-target", exitCode: EXIT.usage, hint, data });
  }
}

/** @throws {TargetError} when the text is no target */
export function parseTarget(text: string): Target {
  if (text === "head" || text === "heads") return { kind: "head" };
  if (text === "base") return { kind: "base" };
  const [, sign, digits] = STEPS_REGEXP.exec(text) ?? [];
  if (digits !== undefined) return { kind: "steps", steps: Number(digits) * (sign === "-" ? -1 : 1) };
  const [, id, beyond] = REVISION_REGEXP.exec(text) ?? [];
  if (id !== undefined) return { kind: "revision", id, steps: Number(beyond ?? 0) };
  throw new TargetError(
    `Cannot understand the target '${text}'`,
    "A target is head, a revision, the beginning of one, +N or REVISION+N; for downgrade base, a revision or -N.",
  );
}

/**
 * The full id that a user means by a whole id or a unique prefix.
 *
 * @throws {TargetError} when nothing or several revisions match
 */
export function resolveRevision(text: string, known: readonly string[]): string {
  if (known.includes(text)) return text;
  const matches = known.filter((id) => id.startsWith(text));
  if (matches.length === 1 && matches[0] !== undefined) return matches[0];
  if (matches.length > 1) {
    throw new TargetError(
      `'${text}' could be any of ${matches.length} revisions: ${matches.slice(0, 8).join(", ")}${
        matches.length > 8 ? ", …" : ""
      }`,
      "Write more of the revision.",
      { matches },
    );
  }
  const suggestion = closest(text, known);
  throw new TargetError(
    `Unknown target revision: ${text}`,
    suggestion === undefined
      ? "Run 'delembic history' to see what there is."
      : `Did you mean ${suggestion}? Run 'delembic history' to see what there is.`,
  );
}
