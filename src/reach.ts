/**
 * Which revisions lie between what is applied and a target, up and down, by Alembic's rules for graphs. Pure.
 *
 * @module
 */

import { ancestorsOf, headsOf } from "./graph.ts";
import { resolveOne, type RevisionGraph, type Target, TargetError } from "./target.ts";

/** The targets that are places in the graph. */
export type GraphTarget = Exclude<Target, { kind: "head" | "steps" }>;

/**
 * The revisions that an upgrade wants to have applied: those that are named and all that they need.
 *
 * @param applied of these those that the graph knows count
 * @throws {TargetError} when the target names nothing, several where one is meant, or is one for `downgrade`
 */
export function wantedUp(graph: RevisionGraph, applied: ReadonlySet<string>, target: GraphTarget): Set<string> {
  return ancestorsOf(graph.parents, namedUp(graph, applied, target));
}

function namedUp(graph: RevisionGraph, applied: ReadonlySet<string>, target: GraphTarget): string[] {
  const text = textOf(target);
  if (target.kind === "base") throw new TargetError(`Cannot upgrade to ${text}`, `Use 'delembic downgrade ${text}'.`);
  if (target.kind === "name") {
    const ids = graph.names.resolve(target.name);
    if (ids.length > 0) return ids;
    throw new TargetError(`Cannot upgrade to ${text}, which is before the first revision`);
  }
  const { steps, branch } = target;
  if (steps <= 0) throw new TargetError(`Cannot upgrade by ${text}`, `Use 'delembic downgrade ${text}'.`);
  const [start, ...others] = tipsUp(graph, applied, branch);
  if (others.length > 0) throw severalTips(text, [start ?? "", ...others]);
  const id = graph.names.walk(start, steps, { name: text, branch });
  return id === undefined ? [] : [id];
}

/** From where `billing@+N` counts: what is applied on the branch and has nothing applied behind it there. None: the base. */
function tipsUp({ parents, names }: RevisionGraph, applied: ReadonlySet<string>, branch: string): string[] {
  const onBranch = names.onBranch(branch);
  const tips = headsOf(parents, applied).filter((id) => onBranch.has(id));
  return tips.length > 0 ? tips : headsOf(parents, [...applied].filter((id) => onBranch.has(id)));
}

/**
 * The applied revisions that a downgrade takes back: all that build on the target.
 *
 * @throws {TargetError} when the target names nothing or several, is not applied, or is one for `upgrade`
 */
export function wantedDown(graph: RevisionGraph, applied: ReadonlySet<string>, target: GraphTarget): Set<string> {
  const text = textOf(target);
  const at = lowEnd(graph, applied, target);
  if (at !== undefined && !applied.has(at)) {
    throw new TargetError(`Revision ${at} is not applied, so there is no going back to it`);
  }
  const roots = rootsAbove(graph, at, branchOf(graph, at, target), text);
  const going = ancestorsOf(graph.names.children, roots).intersection(applied);
  if (going.size === 0 && at !== undefined && !headsOf(graph.parents, applied).includes(at)) {
    throw new TargetError(`Nothing that is applied builds on ${at} on the way of '${text}'`);
  }
  return going;
}

/** The revision that is to be the last; `undefined` is the base. */
function lowEnd(graph: RevisionGraph, applied: ReadonlySet<string>, target: GraphTarget): string | undefined {
  switch (target.kind) {
    case "base":
      return undefined;
    case "name": {
      const [id, ...more] = graph.names.resolve(target.name);
      return more.length === 0 ? id : resolveOne(graph, target.name);
    }
    case "branch-steps": {
      const text = textOf(target);
      const { steps, branch } = target;
      if (steps >= 0) throw new TargetError(`Cannot downgrade by ${text}`, `Use 'delembic upgrade ${text}'.`);
      const onBranch = graph.names.onBranch(branch);
      const [start, ...others] = headsOf(graph.parents, applied).filter((id) => onBranch.has(id));
      if (start === undefined) throw new TargetError(`Nothing of the branch '${branch}' is applied`);
      if (others.length > 0) throw severalTips(text, [start, ...others]);
      return graph.names.walk(start, steps, { name: text });
    }
  }
}

/** What is directly above the new end, and on the branch where one is named. */
function rootsAbove(
  { parents, names }: RevisionGraph,
  at: string | undefined,
  branch: string | undefined,
  text: string,
): readonly string[] {
  const above = at === undefined ? names.bases : names.children.get(at) ?? [];
  if (branch === undefined) return above;
  const line = ancestorsOf(parents, [names.rootOf(branch)]);
  if (above.length <= 1) return above;
  const roots = above.filter((id) => line.has(id));
  if (roots.length > 0) return roots;
  throw new TargetError(`'${text}' does not say which way goes: ${above.join(", ")} build on ${at ?? "nothing"}`);
}

/** The branch that is named; and where steps from a revision come to the base, the line of that revision. */
function branchOf({ names }: RevisionGraph, at: string | undefined, target: GraphTarget): string | undefined {
  if (target.kind !== "name") return target.branch;
  const [branch, ...more] = target.name.split("@");
  if (more.length > 0) return branch;
  return at === undefined ? names.resolve(target.name.replace(/-\d+$/, ""))[0] : undefined;
}

function severalTips(text: string, tips: readonly string[]): TargetError {
  return new TargetError(
    `'${text}' could count from ${tips.slice(0, -1).join(", ")} or ${tips.at(-1)}`,
    "Name one of them, as in D001+1.",
    { matches: tips },
  );
}

/** As it was written. */
function textOf(target: GraphTarget): string {
  if (target.kind === "name") return target.name;
  const what = target.kind === "base" ? "base" : `${target.steps < 0 ? "" : "+"}${target.steps}`;
  return target.branch === undefined ? what : `${target.branch}@${what}`;
}
