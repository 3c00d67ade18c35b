/**
 * What `doctor` checks of Alembic: its configuration, its scripts, its version table, and what stands on them.
 *
 * @module
 */

import { basename } from "node:path";
import type { AlembicTree } from "./alembic/tree.ts";
import { readVersionRows } from "./alembic/version_table.ts";
import type { Config } from "./config.ts";
import type { Queryable } from "./db/database.ts";
import type { Diagnosis } from "./db/diagnosis.ts";
import { faultFinding, type Finding, findings, none, ok, problem } from "./doctor.ts";
import type { Project } from "./project.ts";
import { readUngrounded, type Survey } from "./survey.ts";

/** What there is of the database, when it can be reached. */
export interface Reached {
  readonly db: Queryable;
  readonly diagnosis: Diagnosis;
  /** `undefined` when the ledger cannot be read. */
  readonly seen: Survey | undefined;
}

/** All that is checked of Alembic. */
export async function alembicFindings(project: Project, reached: Reached | undefined): Promise<Finding[]> {
  const { config } = project;
  if (config.alembic === undefined) {
    return [none("alembic", "'alembic_config' is not set: migrations cannot depend on Alembic's revisions")];
  }
  const { alembic } = config;
  let tree: AlembicTree | undefined;
  const scripts = await findings("alembic", async () => {
    tree = await project.alembic();
    const where = `${basename(alembic.file)}${alembic.file.endsWith(".toml") ? "" : ` [${alembic.section}]`}`;
    const faults = [...tree.faults, ...tree.warnings].map((fault) => faultFinding("alembic", fault));
    const heads = tree.knownHeads();
    const known = heads.length === 0 ? "" : `, ${heads.length === 1 ? "head" : "heads"} ${heads.join(", ")}`;
    const count = tree.revisions.size;
    return [ok("alembic", `${where}: ${count} ${count === 1 ? "script" : "scripts"}${known}`), ...faults];
  });
  if (tree === undefined) return [...scripts, none("version table", "not known without Alembic's configuration")];
  return [
    ...scripts,
    ...await versionTable(tree, config, reached),
    ...reached?.seen === undefined ? [] : await ground(project, reached.db, reached.seen),
  ];
}

async function versionTable(tree: AlembicTree, config: Config, reached: Reached | undefined) {
  return await findings("version table", async () => {
    const { table, schema } = tree.versionTable;
    const name = schema === undefined ? table : `${schema}.${table}`;
    if (reached === undefined) return [none("version table", `${name}; the database cannot be asked`)];
    const { db, diagnosis } = reached;
    const rows = await readVersionRows(db, tree.versionTable);
    const unknown = rows.filter((id) => !tree.revisions.has(id));
    if (unknown.length > 0) {
      return [problem(
        "version table",
        `${name} has ${unknown.join(", ")}, which no script here has`,
        "The database is ahead of this checkout, or belongs to another project.",
      )];
    }
    if (rows.length > 0) return [ok("version table", `${name}: ${rows.join(", ")}${behind(tree, rows)}`)];
    const elsewhere = schema === undefined ? await diagnosis.schemasWith?.(db, table) ?? [] : [];
    if (elsewhere.length === 0) return [ok("version table", `${name}: Alembic has applied nothing yet`)];
    const key = config.alembicVersionSchema === undefined ? "" : ", or mend it";
    return [problem(
      "version table",
      `${name} is empty or not on the search_path, but there is one in ${elsewhere.join(", ")}`,
      `If that is the one, set 'alembic_version_schema = ${elsewhere[0]}' in ${basename(config.file)}${key}.`,
    )];
  });
}

function behind(tree: AlembicTree, rows: readonly string[]): string {
  if (tree.faults.length > 0) return "";
  const applied = tree.ancestors(rows);
  const missing = [...tree.revisions.keys()].filter((id) => !applied.has(id)).length;
  return missing === 0 ? " (head)" : `, ${missing} behind the scripts`;
}

async function ground(project: Project, db: Queryable, seen: Survey) {
  return await findings("applied on", async () => {
    const found = await readUngrounded(project, db, seen);
    if (found.length === 0) return [];
    return found.map(({ revision, missing }) =>
      problem(
        "applied on",
        `${revision} is applied, but ${missing.join(", ")} that it needs is not in the database any more`,
        "Run 'alembic upgrade head', or look at what the data of that migration has become.",
      )
    );
  });
}
