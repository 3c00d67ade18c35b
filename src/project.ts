/**
 * Everything that is known without the database: the migration files, how they depend on each other and on Alembic.
 *
 * @module
 */

import type { AlembicTree } from "./alembic/tree.ts";
import type { Config } from "./config.ts";
import type { Dialect } from "./db/database.ts";
import { DelembicError, EXIT, type Fault, FaultsError } from "./errors.ts";
import { ancestorsOf, findCycles, type Parents } from "./graph.ts";
import { loadMigrations } from "./load.ts";
import type { LoadedMigration } from "./migration.ts";
import type { GateAnswer } from "./plan.ts";
import { closest } from "./suggest.ts";

export interface Project {
  readonly config: Config;
  readonly migrations: ReadonlyMap<string, LoadedMigration>;
  /** All that is wrong in the files, but for dependencies that nobody knows: see {@link unknownDependencies}. */
  readonly faults: readonly Fault[];
  /** Revisions of files that are faulty, as far as they are known: taken, though there is no migration. */
  readonly broken: readonly string[];
  /** For each migration the data revisions that it needs. */
  readonly parents: Parents;
  /** For each migration what it needs and is no data revision: Alembic revisions, or mistakes. */
  readonly external: ReadonlyMap<string, readonly string[]>;
  /** The Alembic scripts; read at the first call, once. @throws {DelembicError} when they cannot be read */
  alembic(): Promise<AlembicTree>;
}

const ALEMBIC_PREFIX = "alembic:";

/**
 * Reads the project's migration files. Faults in them are kept, not thrown: see {@link requireSound}.
 *
 * @param options.again as {@link loadMigrations} has it
 */
export async function loadProject(
  config: Config,
  dialect: Dialect,
  { again }: { readonly again?: boolean } = {},
): Promise<Project> {
  const loaded = await loadMigrations(config.versionsFolder, { relativeTo: config.folder, dialect, again });
  const migrations = new Map(loaded.migrations.map((migration) => [migration.revision, migration]));
  const parents = new Map<string, readonly string[]>();
  const external = new Map<string, readonly string[]>();
  for (const { revision, dependsOn } of migrations.values()) {
    parents.set(revision, dependsOn.filter((id) => migrations.has(id)));
    external.set(revision, dependsOn.filter((id) => !migrations.has(id)).map(withoutPrefix));
  }
  let tree: Promise<AlembicTree> | undefined;
  return {
    config,
    migrations,
    faults: [...loaded.faults, ...cycleFaults(migrations, parents)],
    broken: loaded.broken,
    parents,
    external,
    alembic: () => tree ??= readAlembic(config),
  };
}

/** An id of Alembic as Alembic knows it: without the `alembic:` that tells it from a data revision. */
export function withoutPrefix(id: string): string {
  return id.startsWith(ALEMBIC_PREFIX) ? id.slice(ALEMBIC_PREFIX.length) : id;
}

function cycleFaults(migrations: ReadonlyMap<string, LoadedMigration>, parents: Parents): Fault[] {
  return findCycles(parents).map((cycle) => ({
    code: "cycle",
    message: cycle.length === 2
      ? `Migration ${cycle[0]} depends on itself`
      : `Migrations depend on each other in a circle: ${cycle.join(" → ")}`,
    place: { file: migrations.get(cycle[0] ?? "")?.file ?? "" },
    hint: "Take one of these dependencies out.",
  }));
}

/** The Alembic scripts that the configuration names. @throws {DelembicError} when they cannot be read */
export async function readAlembic(config: Config): Promise<AlembicTree> {
  if (config.alembic === undefined) {
    throw new DelembicError(`alembic_config is not set in ${config.file}`, {
      code: "no-alembic",
      exitCode: EXIT.usage,
      hint: "Set 'alembic_config = alembic.ini' (or pyproject.toml) there.",
    });
  }
  const { loadAlembic } = await import("./alembic/load.ts");
  return await loadAlembic(config);
}

/** Whether Alembic's state decides if this migration may run. */
export function needsAlembic(project: Project, revision: string, applied: (revision: string) => boolean): boolean {
  const migration = project.migrations.get(revision);
  return migration !== undefined && alembicNeeds(project, migration, applied).length > 0;
}

/**
 * The dependencies of a migration that nobody knows: neither a data revision, nor an applied one whose file is gone,
 * nor an Alembic revision.
 */
