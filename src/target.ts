/**
 * What a user names as the target of `upgrade` and `downgrade`, parsed, and the words in which a name is refused. Pure.
 *
 * @module
 */

import { branchLabels } from "./branch_labels.ts";
import { DelembicError, EXIT } from "./errors.ts";
import type { Parents } from "./graph.ts";
import type { LoadedMigration } from "./migration.ts";
import { type NameErrors, RevisionNames } from "./revision_names.ts";
import { closest } from "./suggest.ts";

/** A target as it was written, understood but not looked up yet. */
export type Target =
  | { readonly kind: "head" }
  /** `base`, `billing@base`. */
  | { readonly kind: "base"; readonly branch?: string | undefined }
  /** `+2`, `-1`: so many more, or less, than are applied. */
  | { readonly kind: "steps"; readonly steps: number }
  /** `billing@+2`, `billing@-1`: steps along a branch, from what is applied there. */
  | { readonly kind: "branch-steps"; readonly steps: number; readonly branch: string }
  /** `D002`, `D0`, `D002+1`, `billing`, `billing@head`, `billing@head-1`: see {@link RevisionNames.resolve}. */
  | { readonly kind: "name"; readonly name: string };

/** The data revisions, as targets are looked up in them. */
export interface RevisionGraph {
  /** For each revision the data revisions that it needs. */
  readonly parents: Parents;
  readonly names: RevisionNames;
  /** The labels of the branches that a revision is on, its own and inherited ones: see `src/branch_labels.ts`. */
  branchesOf(revision: string): ReadonlySet<string>;
}

const BASE_REGEXP = /^(?:([^@]+)@)?base$/;
const STEPS_REGEXP = /^(?:([^@]+)@)?([+-]\d+)$/;
const NAME_REGEXP = /^(?:[A-Za-z0-9_.-]+@)?[A-Za-z0-9_.-]+(?:\+\d+)?$/;
const RELATIVE_REGEXP = /[+-]\d+$/;

const HISTORY_HINT = "Run 'delembic history' to see what there is.";

export class TargetError extends DelembicError {
  constructor(message: string, hint?: string, data: Record<string, unknown> = {}) {
    super(message, { code: "unknown-target", exitCode: EXIT.usage, hint, data });
  }
}

/** @throws {TargetError} when the text is no target */
export function parseTarget(text: string): Target {
  if (text === "head" || text === "heads") return { kind: "head" };
  const [base, baseBranch] = BASE_REGEXP.exec(text) ?? [];
  if (base !== undefined) return { kind: "base", branch: baseBranch };
  const [, branch, steps] = STEPS_REGEXP.exec(text) ?? [];
  if (steps !== undefined) {
    return branch === undefined
      ? { kind: "steps", steps: Number(steps) }
      : { kind: "branch-steps", steps: Number(steps), branch };
  }
  if (NAME_REGEXP.test(text)) return { kind: "name", name: text };
  throw new TargetError(
    `Cannot understand the target '${text}'`,
    "A target is head, a revision, the beginning of one, a label, LABEL@head, +N, LABEL@+N or REVISION+N; for " +
      "downgrade base, LABEL@base, a revision, -N or LABEL@-N.",
  );
}

/** The graph of migrations; made once for all names that are looked up in it. */
export function graphOf(
  migrations: ReadonlyMap<string, Pick<LoadedMigration, "labels">>,
  parents: Parents,
): RevisionGraph {
  const labels = [...migrations].map(([id, { labels }]) => [id, labels] as const);
  // a beginning of any length finds its revision: D1 is as long as some ids are
  const names = new RevisionNames(parents, labels, { errors: TARGET_ERRORS, shortest: 0 });
  let branches: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  return {
    parents,
    names,
    branchesOf: (revision) => (branches ??= branchLabels(labels, parents, parents)).get(revision) ?? NO_BRANCH,
  };
}

const NO_BRANCH: ReadonlySet<string> = new Set();

const TARGET_ERRORS: NameErrors = {
  unknown: unknownRevision,
  ambiguous: (name, ids) => {
    const isBeginning = !RELATIVE_REGEXP.test(name) && ids.every((id) => id.startsWith(name));
    return ambiguous(name, ids, isBeginning ? "Write more of the revision." : "Name one of them.");
  },
  outside: (name, last) =>
    last === undefined
      ? new TargetError(`'${name}' goes below the first revision`, "Use 'base' to go there.")
      : new TargetError(`'${name}' goes too far: nothing builds on ${last}`, "Use 'head' for all that there is."),
  elsewhere: (id, branch) => new TargetError(`Revision ${id} is not on the branch '${branch}'`, HISTORY_HINT),
  unstarted: (name, steps) =>
    new TargetError(
      `'${name}' does not say from which revision it counts`,
      `Put it before: base${steps}, D001${steps}.`,
    ),
};

function unknownRevision(name: string, known: readonly string[]): TargetError {
  const suggestion = closest(name, known);
  return new TargetError(
    `Unknown target revision: ${name}`,
    suggestion === undefined ? HISTORY_HINT : `Did you mean ${suggestion}? ${HISTORY_HINT}`,
  );
}

function ambiguous(name: string, ids: readonly string[], hint: string): TargetError {
  const some = ids.slice(0, 8).join(", ") + (ids.length > 8 ? ", …" : "");
  return new TargetError(`'${name}' could be any of ${ids.length} revisions: ${some}`, hint, { matches: ids });
}

/**
 * The one revision that a name means.
 *
 * @throws {TargetError} when it means none, several, or the base
 */
export function resolveOne({ names }: RevisionGraph, name: string): string {
  const [id, ...more] = names.resolve(name);
  if (id === undefined) throw new TargetError(`'${name}' is before the first revision`, "Name a revision.");
  if (more.length > 0) throw TARGET_ERRORS.ambiguous(name, [id, ...more]);
  return id;
}

/**
 * The revision that a name means, where no other file could give it another meaning: an id, the beginning of one, a
 * label. `undefined` for those that count steps or look for an end.
 *
 * @throws {TargetError} when there is none
 */
export function plainlyNamed({ names }: RevisionGraph, name: string): string | undefined {
  const [id = ""] = names.resolve(name);
  const isPlain = !name.includes("@") && (id.startsWith(name) || names.isLabel(name));
  return isPlain ? id : undefined;
}

/**
 * The full id that a user means by a whole id or a unique prefix; of revisions without a file, too. With a graph also by
 * a label, or by whatever else names one revision in it.
 *
 * @throws {TargetError} when nothing or several revisions match
 */
export function resolveRevision(text: string, known: readonly string[], graph?: RevisionGraph): string {
  if (known.includes(text)) return text;
  const matches = known.filter((id) => id.startsWith(text));
  if (matches.length === 1 && matches[0] !== undefined) return matches[0];
  if (matches.length > 1) throw TARGET_ERRORS.ambiguous(text, matches);
  if (graph !== undefined) return resolveOne(graph, text);
  throw unknownRevision(text, known);
}
