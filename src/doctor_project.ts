/**
 * What `doctor` checks of the project itself: its migration files, their data, the commands that it calls.
 *
 * @module
 */

import { delimiter, dirname, isAbsolute, resolve } from "node:path";
import type { Config } from "./config.ts";
import { faultFinding, type Finding, none, ok, problem } from "./doctor.ts";
import type { Project } from "./project.ts";
import type { Survey } from "./survey.ts";

const DATA = "data files", FILES = "migrations", COMMANDS = "commands";

/** The files. @param seen what the database says, when it can be reached */
export function projectFindings(project: Project, seen: Survey | undefined): Finding[] {
  const unknown = [...seen?.unknown.values() ?? []].flat();
  const data = unknown.filter(({ code }) => code === "data-file");
  const faults = [...project.faults, ...unknown.filter(({ code }) => code !== "data-file")];
  const count = project.migrations.size;
  return [
    faults.length === 0 ? ok(FILES, `${count} ${count === 1 ? "file" : "files"}, all sound`) : undefined,
    ...faults.map((fault) => faultFinding(FILES, fault)),
    ...data.map((fault) => faultFinding(DATA, fault)),
    data.length > 0 ? undefined : dataFinding(project, seen),
  ].filter((finding) => finding !== undefined);
}

function dataFinding({ migrations }: Project, seen: Survey | undefined): Finding {
  const named = [...migrations.values()].filter(({ data }) => data.length > 0).length;
  if (named === 0) return none(DATA, "no migration names any");
  if (seen === undefined) return none(DATA, "which of them are needed, the database says");
  return ok(DATA, "those of pending migrations are there");
}

/** The programs that the configuration names; they are looked for, and not run. @param path `$PATH` */
export function commandFindings({ python, alembicCommand, folder }: Config, path: string | undefined): Finding[] {
  return [
    python === undefined
      ? none(COMMANDS, "'python' is not set: migrations in Python are not run")
      : commandFinding("python", python[0] ?? "", folder, path),
    alembicCommand.length === 1 && alembicCommand[0] === "alembic" && find("alembic", folder, path) === undefined
      ? none(COMMANDS, "there is no 'alembic' on the PATH; only the commands that call it need it")
      : commandFinding("alembic_command", alembicCommand[0] ?? "", folder, path),
  ];
}

function commandFinding(key: string, program: string, folder: string, path: string | undefined): Finding {
  const found = find(program, folder, path);
  if (found !== undefined) return ok(COMMANDS, `${key}: ${found}`);
  return problem(COMMANDS, `${key}: there is no ${program}`, `Mend '${key}' in delembic.ini, or install it.`);
}

function find(program: string, folder: string, path: string | undefined): string | undefined {
  const isPath = isAbsolute(program) || /[/\\]/.test(program);
  const places = isPath ? [resolve(folder, program)] : (path ?? "").split(delimiter).map((at) => resolve(at, program));
  return places.find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(file);
    return isFile && (mode === null || (mode & 0o111) !== 0);
  } catch {
    // whatever keeps us from looking at it would keep us from running it
    return false;
  }
}

/** What is wrong with the folder of a SQLite file that is not there yet, if anything is. */
export function folderFinding(file: string): Finding | undefined {
  const folder = dirname(file);
  try {
    if (Deno.statSync(folder).isDirectory) return undefined;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return problem(
    "connection",
    `the folder of the SQLite database is not there: ${folder}`,
    "Make it, or mend the URL.",
  );
}
