/**
 * What people call Alembic revisions: ids and their beginnings, branch labels, heads, and steps from one to another.
 * The rules are those of Alembic's `RevisionMap`. Pure.
 *
 * @module
 */

import { DelembicError, EXIT } from "../errors.ts";
import { ancestorsOf, childrenOf, headsOf, type Parents } from "../graph.ts";

/** A name that no script has, or that could be several. Exit code 2. */
export class AlembicNameError extends DelembicError {
  constructor(message: string, code: "alembic-unknown-revision" | "alembic-ambiguous-revision", hint?: string) {
    super(message, { code, exitCode: EXIT.usage, hint });
  }
}

/** Two revisions that claim one name. */
export interface LabelClash {
  readonly label: string;
  readonly first: string;
  readonly second: string;
}

const RELATIVE_REGEXP = /^(?:(.+?)@)?(\w+)?([+-]\d+)$/;
/** Alembic matches the beginning only of names that are longer than this. */
const SHORTEST_NAME = 3;
const LIST_HINT = "'delembic alembic history' lists the revisions.";

export class RevisionNames {
  readonly clashes: readonly LabelClash[];
  /** For each revision what it builds on by `down_revision`. */
  readonly #lineage: Parents;
  readonly #labels = new Map<string, string>();
  #heads: string[] | undefined;
  #children: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(lineage: Parents, labels: Iterable<readonly [revision: string, labels: readonly string[]]>) {
    this.#lineage = lineage;
    const clashes: LabelClash[] = [];
    for (const [revision, own] of labels) {
      for (const label of own) {
        const first = lineage.has(label) ? label : this.#labels.get(label);
        if (first === undefined) this.#labels.set(label, revision);
        else clashes.push({ label, first, second: revision });
      }
    }
    // a label that two have means neither
    for (const { label } of clashes) this.#labels.delete(label);
    this.clashes = clashes;
  }

  /**
   * The full ids of what a name stands for; none for `base`.
   *
   * @param effectiveHeads what `heads` stands for: those that nothing needs by `depends_on` either
   * @throws {AlembicNameError}
   */
  resolve(name: string, effectiveHeads: () => readonly string[]): string[] {
    const exact = this.#exact(name);
    if (exact !== undefined) return [exact];
    if (name === "heads") return [...effectiveHeads()];
    const relative = RELATIVE_REGEXP.exec(name);
    if (relative !== null) return this.#relative(name, relative);
    const at = name.indexOf("@");
    return at === -1 ? this.#within(name, undefined) : this.#within(name.slice(at + 1), name.slice(0, at));
  }

  #exact(name: string): string | undefined {
    return this.#lineage.has(name) ? name : this.#labels.get(name);
  }

  /** A name on one branch, or on any where `branch` is `undefined`. */
  #within(name: string, branch: string | undefined): string[] {
    if (name === "base") return [];
    const onBranch = branch === undefined ? undefined : this.#branch(branch);
    const isHere = (id: string) => onBranch === undefined || onBranch.has(id);
    if (name === "head" || name === "heads") {
      const heads = this.#lineageHeads().filter(isHere);
      if (name === "heads" || heads.length <= 1) return heads;
      throw ambiguous(branch === undefined ? name : `${branch}@${name}`, heads);
    }
    const found = this.#exact(name) ?? this.#byBeginning(name, isHere);
    if (isHere(found)) return [found];
    throw new AlembicNameError(
      `Alembic revision ${found} is not on the branch '${branch}'`,
      "alembic-unknown-revision",
      LIST_HINT,
    );
  }

  #byBeginning(beginning: string, isHere: (id: string) => boolean): string {
    const names = [...this.#lineage.keys(), ...this.#labels.keys()].filter((name) =>
      beginning !== "" && name.length > SHORTEST_NAME && name.startsWith(beginning)
    );
    const matching = names.filter((name) => isHere(this.#exact(name) ?? ""));
    const [first] = matching;
    if (first === undefined) {
      throw new AlembicNameError(
        `There is no Alembic revision or branch '${beginning}'`,
        "alembic-unknown-revision",
        LIST_HINT,
      );
    }
    if (matching.length > 1) throw ambiguous(beginning, matching);
    return this.#exact(first) ?? first;
  }

  /** Everything before and behind the revision that gives a branch its name. */
  #branch(label: string): ReadonlySet<string> {
    const root = this.#exact(label) ?? this.#byBeginning(label, () => true);
    const behind = ancestorsOf(this.#childMap(), [root]);
    return new Set([...ancestorsOf(this.#lineage, [root]), ...behind]);
  }

  /** `ID-1`, `head-2`, `LABEL@base+1`; `-1` counts from the heads. */
  #relative(name: string, [, branch, symbol, count = ""]: RegExpExecArray): string[] {
    const steps = Number(count);
    if (symbol === undefined && steps >= 0) {
      throw new AlembicNameError(
        `'${name}' does not say from which Alembic revision it counts`,
        "alembic-unknown-revision",
        `Put it before: 'base${count}', or an id.`,
      );
    }
    const starts = this.#within(symbol ?? "heads", branch);
    if (symbol === "base" || starts.length > 0 || steps === 0) {
      const from = starts.length === 0 ? [undefined] : starts;
      const ids = from.map((start) => this.#walk(name, start, steps, branch)).filter((id) => id !== undefined);
      return [...new Set(ids)];
    }
    throw outside(name);
  }

  /** Goes `steps` up or down; `undefined` is the base, below the first revision. */
  #walk(name: string, start: string | undefined, steps: number, branch: string | undefined): string | undefined {
    const onBranch = branch === undefined ? undefined : this.#branch(branch);
    let at = start;
    for (let left = Math.abs(steps); left > 0; left--) {
      if (at === undefined && steps < 0) throw outside(name);
      const next = steps < 0
        ? this.#lineage.get(at ?? "") ?? []
        : this.#above(at).filter((id) => onBranch?.has(id) ?? true);
      if (next.length > 1) throw ambiguous(name, next);
      if (next.length === 0 && steps > 0) throw outside(name);
      at = next[0];
    }
    return at;
  }

  #above(id: string | undefined): readonly string[] {
    if (id !== undefined) return this.#childMap().get(id) ?? [];
    return [...this.#lineage].filter(([, down]) => down.length === 0).map(([base]) => base);
  }

  #lineageHeads(): readonly string[] {
    return this.#heads ??= headsOf(this.#lineage);
  }

  #childMap(): ReadonlyMap<string, readonly string[]> {
    return this.#children ??= childrenOf(this.#lineage);
  }
}

function ambiguous(name: string, ids: readonly string[]): AlembicNameError {
  const some = ids.slice(0, 3).join(", ") + (ids.length > 3 ? ", …" : "");
  return new AlembicNameError(
    `'${name}' could be several Alembic revisions: ${some}`,
    "alembic-ambiguous-revision",
    "Write one of them in full.",
  );
}

function outside(name: string): AlembicNameError {
  return new AlembicNameError(`'${name}' lies outside of the Alembic revisions`, "alembic-unknown-revision", LIST_HINT);
}
