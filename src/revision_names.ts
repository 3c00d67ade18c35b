/**
 * What people call revisions: ids and their beginnings, branch labels, heads, and steps from one to another. The rules
 * are those of Alembic's `RevisionMap`; what a graph is of, and in which words a name is refused, is its owner's. Pure.
 *
 * @module
 */

import type { DelembicError } from "./errors.ts";
import { ancestorsOf, childrenOf, headsOf, type Parents } from "./graph.ts";

/** Two revisions that claim one name. */
export interface LabelClash {
  readonly label: string;
  readonly first: string;
  readonly second: string;
}

/** How names are refused; each gives the error that is thrown. */
export interface NameErrors {
  /** Nothing has this name, or begins so. */
  unknown(name: string, known: readonly string[]): DelembicError;
  /** Several do; or steps come to where the graph forks or joins. */
  ambiguous(name: string, ids: readonly string[]): DelembicError;
  /** The steps lead beyond `last`, on which nothing builds; or below the base, where that is `undefined`. */
  outside(name: string, last: string | undefined): DelembicError;
  elsewhere(id: string, branch: string): DelembicError;
  /** Steps up, from nothing. */
  unstarted(name: string, steps: string): DelembicError;
}

export interface NameRules {
  readonly errors: NameErrors;
  /** Only names longer than this are found by their beginning. */
  readonly shortest: number;
}

/** How {@link RevisionNames.walk} goes. */
export interface Walk {
  /** As it is refused when the way forks or ends. */
  readonly name: string;
  /** Where the way up forks, the side to take. */
  readonly branch?: string | undefined;
  /** Whether too many steps end at the last revision, or at the base, and are no mistake. @default false */
  readonly stays?: boolean;
}

const RELATIVE_REGEXP = /^(?:(.+?)@)?([\w.-]+?)?([+-]\d+)$/;

