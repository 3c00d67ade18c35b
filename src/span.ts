/**
 * Ranges of revisions, `D002:D005`, `:head`, `D002:`: what Alembic calls `-r [START]:[END]`, and what is printed as SQL
 * instead of being run. Pure.
 *
 * @module
 */

import { ancestorsOf, headsOf } from "./graph.ts";
import { parseTarget, type RevisionGraph, type Target, TargetError } from "./target.ts";

/** The two sides of a range as they were written; `""` where nothing stands. */
export interface SpanText {
  readonly start: string;
  readonly end: string;
}

/** A range that was looked up; `from` is empty where it begins at the base. */
export interface Span {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** Whether a text is a range rather than a target. */
export function isSpan(text: string): boolean {
  return text.includes(":");
}

/** @throws {TargetError} when the text is no range */
export function parseSpan(text: string): SpanText {
  const [start = "", end, ...more] = text.split(":").map((side) => side.trim());
  if (end !== undefined && more.length === 0) return { start, end };
  throw new TargetError(
    `Cannot understand the range '${text}'`,
    "A range is START:END, as in D002:D005, D002: or :head.",
  );
}

/** What a script from START to END stands on, and where it goes. */
export interface OfflineSpan {
  /** The revisions that are taken for applied: those that START names, and all that they need. */
  readonly applied: ReadonlySet<string>;
  /** For `planUpgrade` or `planDowngrade`. */
  readonly target: Target;
}

/**
 * A range as `upgrade START:END --sql` and `downgrade START:END --sql` mean it: START is what is applied, END the target
 * from there, which may be relative (`D002:+2`).
 *
 * @param standard the end where none is written
 * @throws {TargetError} when the text is no range, or START names nothing
 */
export function offlineSpan(text: string, graph: RevisionGraph, standard = "head"): OfflineSpan {
  const { start, end } = parseSpan(text);
  const ids = start === "" ? [] : graph.names.resolve(start);
  return { applied: ancestorsOf(graph.parents, ids), target: parseTarget(end === "" ? standard : end) };
}

const UP_REGEXP = /^(?:([^@]+)@)?(\+\d+)$/;
const DOWN_REGEXP = /^-\d+$/;

/**
 * A range as `history -r START:END` means it: START without anything is the base, END the heads; `current` is what is
 * applied. `+N` of END counts from START, `-N` of START from END; where there are not so many, all are meant.
 *
 * @param applied for `current`; of these those that the graph knows count
 * @throws {TargetError} when the text is no range, or a side names nothing
 */
export function resolveSpan(text: string, graph: RevisionGraph, applied: Iterable<string> = []): Span {
  const { start, end } = parseSpan(text);
  const { names, parents } = graph;
  const isCurrent = (name: string) => name === "current" && !parents.has(name);
  const idsOf = (name: string) => isCurrent(name) ? headsOf(parents, applied) : names.resolve(name);
  if (DOWN_REGEXP.test(start)) {
    const to = idsOf(end === "" ? "heads" : end);
    const from = to.map((id) => names.walk(id, Number(start), { name: text, stays: true }));
    // a way down to the base has all of the range
    const known = from.filter((id) => id !== undefined);
    return { from: known.length < from.length ? [] : [...new Set(known)], to };
  }
  const from = start === "" ? [] : idsOf(start);
  const [, branch, up] = UP_REGEXP.exec(end) ?? [];
  if (up === undefined) return { from, to: onBranchOf(start, graph, idsOf(end === "" ? "heads" : end)) };
  const [first, ...others] = from;
  if (others.length > 0) {
    throw new TargetError(`'${end}' could count from any of ${from.join(", ")}`, "Name one of them.", {
      matches: from,
    });
  }
  const last = names.walk(first, Number(up), { name: text, branch, stays: true });
  return { from, to: onBranchOf(start, graph, last === undefined ? [] : [last]) };
}

/** Of the ends, those of the branch on which the range begins: `billing@base:`. */
function onBranchOf(start: string, { names, branchesOf }: RevisionGraph, ids: string[]): string[] {
  const at = start.indexOf("@");
  if (at === -1) return ids;
  const branch = start.slice(0, at);
  if (names.isLabel(branch)) return ids.filter((id) => branchesOf(id).has(branch));
  const onBranch = names.onBranch(branch);
  return ids.filter((id) => onBranch.has(id));
}

/**
 * All revisions of a range, both ends among them: what builds on its beginning and is needed by its end.
 *
 * @throws {TargetError} when the end does not need the beginning
 */
export function revisionsIn({ from, to }: Span, { parents, names }: RevisionGraph): Set<string> {
  const needed = ancestorsOf(parents, to);
  const stray = from.find((id) => !needed.has(id));
  if (stray !== undefined) {
    throw new TargetError(
      `${to.join(", ")} does not build on ${stray}`,
      "A range goes from the older revision to the newer.",
    );
  }
  return from.length === 0 ? needed : needed.intersection(ancestorsOf(names.children, from));
}
