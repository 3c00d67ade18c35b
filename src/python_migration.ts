/**
 * The Python tool's migration files, read and never run: their ids and dependencies keep the graph whole.
 *
 * @module
 */

import type { Fault, Place } from "./errors.ts";
import { normalizeSource } from "./python_outline.ts";
import { NO_IMPORTS, readModule } from "./python_source.ts";
import type { PyClass, PyValue } from "./python_value.ts";

/** One class that extends `DataMigration`. */
export interface PythonMigration {
  readonly revision: string;
  readonly dependsOn: readonly string[];
  readonly labels: readonly string[];
  /** Of `labels`. */
  readonly labelsLine: number | undefined;
  readonly description: string;
  /** Of the word `class`, from 1. */
  readonly line: number;
}

/** What a file holds; faults in one class do not hide the others. */
export interface PythonMigrations {
  readonly migrations: PythonMigration[];
  readonly faults: Fault[];
}

const RUNS_IN_PYTHON = "The Python tool runs it; here only its 'revision', 'depends_on' and 'labels' are read.";

/** Reads a file of the Python tool's `versions` folder. */
export function readPythonMigrations(text: string, file: string): PythonMigrations {
  const module = readModule(normalizeSource(text), file, NO_IMPORTS);
  if (!("get" in module)) {
    const message = `The file is no Python: ${module.message}`;
    return { migrations: [], faults: [{ code: "python-syntax", message, place: { file, line: module.line } }] };
  }
  const bound = [...module.names.values()].map(({ value }) => value).filter((value) => value.kind === "class");
  const classes = [...new Set(bound)].filter(isMigration).sort((a, b) => a.line - b.line);
  const result: PythonMigrations = { migrations: [], faults: [] };
  for (const found of classes) readClass(found, file, result);
  if (result.migrations.length === 0 && result.faults.length === 0) {
    result.faults.push({
      code: "no-migration",
      message: "The file has no class that extends DataMigration and has a 'revision'",
      place: { file },
      hint: "Add one; or let the file's name begin with '_', if it is no migration.",
    });
  }
  return result;
}

/** Whether it extends `DataMigration`; a base class of another file counts when the class looks like a migration. */
function isMigration(found: PyClass): boolean {
  return found.bases.some((base) => {
    if (base.kind === "class") return isMigration(base);
    if (base.kind === "reference" && base.reference.name === "DataMigration") return true;
    const isForeign = base.kind === "reference" || base.kind === "unknown";
    return isForeign && found.names.has("revision") && found.names.has("upgrade");
  });
}

function readClass(found: PyClass, file: string, { migrations, faults }: PythonMigrations): void {
  const own = found.names.get("revision");
  // a base class for others; what only inherits its id is the same migration
  if (own === undefined) return;
  const fault = (code: string, message: string, place: Place, hint: string) =>
    void faults.push({ code, message, place, hint });
  const place = { file, line: own.line };
  if (own.value.kind !== "text") {
    const why = own.value.kind === "unknown" ? `cannot be known without running it: ${own.value.why}` : "is no string";
    return fault("python-revision", `The 'revision' of class ${found.name} ${why}`, place, RUNS_IN_PYTHON);
  }
  const dependsOn = inherited(found, "depends_on");
  const ids = dependsOn === undefined ? [] : idsOf(dependsOn.value);
  if (typeof ids === "string") {
    const message = `The 'depends_on' of class ${found.name} ${ids}`;
    return fault("python-depends-on", message, { file, line: dependsOn?.line ?? own.line }, RUNS_IN_PYTHON);
  }
  // a label is of one revision, so it is not handed down
  const labels = found.names.get("labels");
  const names = labels === undefined ? [] : idsOf(labels.value);
  if (typeof names === "string") {
    const message = `The 'labels' of class ${found.name} ${names}`;
    return fault("python-labels", message, { file, line: labels?.line ?? own.line }, RUNS_IN_PYTHON);
  }
  const description = inherited(found, "description")?.value;
  migrations.push({
    revision: own.value.text,
    dependsOn: ids,
    labels: names,
    labelsLine: labels?.line,
    description: description?.kind === "text" ? description.text : "",
    line: found.line,
  });
}

/** A class attribute, its own or that of the nearest base. */
function inherited(found: PyClass, name: string): ReturnType<PyClass["names"]["get"]> {
  const own = found.names.get(name);
  if (own !== undefined) return own;
  for (const base of found.bases) {
    const above = base.kind === "class" ? inherited(base, name) : undefined;
    if (above !== undefined) return above;
  }
  return undefined;
}

/** The ids, or what is wrong with the value. One string is one id, as people write it. */
function idsOf(value: PyValue): string[] | string {
  if (value.kind === "none") return [];
  if (value.kind === "text") return [value.text];
  if (value.kind === "unknown") return `cannot be known without running it: ${value.why}`;
  if (value.kind !== "items") return "is neither a string nor a list of strings";
  if (value.spoiled !== undefined) return `cannot be known without running it: ${value.spoiled}`;
  const unknown = value.items.find((item) => item.kind === "unknown" || item.kind === "reference");
  if (unknown?.kind === "unknown") return `cannot be known without running it: ${unknown.why}`;
  if (unknown !== undefined) return "cannot be known without running it: it holds an imported name";
  const texts = value.items.map((item) => item.kind === "text" ? item.text : undefined);
  const known = texts.filter((text) => text !== undefined);
  return known.length === texts.length ? known : "holds something that is no string";
}