export async function unknownDependencies(
  project: Project,
  revision: string,
  applied: (revision: string) => boolean,
): Promise<Fault[]> {
  const migration = project.migrations.get(revision);
  if (migration === undefined) return [];
  const faults: Fault[] = [];
  for (const id of alembicNeeds(project, migration, applied)) {
    const fault = await faultOf(project, migration, id);
    if (fault !== undefined) faults.push(fault);
  }
  return faults;
}

/** What a migration names of Alembic: needed first, or to come later. */
function alembicNeeds(project: Project, migration: LoadedMigration, applied: (id: string) => boolean): string[] {
  const needed = (project.external.get(migration.revision) ?? []).filter((id) => !applied(id));
  return [...needed, ...migration.requiresBefore.map(withoutPrefix)];
}

async function faultOf(project: Project, migration: LoadedMigration, id: string): Promise<Fault | undefined> {
  const fault = (message: string, hint: string): Fault => ({
    code: "unknown-dependency",
    message: `Migration ${migration.revision} depends on '${id}', ${message}`,
    place: { file: migration.file },
    hint,
  });
  if (project.broken.includes(id)) return fault("whose file is faulty", "Mend that file first.");
  const labelled = [...project.migrations.values()].find(({ labels }) => labels.includes(id))?.revision;
  const suggestion = labelled ?? closest(id, [...project.migrations.keys()]);
  const isLabel = labelled === undefined ? "" : `'${id}' is a label. `;
  const didYouMean = suggestion === undefined ? "" : `${isLabel}Did you mean ${suggestion}? `;
  if (project.config.alembic === undefined) {
    return fault(
      `which is no data revision, and alembic_config is not set in ${project.config.file}`,
      `${didYouMean}If it is an Alembic revision, set 'alembic_config = alembic.ini' there.`,
    );
  }
  const tree = await project.alembic();
  try {
    tree.resolve(id);
    return undefined;
  } catch (error) {
    // the name may stand in a script that cannot be read: that is what is to be told
    if (!(error instanceof DelembicError) || error instanceof FaultsError) throw error;
    const look = tree.revisions.size === 0
      ? "No Alembic script was found: are they on this machine?"
      : "'delembic history' and 'delembic alembic history' list what there is.";
    return fault("which is neither a data revision nor an Alembic one", `${didYouMean}${look}`);
  }
}

/**
 * Refuses to go on with files in which something is wrong. With `revisions`, faults in files that these revisions and
 * their ancestors do not need are no obstacle; they are returned, to be shown as warnings.
 *
 * @throws {FaultsError}
 */
export function requireSound(project: Project, revisions?: Iterable<string>): readonly Fault[] {
  if (project.faults.length === 0) return [];
  if (revisions === undefined) throw new FaultsError(project.faults);
  const needed = ancestorsOf(project.parents, revisions);
  const files = new Set([...needed].map((id) => project.migrations.get(id)?.file));
  const ids = [...needed];
  // a fault that names a needed revision, or stands in its file, could change what would run
  const concerns = (fault: Fault) => files.has(fault.place.file) || ids.some((id) => names(fault.message, id));
  const missing = ids.some((id) => (project.external.get(id) ?? []).length > 0 && project.config.alembic === undefined);
  if (missing || project.faults.some(concerns)) throw new FaultsError(project.faults);
  return project.faults;
}

function names(message: string, id: string): boolean {
  return message.split(/[^A-Za-z0-9_.-]+/).includes(id);
}

/**
 * Whether Alembic lets a migration run, given the rows of its version table; reads the scripts only when a migration
 * that is asked for needs them.
 */
export async function gateOf(
  project: Project,
  rows: readonly string[],
  pending: Iterable<string>,
  applied: (revision: string) => boolean,
): Promise<(revision: string) => GateAnswer> {
  const answers = new Map<string, GateAnswer>();
  for (const revision of pending) {
    const migration = project.migrations.get(revision);
    if (migration === undefined) continue;
    const required = (project.external.get(revision) ?? []).filter((id) => !applied(id));
    const before = migration.requiresBefore.map(withoutPrefix);
    if (required.length === 0 && before.length === 0) continue;
    const { alembicGate } = await import("./alembic/gate.ts");
    answers.set(revision, alembicGate(await project.alembic(), rows, { required, before }));
  }
  return (revision) => answers.get(revision) ?? OPEN;
}

const OPEN: GateAnswer = { missing: [], tooLate: [] };
