/** `delembic doctor` */

import type { Config } from "../config.ts";
import type { Database, Session } from "../db/database.ts";
import type { Finding } from "../doctor.ts";
import { EXIT, type ExitCode } from "../errors.ts";
import type { Project } from "../project.ts";
import type { Survey } from "../survey.ts";
import { command, type Context } from "./command.ts";
import { wrappable } from "./narrow.ts";
import { indented, type Line, linesOf, styled } from "./text.ts";

export const doctor = command({
  description: [
    "Looks at all that a run needs, and says of each whether it is well: configuration, connection, encryption, rights, " +
    "clocks, the lock, Alembic's scripts and version table, migration files and their data, the programs that are " +
    "called, versions. Each line is 'OK', '--' (nothing to check), or '!!' with what to do.",
    "It asks, and changes nothing: no table and no file is made. What is pending or was changed is the business of " +
    "'check'. The exit code is 0 when all is well, 1 when something is not, 3 when the database cannot be reached.",
  ],
  arguments: {},
  options: {},
  examples: [
    { line: "doctor", text: "The first thing to run on a new machine, and when something is odd." },
    { line: "doctor --json", text: "The same for a script, or for a report of a defect." },
  ],
  async run(context): Promise<ExitCode> {
    const { findings, reached } = await examine(context);
    const all = [...findings, await versionsFinding()];
    context.output.result(findingLines(all));
    const sound = all.every(({ state }) => state !== "problem");
    context.output.document({ ok: sound, findings: all });
    return sound ? EXIT.done : reached ? EXIT.failed : EXIT.unreachable;
  },
});

interface Examined {
  readonly findings: readonly Finding[];
  /** `false` when a connection was tried in vain. */
  readonly reached: boolean;
}

async function examine(context: Context): Promise<Examined> {
  const { errorFinding, none, ok, problem } = await import("../doctor.ts");
  let config: Config;
  try {
    config = await readConfig(context);
  } catch (error) {
    return { findings: [errorFinding("configuration", error), none("connection", "not known")], reached: true };
  }
  const { shownPath } = await import("./paths.ts");
  const file = `${shownPath(context.io.cwd(), config.file)} [${config.section}]`;
  const findings: Finding[] = [ok("configuration", file)];
  findings.push(...config.warnings.map((warning) => problem("configuration", warning)));
  let database: Database | undefined;
  try {
    const { openDatabaseOf } = await import("./open_project.ts");
    const { target, ignored, from } = await config.databaseUrl();
    const unused = ignored.length === 0 ? "" : `; of no use here: ${ignored.join(", ")}`;
    database = await openDatabaseOf(context, config);
    findings.push(ok("url", `${target.label}, from ${from}${unused}`));
  } catch (error) {
    findings.push(errorFinding("url", error));
  }
  const { loadProject } = await import("../project.ts");
  const { dialectOf } = await import("../db/connect.ts");
  const project = await loadProject(config, database?.dialect ?? await dialectOf("postgresql"));
  findings.push(...await sourceFindings(config));
  const connected = await examineDatabase(context, project, database);
  return { findings: [...findings, ...connected.findings], reached: connected.reached };
}

/** The databases that migrations read from; they are not connected to. */
async function sourceFindings({ sources }: Config): Promise<Finding[]> {
  const { findings, ok } = await import("../doctor.ts");
  const found: Finding[] = [];
  for (const [name, url] of sources) {
    const check = `source ${name}`;
    found.push(...await findings(check, async () => [ok(check, (await url()).target.label)]));
  }
  return found;
}

async function readConfig({ io, globals, inFolder }: Context): Promise<Config> {
  const { loadConfig } = await import("../config.ts");
  const config = await loadConfig({
    ...(globals.config === undefined ? {} : { config: globals.config }),
    ...(globals.name === undefined ? {} : { section: globals.name }),
    ...(globals.url === undefined ? {} : { url: globals.url }),
    cwd: io.cwd(),
    env: (name) => io.env(name),
  });
  inFolder(config.folder);
  return config;
}

