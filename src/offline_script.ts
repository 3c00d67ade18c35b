/**
 * A script for the database's own client that does what `upgrade` or `downgrade` would do, for people who run it without
 * Delembic. No database is asked: what only the database knows is looked at by the script.
 *
 * @module
 */

import type { LoadEnvironment } from "./bulk_options.ts";
import type { Dialect } from "./db/database.ts";
import type { Printer } from "./db/offline_sql.ts";
import type { Target } from "./db/target.ts";
import { FaultsError } from "./errors.ts";
import { type MigrationPrinting, printDowngrade, printUpgrade } from "./offline_migration.ts";
import type { OfflinePlan } from "./offline_plan.ts";
import { type Project, unknownDependencies } from "./project.ts";

export interface ScriptContext {
  readonly project: Project;
  readonly dialect: Dialect;
  /** Of the URL. */
  readonly options: Target["options"];
  readonly printer: Printer;
  /** The command line, for the script's first lines. */
  readonly command: string;
  readonly environment: Pick<LoadEnvironment, "folder" | "shownFrom">;
  readonly warn: (message: string) => void;
  readonly log: (message: string) => void;
}

/** @throws {OfflineError} {FaultsError} where something cannot be printed; then there is no script at all */
export async function printScript(plan: OfflinePlan, context: ScriptContext): Promise<string> {
  const { project, dialect, printer, options } = context;
  const offline = await dialect.offline();
  const before = new Set<string>();
  const printing: MigrationPrinting = { ...context, offline, before, quoteId: dialect.quoteId };
  const parts: string[] = [];
  for (const migration of plan.migrations) {
    const faults = plan.direction === "upgrade"
      ? await unknownDependencies(project, migration.revision, () => false)
      : [];
    if (faults.length > 0) throw new FaultsError(faults);
    const print = plan.direction === "upgrade" ? printUpgrade : printDowngrade;
    parts.push(...await print(migration, printing));
    before.add(migration.revision);
  }
  const head = heading(plan, context, offline.client.call);
  if (parts.length === 0) return `${head}\n-- There is nothing to do.\n`;
  return [
    head,
    ...offline.open({ printer, options, tables: dialect.ledger.create }),
    ...parts,
    ...offline.close(),
    "",
  ].join("\n\n").replace(/\n+$/, "\n");
}

function heading({ migrations }: OfflinePlan, { dialect, command, printer }: ScriptContext, call: string): string {
  const ids = migrations.map(({ revision }) => revision);
  const shown = ids.length > 8 ? [...ids.slice(0, 4), "…", ...ids.slice(-3)] : ids;
  return [
    `-- Data migrations for ${dialect.title}: ${shown.join(", ") || "none"}`,
    `-- Printed by Delembic ${printer.version} for ${printer.username}@${printer.hostname}: delembic ${command}`
      .replace(/\p{Cc}+/gu, " "),
    `-- Run it with: ${call}`,
    "-- It stops at the first error. What it has committed by then stays, and is recorded.",
  ].join("\n");
}
