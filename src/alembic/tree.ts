/**
 * The Alembic revisions as a graph: what they are called, what each needs, and what a name means. Pure.
 *
 * An error in one script matters only where an answer depends on that script: whoever asks for something else gets
 * the answer.
 *
 * @module
 */

import { branchLabels } from "../branch_labels.ts";
import { type Fault, FaultsError } from "../errors.ts";
import { ancestorsOf, compareIds, findCycles, headsOf, type Parents, topologicalOrder } from "../graph.ts";
import { RevisionNames } from "../revision_names.ts";
import { ALEMBIC_NAMES, AlembicNameError } from "./names.ts";
import { type AlembicScript, isFault } from "./script.ts";

/** A script whose id is known. */
export interface AlembicRevision {
  readonly revision: string;
  /** As written in `down_revision`: full ids. */
  readonly down: readonly string[];
  /** As written in `depends_on`: full ids or labels. */
  readonly dependsOn: readonly string[];
  /** As written in `branch_labels`; see {@link AlembicTree.branchesOf} for those that it inherits. */
  readonly labels: readonly string[];
  readonly file: string;
  /** The first paragraph of the docstring. */
  readonly message: string;
}

/** Where Alembic keeps which revisions are applied. */
export interface VersionTable {
  readonly table: string;
  readonly schema: string | undefined;
}

/** The revisions of one Alembic folder. */
export class AlembicTree {
  /** By full id, in the order of the files. */
  readonly revisions: ReadonlyMap<string, AlembicRevision>;
  /** What each revision needs directly, by `down_revision` and `depends_on`. */
  readonly parents: Parents;
  readonly warnings: readonly Fault[];
  /** What is wrong with the parents of a revision, or with itself. */
  readonly #troubles = new Map<string, Fault[]>();
  /** Scripts whose id is not known, and labels that two revisions have: these concern any answer about unknown names. */
  readonly #anywhere: Fault[] = [];
  readonly #lineage: Parents;
  readonly #names: RevisionNames;
  readonly #versionTable: VersionTable | Fault;
  #branches: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  /** The last answer of {@link ancestors}: a run asks the same for each of its migrations. */
  #last: { readonly key: string; readonly ids: ReadonlySet<string> } = { key: "", ids: new Set() };

