/**
 * `verify`: runs `validate` of applied migrations again, each in a transaction that is rolled back.
 *
 * @module
 */

import { now } from "./clock.ts";
import { openConnection } from "./connection.ts";
import type { Session } from "./db/database.ts";
import { EXIT, type ExitCode, messageOf } from "./errors.ts";
import { readingApplied } from "./ledger.ts";
import { interruptible, Interruption, withTimeout } from "./interruption.ts";
import type { LoadedMigration, Step } from "./migration.ts";
import type { RunContext } from "./open_run.ts";
import { isApplied } from "./plan.ts";
import { requireSound } from "./project.ts";
import type { PythonProcess } from "./run_python_process.ts";
import type { RunFailure } from "./runner.ts";
import { readGate, type Survey, survey } from "./survey.ts";
import { graphOf, resolveRevision, TargetError } from "./target.ts";
import { topologicalOrder } from "./graph.ts";
import { Sources } from "./sources.ts";
import { loadEnvironment, toldRun } from "./told_run.ts";

export interface VerifyReport {
  readonly verified: readonly { readonly revision: string; readonly durationSeconds: number }[];
  readonly failed: readonly RunFailure[];
  /** Applied migrations that have no `validate`. */
  readonly without: readonly string[];
  /**
   * Those that had to come before a schema that is there by now: what they made may be gone with it. Not verified, unless
   * one is asked for by its name.
   */
  readonly past: readonly string[];
  readonly interrupted: Interruption | null;
  readonly exitCode: ExitCode;
}

/** Verifies one applied revision, or all. @throws {TargetError} when the revision is unknown or not applied */
export async function verify(context: RunContext, options: { readonly revision?: string } = {}): Promise<VerifyReport> {
  const { project, database, emit, signal } = context;
  requireSound(project, options.revision === undefined ? undefined : [options.revision]);
  const session = await database.connect("work");
  await using python = new AsyncDisposableStack();
  try {
    const seen = await survey(project, session);
    const chosen = choose(context, seen, options.revision);
    const verified: { revision: string; durationSeconds: number }[] = [];
    const failed: RunFailure[] = [];
    const without: string[] = [];
    const past = options.revision === undefined ? await pastOf(context, session, seen, chosen) : [];
    const inPython = pythonValidators(context, seen, python);
    for (const migration of chosen) {
      const { revision, description } = migration;
      if (signal.aborted) break;
      if (past.includes(revision)) continue;
      const validate = migration.kind === "py" ? await inPython(migration) : ownValidator(context, session, migration);
      if (validate === undefined) {
        without.push(revision);
        continue;
      }
      emit({ type: "running", revision, description, direction: "verify" });
      const start = performance.now();
      try {
        await validate();
        const durationSeconds = (performance.now() - start) / 1000;
        verified.push({ revision, durationSeconds });
        emit({ type: "ok", revision, durationSeconds });
      } catch (error) {
        if (error instanceof Interruption) break;
        failed.push({ revision, error: messageOf(error), cause: error, partial: false });
        emit({ type: "failed", revision, error, partial: false });
      }
    }
    const interrupted = signal.reason instanceof Interruption ? signal.reason : null;
    const exitCode = interrupted?.exitCode ?? (failed.length > 0 ? EXIT.failed : EXIT.done);
    return { verified, failed, without, past, interrupted, exitCode };
  } finally {
    await session.close();
  }
}

/** @throws what reading Alembic's state threw, where a migration needs it */
async function pastOf(
  { project }: RunContext,
  session: Session,
  { records }: Survey,
  chosen: readonly LoadedMigration[],
): Promise<string[]> {
  const ids = chosen.filter(({ requiresBefore }) => requiresBefore.length > 0).map(({ revision }) => revision);
  if (ids.length === 0) return [];
  const gate = await readGate(project, session, ids, (id) => isApplied(records.get(id)));
  return ids.filter((id) => gate(id).tooLate.length > 0);
}

/** Validates one migration, in a transaction that is rolled back. */
type Validator = () => Promise<void>;

function ownValidator(context: RunContext, session: Session, migration: LoadedMigration): Validator | undefined {
  const { validate } = migration;
  return validate === undefined ? undefined : () => verifyOne(context, session, migration, validate);
}

/**
 * Those of the Python tool's migrations, by the Python of the configuration, where there is one. It is started for the
 * first of them, and ended by `resources`.
 */
function pythonValidators(
  context: RunContext,
  { records }: Survey,
  resources: AsyncDisposableStack,
): (migration: LoadedMigration) => Promise<Validator | undefined> {
  const { project, database: { dialect }, emit, signal } = context;
  let opened: Promise<PythonProcess> | undefined;
  const open = async () => {
    const { openPython } = await import("./run_python.ts");
    return resources.use(await openPython(project, dialect, emit));
  };
  return async (migration) => {
    if (project.config.python === undefined) return undefined;
    const { PythonWork } = await import("./run_python.ts");
    const { revision } = migration;
    const applied = records.get(revision)?.appliedAt;
    const beforePartial = () => Promise.resolve();
    const work = new PythonWork({ migration, dialect, emit, beforePartial, process: () => opened ??= open() });
    if (!await work.validates()) return undefined;
    return async () => {
      await work.begin({ ...readingApplied(dialect, revision), isIn: (row) => row["applied"] === applied });
      try {
        await work.step("validate", signal);
      } finally {
        await work.rollback();
      }
    };
  };
}

function choose(
  { project }: RunContext,
  { records }: Awaited<ReturnType<typeof survey>>,
  wanted: string | undefined,
): LoadedMigration[] {
  const order = topologicalOrder(project.parents);
  const revision = wanted === undefined
    ? undefined
    : resolveRevision(wanted, order, graphOf(project.migrations, project.parents));
  if (revision !== undefined && !isApplied(records.get(revision))) {
    throw new TargetError(`Revision ${revision} is not applied, so there is nothing to verify`);
  }
  return order
    .filter((id) => isApplied(records.get(id)) && (revision === undefined || id === revision))
    .flatMap((id) => project.migrations.get(id) ?? []);
}

async function verifyOne(
  context: RunContext,
  session: Session,
  migration: LoadedMigration,
  validate: Step,
): Promise<void> {
  using limited = withTimeout(context.signal, migration.timeoutMs);
  await using sources = new Sources(context, limited.signal);
  const told = {
    revision: migration.revision,
    startedAt: now(),
    number: 1,
    dialect: session.dialect.name,
    signal: limited.signal,
    sources,
  };
  await session.begin();
  try {
    const { connection, settle } = openConnection(session, loadEnvironment(context, told, () => {}));
    await interruptible(
      validate(connection, toldRun(context, told)).then(settle),
      limited.signal,
      () => session.cancel(),
    );
  } finally {
    await session.rollback();
  }
}