async function examineDatabase(
  context: Context,
  project: Project,
  database: Database | undefined,
): Promise<Examined> {
  const { none } = await import("../doctor.ts");
  if (database === undefined) return await withoutDatabase(context, project, none("connection", "there is no URL"));
  const opened = await open(database);
  if ("failed" in opened) {
    return { ...await withoutDatabase(context, project, opened.finding), reached: !opened.failed };
  }
  try {
    return await withDatabase(context, project, database, opened);
  } finally {
    await opened.session.close();
  }
}

interface Opened {
  readonly session: Session;
  readonly finding: Finding;
}

interface Unopened {
  /** Whether it should have worked: a SQLite file need not be there before the first run. */
  readonly failed: boolean;
  readonly finding: Finding;
}

async function open(database: Database): Promise<Opened | Unopened> {
  const { errorFinding, none, ok } = await import("../doctor.ts");
  const { DatabaseError } = await import("../db/database.ts");
  const started = performance.now();
  try {
    // as a run connects; but a file would be made by that
    const session = await database.connect(database.dialect.leaseLock ? "audit" : "read");
    return { session, finding: ok("connection", `in ${Math.round(performance.now() - started)} ms`) };
  } catch (error) {
    const missing = error instanceof DatabaseError && error.kind === "missing-database";
    if (!missing || database.target.dialect !== "sqlite") {
      return { failed: true, finding: errorFinding("connection", error) };
    }
    const { folderFinding } = await import("../doctor_project.ts");
    const trouble = folderFinding(database.target.file);
    return {
      failed: trouble !== undefined,
      finding: trouble ?? none("connection", `${error.message}; the first 'upgrade' makes it`),
    };
  }
}

async function withDatabase(
  { io }: Context,
  project: Project,
  database: Database,
  { session, finding }: Opened,
): Promise<Examined> {
  const { findings } = await import("../doctor.ts");
  const { databaseFindings } = await import("../doctor_database.ts");
  const { commandFindings, projectFindings } = await import("../doctor_project.ts");
  const { alembicFindings } = await import("../doctor_alembic.ts");
  const { diagnosisOf } = await import("../db/connect.ts");
  const { survey } = await import("../survey.ts");
  const diagnosis = await diagnosisOf(database.dialect.name);
  let seen: Survey | undefined;
  const ledger = await findings("ledger", async () => {
    seen = await survey(project, session);
    return [];
  });
  return {
    findings: [
      finding,
      ...await databaseFindings(database, session, diagnosis),
      ...ledger,
      ...await alembicFindings(project, { db: session, diagnosis, seen }),
      ...projectFindings(project, seen),
      ...commandFindings(project.config, io.env("PATH")),
    ],
    reached: true,
  };
}

async function withoutDatabase({ io }: Context, project: Project, connection: Finding): Promise<Examined> {
  const { none } = await import("../doctor.ts");
  const { DATABASE_CHECKS } = await import("../doctor_database.ts");
  const { commandFindings, projectFindings } = await import("../doctor_project.ts");
  const { alembicFindings } = await import("../doctor_alembic.ts");
  return {
    findings: [
      connection,
      none("database", `cannot be asked for ${DATABASE_CHECKS.join(", ")}`),
      ...await alembicFindings(project, undefined),
      ...projectFindings(project, undefined),
      ...commandFindings(project.config, io.env("PATH")),
    ],
    reached: true,
  };
}

/** Of the program, and of what it runs on. */
async function versionsFinding(): Promise<Finding> {
  const { ok } = await import("../doctor.ts");
  const { VERSION } = await import("../version.ts");
  const { deno, v8 } = Deno.version;
  const { os, arch } = Deno.build;
  return ok("versions", `Delembic ${VERSION}, Deno ${deno}, V8 ${v8}, ${os} ${arch}`);
}

function findingLines(findings: readonly Finding[]): Line[] {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings.flatMap(({ check, state, text, hint }): Line[] => {
    const [first = "", ...more] = [...linesOf(text), ...hint === undefined ? [] : linesOf(hint)];
    return [
      [MARKS[state], `  ${check.padEnd(width)}  `, wrappable(first)],
      ...indented(more.map((line): Line => [wrappable(line)]), width + 6),
    ];
  });
}

const MARKS = {
  ok: styled("green", "OK"),
  none: styled("dim", "--"),
  problem: styled("red", "!!"),
} as const;
