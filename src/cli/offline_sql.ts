/**
 * `upgrade --sql` and `downgrade --sql`: the script instead of the run.
 *
 * @module
 */

import { actorOf } from "../actor.ts";
import { EXIT, type ExitCode, formatPlace } from "../errors.ts";
import { planDowngradeScript, planUpgradeScript } from "../offline_plan.ts";
import { printScript } from "../offline_script.ts";
import { requireSound } from "../project.ts";
import { requireDowngrades } from "../runner.ts";
import { VERSION } from "../version.ts";
import type { Context } from "./command.ts";
import { UsageError } from "./command_line.ts";
import type { OpenProject } from "./open_project.ts";

/** Prints the script of `upgrade TARGET` or `downgrade START:END`; nothing when a part of it cannot be printed. */
export async function printSql(
  context: Context,
  { project, config, database }: OpenProject,
  { direction, text }: { readonly direction: "upgrade" | "downgrade"; readonly text: string },
): Promise<ExitCode> {
  const { io, output } = context;
  for (const { message, place } of requireSound(project)) output.warn(`${message} (${formatPlace(place)})`);
  const plan = (direction === "upgrade" ? planUpgradeScript : planDowngradeScript)(project, text);
  if (direction === "downgrade") requireDowngrades(plan.migrations);
  const script = await printScript(plan, {
    ...{ project, dialect: database.dialect, options: database.target.options },
    printer: { ...actorOf(io), version: VERSION },
    command: `${context.commandLine} --sql`,
    environment: { folder: config.scriptLocation, shownFrom: config.folder },
    warn: (message) => output.warn(message),
    log: (message) => output.note([message]),
  });
  // a program reads it: not a character is to be changed
  if (!output.json) io.out(script);
  output.document({
    script,
    dialect: database.dialect.name,
    migrations: plan.migrations.map(({ revision, description, file }) => ({ revision, description, file })),
  });
  return EXIT.done;
}

/** Who prints runs nothing, so what is about a run has no meaning. */
export function requireNoRun(options: Readonly<Record<string, unknown>>): void {
  const [name] =
    Object.entries(options).find(([name, value]) => name !== "sql" && value !== undefined && value !== false) ?? [];
  if (name === undefined) return;
  const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new UsageError(
    "conflicting-options",
    `Option '--sql' and '${option}' exclude each other`,
    "It prints a script, and asks no database.",
  );
}