export class RevisionNames {
  readonly clashes: readonly LabelClash[];
  /** For each revision what it builds on: `down_revision`, or `dependsOn`. */
  readonly #lineage: Parents;
  readonly #labels = new Map<string, string>();
  readonly #errors: NameErrors;
  readonly #shortest: number;
  #heads: readonly string[] | undefined;
  #bases: readonly string[] | undefined;
  #children: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(
    lineage: Parents,
    labels: Iterable<readonly [revision: string, labels: readonly string[]]>,
    { errors, shortest }: NameRules,
  ) {
    this.#lineage = lineage;
    this.#errors = errors;
    this.#shortest = shortest;
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

  /** The revisions on which no other one builds, in natural order. */
  get heads(): readonly string[] {
    return this.#heads ??= headsOf(this.#lineage);
  }

  /** The revisions that build on none. */
  get bases(): readonly string[] {
    return this.#bases ??= [...this.#lineage].filter(([, down]) => down.length === 0).map(([base]) => base);
  }

  /** For each revision those that build on it. */
  get children(): ReadonlyMap<string, readonly string[]> {
    return this.#children ??= childrenOf(this.#lineage);
  }

  /**
   * The full ids of what a name stands for; none for `base`.
   *
   * @param effectiveHeads what `heads` stands for, where that is not {@link heads}
   * @throws what {@link NameErrors} gives
   */
  resolve(name: string, effectiveHeads: () => readonly string[] = () => this.heads): string[] {
    const exact = this.#exact(name);
    if (exact !== undefined) return [exact];
    if (name === "heads") return [...effectiveHeads()];
    const [, branch, symbol, count] = RELATIVE_REGEXP.exec(name) ?? [];
    if (count !== undefined && !this.#isBeginning(name, symbol)) return this.#relative(name, branch, symbol, count);
    const at = name.indexOf("@");
    return at === -1 ? this.#within(name, undefined) : this.#within(name.slice(at + 1), name.slice(0, at));
  }

  isLabel(name: string): boolean {
    return this.#labels.has(name);
  }

  /** Everything before and behind the revision that gives a branch its name. @throws as {@link resolve} */
  onBranch(label: string): ReadonlySet<string> {
    const root = this.rootOf(label);
    return new Set([...ancestorsOf(this.#lineage, [root]), ...ancestorsOf(this.children, [root])]);
  }

  /** The revision that gives a branch its name: that of a label, or of an id. @throws as {@link resolve} */
  rootOf(label: string): string {
    return this.#exact(label) ?? this.#byBeginning(label, () => true);
  }

  /**
   * Goes `steps` up or down from `start`; `undefined` is the base, below the first revision.
   *
   * @throws what {@link NameErrors} gives, where the way forks or ends
   */
  walk(start: string | undefined, steps: number, { name, branch, stays = false }: Walk): string | undefined {
    const onBranch = branch === undefined ? undefined : this.onBranch(branch);
    let at = start;
    for (let left = Math.abs(steps); left > 0; left--) {
      if (at === undefined && steps < 0 && !stays) throw this.#errors.outside(name, undefined);
      const next = steps < 0
        ? this.#lineage.get(at ?? "") ?? []
        : this.#above(at).filter((id) => onBranch?.has(id) ?? true);
      if (next.length > 1) throw this.#errors.ambiguous(name, next);
      if (next.length === 0 && steps > 0) {
        if (stays) return at;
        throw this.#errors.outside(name, at);
      }
      at = next[0];
    }
    return at;
  }

  #exact(name: string): string | undefined {
    return this.#lineage.has(name) ? name : this.#labels.get(name);
  }

  /** Whether `2026-01` is the beginning of an id rather than a step down from `2026`. */
  #isBeginning(name: string, symbol: string | undefined): boolean {
    if (symbol === undefined || this.#exact(symbol) !== undefined) return false;
    return [...this.#lineage.keys()].some((id) => id.startsWith(name));
  }

  /** A name on one branch, or on any where `branch` is `undefined`. */
  #within(name: string, branch: string | undefined): string[] {
    if (name === "base") return [];
    const onBranch = branch === undefined ? undefined : this.onBranch(branch);
    const isHere = (id: string) => onBranch === undefined || onBranch.has(id);
    if (name === "head" || name === "heads") {
      const heads = this.heads.filter(isHere);
      if (name === "heads" || heads.length <= 1) return heads;
      throw this.#errors.ambiguous(branch === undefined ? name : `${branch}@${name}`, heads);
    }
    const found = this.#exact(name) ?? this.#byBeginning(name, isHere);
    if (branch === undefined || isHere(found)) return [found];
    throw this.#errors.elsewhere(found, branch);
  }

  #byBeginning(beginning: string, isHere: (id: string) => boolean): string {
    const names = [...this.#lineage.keys(), ...this.#labels.keys()];
    const matching = names.filter((name) =>
      beginning !== "" && name.length > this.#shortest && name.startsWith(beginning) && isHere(this.#exact(name) ?? "")
    );
    const [first] = matching;
    if (first === undefined) throw this.#errors.unknown(beginning, names);
    if (matching.length > 1) throw this.#errors.ambiguous(beginning, matching);
    return this.#exact(first) ?? first;
  }

  /** `ID-1`, `head-2`, `LABEL@base+1`; `-1` counts from the heads. */
  #relative(name: string, branch: string | undefined, symbol: string | undefined, count: string): string[] {
    const steps = Number(count);
    if (symbol === undefined && steps >= 0) throw this.#errors.unstarted(name, count);
    // a step up comes to the branch, from wherever it starts
    const starts = this.#within(symbol ?? "heads", steps > 0 ? undefined : branch);
    if (symbol !== undefined && starts.length > 1) throw this.#errors.ambiguous(name, starts);
    if (symbol !== "base" && starts.length === 0 && steps !== 0) throw this.#errors.outside(name, undefined);
    const from = starts.length === 0 ? [undefined] : starts;
    const ids = from.map((start) => this.walk(start, steps, { name, branch })).filter((id) => id !== undefined);
    return [...new Set(ids)];
  }

  #above(id: string | undefined): readonly string[] {
    return id === undefined ? this.bases : this.children.get(id) ?? [];
  }
}
