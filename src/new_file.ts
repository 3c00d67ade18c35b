/**
 * The text of new migration files, from Delembic's templates or the project's own, and their writing.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { DelembicError, EXIT, reasonOf } from "./errors.ts";
import { formatList, formatText } from "./header_value.ts";

/** The kinds of files that are made. */
export type NewFileKind = "ts" | "sql";

/** What a template is filled with. */
export interface NewMigration {
  readonly revision: string;
  readonly dependsOn: readonly string[];
  /** Of the branch that begins here. */
  readonly labels?: readonly string[];
  readonly description: string;
}

export interface Template {
  readonly text: string;
  /** For messages. */
  readonly file: string;
}

/**
 * The template of new migrations: the project's own `migration.ts.txt` or `migration.sql.txt` beside `versions`, or
 * Delembic's; `merge.ts.txt` and `merge.sql.txt` for those that join branches.
 *
 * @throws {DelembicError} when the project's own is there and cannot be read
 */
export async function readTemplate(
  kind: NewFileKind,
  scriptLocation: string,
  purpose: "migration" | "merge" = "migration",
): Promise<Template> {
  const name = `${purpose}.${kind}.txt`;
  const own = join(scriptLocation, name);
  try {
    return { text: await Deno.readTextFile(own), file: own };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw new DelembicError(`Cannot read ${own}: ${reasonOf(error)}`, {
        code: "template",
        exitCode: EXIT.usage,
        place: { file: own },
        cause: error,
      });
    }
  }
  return { text: await readBuiltIn(name), file: name };
}

/** A file that every new project gets, or a template of our own: `delembic.d.ts`, `env.ts.txt`, `migration.ts.txt`. */
export async function readBuiltIn(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(`../versions_template/${name}`, import.meta.url));
}

const FIELD_REGEXP = /( ?)\{\{[ \t]*(\w+)[ \t]*\}\}/g;
const FIELDS = ["revision", "dependsOn", "labels", "description"] as const;
const DEPENDENCIES_REGEXP = /^.*\{\{[ \t]*dependsOn[ \t]*\}\}.*\n/m;

/**
 * The text of a new migration. `{{revision}}`, `{{dependsOn}}`, `{{labels}}` and `{{description}}` become values: in
 * TypeScript literals, with their quotes; in SQL values of the header's lines. So whatever a message holds, the file is
 * valid and gives the same message back.
 *
 * A template without `{{labels}}` gets them, where there are some, on a line like that of its dependencies.
 *
 * @throws {DelembicError} when the template has another field, or no place for the labels
 */
export function renderTemplate(kind: NewFileKind, template: Template, migration: NewMigration): string {
  const { revision, dependsOn, labels = [], description } = migration;
  const values: Readonly<Record<string, string>> = kind === "ts"
    ? {
      revision: literal(revision),
      dependsOn: literal(dependsOn),
      labels: literal(labels),
      description: literal(description),
    }
    : {
      revision,
      dependsOn: formatList(dependsOn),
      labels: formatList(labels),
      description: formatText(description),
    };
  const text = labels.length === 0 ? template.text : withLabels(template);
  return text.replace(FIELD_REGEXP, (found, space: string, name: string, offset: number) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value !== undefined) return value === "" ? "" : space + value;
    const line = template.text.slice(0, offset).split("\n").length;
    throw new DelembicError(`Unknown field ${found.trim()}`, {
      code: "template",
      exitCode: EXIT.usage,
      place: { file: template.file, line },
      hint: `Known are ${FIELDS.map((field) => `{{${field}}}`).join(", ")}.`,
    });
  });
}

/** The line of the dependencies a second time, for the labels: whatever the template's style, it is written alike. */
function withLabels({ text, file }: Template): string {
  if (/\{\{[ \t]*labels[ \t]*\}\}/.test(text)) return text;
  const line = DEPENDENCIES_REGEXP.exec(text)?.[0];
  if (line !== undefined) return text.replace(line, () => line + line.replace(/dependsOn|depends_on/g, "labels"));
  throw new DelembicError("The template has no place for the labels", {
    code: "template",
    exitCode: EXIT.usage,
    place: { file },
    hint: "Write {{labels}} into it.",
  });
}

function literal(value: string | readonly string[]): string {
  return typeof value === "string"
    ? JSON.stringify(value)
    : `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
}

/**
 * Writes a file that is not there yet, with the folders above it.
 *
 * @throws {DelembicError} when it is there, or cannot be written
 */
export async function createFile(path: string, text: string): Promise<void> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, text, { createNew: true });
  } catch (error) {
    const exists = error instanceof Deno.errors.AlreadyExists;
    // what was written until the disk was full
    if (!exists) await Deno.remove(path).catch(() => undefined);
    throw new DelembicError(exists ? `${path} is there already` : `Cannot write ${path}: ${reasonOf(error)}`, {
      code: exists ? "file-exists" : "file-write",
      exitCode: EXIT.usage,
      hint: exists
        ? "Nothing was overwritten: choose another message or '--rev-id'."
        : "Has the disk room, and may this user write there?",
      cause: error,
    });
  }
}