  constructor(scripts: readonly AlembicScript[], versionTable: VersionTable | Fault, warnings: readonly Fault[] = []) {
    this.#versionTable = versionTable;
    this.warnings = [...warnings, ...scripts.flatMap((script) => script.warnings)];
    const byId = this.#byId(scripts);
    this.revisions = new Map([...byId].map(([id, script]) => [id, revisionOf(id, script)]));
    this.#lineage = new Map([...byId].map(([id, script]) => [id, this.#downOf(id, script, byId)]));
    this.#names = new RevisionNames(this.#lineage, this.#labels(), ALEMBIC_NAMES);
    for (const { label, first, second } of this.#names.clashes) this.#anywhere.push(this.#clash(label, first, second));
    this.parents = new Map([...byId].map(([id, script]) => [id, this.#parentsOf(id, script)]));
    this.#findCycles(byId);
  }

  /** Where Alembic keeps its rows. @throws {FaultsError} when `env.py` says it in a way that cannot be read */
  get versionTable(): VersionTable {
    if (isFault(this.#versionTable)) throw new FaultsError([this.#versionTable]);
    return this.#versionTable;
  }

  /** All that is wrong in the scripts. */
  get faults(): readonly Fault[] {
    return [...new Set([...this.#anywhere, ...[...this.#troubles.values()].flat()])];
  }

  /** What is wrong with scripts whose ids are not known: any name that no other script has may be theirs. */
  get nameless(): readonly Fault[] {
    return this.#anywhere;
  }

  /** The revisions on which no other one builds by `down_revision`, in natural order. @throws {FaultsError} */
  heads(): string[] {
    this.#requireSound();
    return headsOf(this.#lineage);
  }

  /** {@link heads}, to be shown beside other things: none where a script that cannot be read makes them unsure. */
  knownHeads(): string[] {
    return this.faults.length === 0 ? headsOf(this.#lineage) : [];
  }

  /** The revisions without a `down_revision`, in natural order. @throws {FaultsError} */
  bases(): string[] {
    this.#requireSound();
    return [...this.#lineage].filter(([, down]) => down.length === 0).map(([id]) => id).sort(compareIds);
  }

  /** All revisions, each after what it needs. @throws {FaultsError} */
  history(): AlembicRevision[] {
    this.#requireSound();
    return topologicalOrder(this.parents).map((id) => this.revisions.get(id)).filter((found) => found !== undefined);
  }

  /** The labels of the branches that a revision is on, its own and inherited ones, as Alembic shows them. */
  branchesOf(revision: string): string[] {
    this.#branches ??= branchLabels(this.#labels(), this.#lineage, this.parents);
    return [...this.#branches.get(revision) ?? []].sort(compareIds);
  }

  #labels(): [string, readonly string[]][] {
    return [...this.revisions.values()].filter(({ labels }) => labels.length > 0).map((
      found,
    ) => [found.revision, found.labels]);
  }

  /**
   * The given revisions and all that they need, directly or not: what Alembic would run to get there from nothing.
   *
   * @param ids full ids
   */
  ancestors(ids: readonly string[]): ReadonlySet<string> {
    const key = ids.join("\0");
    if (this.#last.key !== key) this.#last = { key, ids: ancestorsOf(this.parents, ids) };
    return this.#last.ids;
  }

  /** {@link ancestors}, each after what it needs. @throws {FaultsError} when a script that matters cannot be read */
  ancestorsInOrder(ids: readonly string[]): string[] {
    const known = this.ancestors(ids);
    this.requireWhole(known);
    return topologicalOrder(new Map([...known].map((id) => [id, this.parents.get(id) ?? []])));
  }

  /** @throws {FaultsError} when what these revisions need is not known for sure */
  requireWhole(ids: Iterable<string>): void {
    if (this.#troubles.size === 0) return;
    const faults = [...new Set([...ids].flatMap((id) => this.#troubles.get(id) ?? []))];
    if (faults.length > 0) throw new FaultsError(faults);
  }

  /**
   * The revisions that a name stands for: a full id, a label, the beginning of an id, `head`, `heads`, `base` (none),
   * `LABEL@head`, `ID-1`, `LABEL@base+2` and so on, as on Alembic's command line.
   *
   * @throws {AlembicNameError} @throws {FaultsError} when it may be in a script that cannot be read
   */
  resolve(name: string): string[] {
    if (this.revisions.has(name)) return [name];
    const isPlain = /^\w+$/.test(name) && name !== "head" && name !== "heads" && name !== "base";
    try {
      const ids = this.#names.resolve(name, () => headsOf(this.parents));
      // which revisions are heads, or come before and after others, is known only when all are
      if (!isPlain) this.#requireSound();
      return ids;
    } catch (error) {
      if (error instanceof AlembicNameError && this.#anywhere.length > 0) throw new FaultsError(this.#anywhere);
      throw error;
    }
  }

  #requireSound(): void {
    const { faults } = this;
    if (faults.length > 0) throw new FaultsError(faults);
  }

  #byId(scripts: readonly AlembicScript[]): Map<string, AlembicScript> {
    const byId = new Map<string, AlembicScript>();
    for (const script of scripts) {
      const { revision } = script;
      if (isFault(revision)) {
        this.#anywhere.push(revision);
        continue;
      }
      const other = byId.get(revision);
      if (other === undefined) byId.set(revision, script);
      else this.#trouble(revision, duplicate(revision, script, other));
    }
    return byId;
  }

  #trouble(id: string, fault: Fault): void {
    const faults = this.#troubles.get(id);
    if (faults === undefined) this.#troubles.set(id, [fault]);
    else faults.push(fault);
  }

  #downOf(
    id: string,
    { down, file, lines }: AlembicScript,
    byId: ReadonlyMap<string, AlembicScript>,
  ): readonly string[] {
    if (isFault(down)) {
      this.#trouble(id, down);
      return [];
    }
    if (down.every((parent) => byId.has(parent))) return down;
    const place = { file, line: lines.down };
    for (const parent of down) if (!byId.has(parent)) this.#trouble(id, missing(id, "down_revision", parent, place));
    return down.filter((parent) => byId.has(parent));
  }

  #parentsOf(id: string, { dependsOn, file, lines }: AlembicScript): readonly string[] {
    const down = this.#lineage.get(id) ?? [];
    if (isFault(dependsOn)) {
      this.#trouble(id, dependsOn);
      return down;
    }
    if (dependsOn.length === 0) return down;
    const needed = new Set(down);
    for (const name of dependsOn) {
      try {
        for (const found of this.#names.resolve(name, () => headsOf(this.#lineage))) needed.add(found);
      } catch (error) {
        if (!(error instanceof AlembicNameError)) throw error;
        this.#trouble(id, missing(id, "depends_on", name, { file, line: lines.dependsOn }));
      }
    }
    return [...needed];
  }

  #clash(label: string, first: string, second: string): Fault {
    return {
      code: "alembic-duplicate-label",
      message: `The branch label '${label}' of Alembic revision ${second} is taken by ${first}`,
      place: { file: this.revisions.get(second)?.file ?? "" },
      hint: "Give it another; Alembic refuses the scripts as they are.",
    };
  }

  #findCycles(byId: ReadonlyMap<string, AlembicScript>): void {
    const acyclic = topologicalOrder(this.parents);
    if (acyclic.length === this.parents.size) return;
    for (const cycle of findCycles(this.parents)) {
      const [first = ""] = cycle;
      const script = byId.get(first);
      const fault = {
        code: "alembic-cycle",
        message: cycle.length === 2
          ? `Alembic revision ${first} needs itself`
          : `Alembic revisions need each other in a circle: ${cycle.join(" → ")}`,
        place: { file: script?.file ?? "", line: script?.lines.down ?? 1 },
        hint: "Mend 'down_revision' or 'depends_on' in one of them; Alembic refuses them too.",
      };
      for (const id of new Set(cycle)) this.#trouble(id, fault);
    }
  }
}

function revisionOf(revision: string, { down, dependsOn, labels, file, message }: AlembicScript): AlembicRevision {
  return {
    revision,
    down: isFault(down) ? [] : down,
    dependsOn: isFault(dependsOn) ? [] : dependsOn,
    labels,
    file,
    message,
  };
}

function duplicate(revision: string, { file, lines }: AlembicScript, other: AlembicScript): Fault {
  return {
    code: "alembic-duplicate-revision",
    message: `Alembic revision ${revision} is in two scripts: ${other.file} and ${file}`,
    place: { file, line: lines.revision },
    hint: "Take one of them out, or give it another id.",
  };
}

function missing(revision: string, name: string, parent: string, place: Fault["place"]): Fault {
  return {
    code: "alembic-missing-parent",
    message: `The ${name} of Alembic revision ${revision} is '${parent}', which no script has`,
    place,
    hint: "Mend it, or bring back the script; Alembic refuses the scripts as they are.",
  };
}
