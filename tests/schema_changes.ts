/**
 * The Alembic scripts of `tests/fixtures/schema_changes`, and what is expected of each.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { readOperations, type ScriptSource } from "../src/alembic/operation_reader.ts";
import { readChanges, type RevisionStep } from "../src/draft_changes.ts";
import type { SchemaReading } from "../src/draft_need.ts";

const FOLDER = fileURLToPath(new URL("./fixtures/schema_changes", import.meta.url));

/** The scripts of a fixture by their names; those of the base come first. */
export function scriptsOf(name: string): ReadonlyMap<string, string> {
  const files = [...Deno.readDirSync(`${FOLDER}/${name}`)].map((entry) => entry.name).sort();
  const own = files.map((file) => [file, Deno.readTextFileSync(`${FOLDER}/${name}/${file}`)] as const);
  const base = name === "tutorial" ? [] : [["base.py", Deno.readTextFileSync(`${FOLDER}/base.py`)] as const];
  return new Map([...base, ...own]);
}

export function fixtureNames(): string[] {
  return [...Deno.readDirSync(FOLDER)].filter(({ isDirectory }) => isDirectory).map(({ name }) => name).sort();
}

/** What is read of a fixture's scripts, as the command reads them; `base.py` is before the span. */
export function readFixture(name: string, dialect: ScriptSource["dialect"] = "sqlite"): SchemaReading {
  const steps: RevisionStep[] = [];
  for (const [file, source] of scriptsOf(name)) {
    const revision = /^revision = ["'](.*)["']$/m.exec(source)?.[1] ?? "";
    const down = /^down_revision = ["'](.*)["']$/m.exec(source)?.[1];
    const read = readOperations({ source, file, dialect, imported: () => undefined });
    steps.push({ revision, down: down === undefined ? [] : [down], inSpan: file !== "base.py", ...read });
  }
  return readChanges(steps, dialect);
}
