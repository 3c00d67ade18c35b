/**
 * One Alembic script: its ids, as Alembic would see them after running it. It is parsed, never run.
 *
 * @module
 */

import type { Fault } from "../errors.ts";
import { normalizeSource, outlineModule } from "../python_outline.ts";
import type { PyModule } from "../python_source.ts";
import type { Binding, PyValue } from "../python_value.ts";
import { readHeader } from "./header.ts";

/** What a script says. What it does not say, or what only a run would tell, is a fault in its place. */
export interface AlembicScript {
  /** As it is shown. */
  readonly file: string;
  readonly revision: string | Fault;
  readonly down: readonly string[] | Fault;
  /** As written: ids or labels. */
  readonly dependsOn: readonly string[] | Fault;
  readonly labels: readonly string[];
  /** The first paragraph of the docstring. */
  readonly message: string;
  /** Where each of the names is bound, from 1; 1 where it is not. */
  readonly lines: { readonly revision: number; readonly down: number; readonly dependsOn: number };
  readonly warnings: readonly Fault[];
}

/** Reads any module of Python: `readModule` of `src/python_source.ts`, which is loaded only when it is needed. */
export type ModuleReader = (
  source: string,
  file: string,
) => PyModule | { readonly line: number; readonly message: string };

/** Reads a script of a usual shape; `undefined` for one that needs a parser. */
export function readUsualScript(content: string, file: string): AlembicScript | undefined {
  const source = normalizeSource(content);
  const outline = outlineModule(source);
  if (!Array.isArray(outline)) return undefined;
  const header = readHeader(source, outline);
  if (header === undefined) return undefined;
  return interpret({ get: (name) => header.names.get(name), follow: (value) => value, doc: header.doc }, file);
}

/** Reads any script. `path` is where it lies; imports beside it begin there. */
export function readAnyScript(content: string, file: string, path: string, read: ModuleReader): AlembicScript {
  const module = read(normalizeSource(content), path);
  if ("get" in module) return interpret(module, file);
  const fault: Fault = {
    code: "alembic-syntax",
    message: `This Alembic script is no Python: ${module.message}`,
    place: { file, line: module.line },
    hint: "Mend it; Alembic cannot read it either.",
  };
  const lines = { revision: module.line, down: module.line, dependsOn: module.line };
  return { file, revision: fault, down: fault, dependsOn: fault, labels: [], message: "", lines, warnings: [] };
}

const NOTHING: readonly string[] = [];
const NO_WARNINGS: readonly Fault[] = [];

function interpret(module: Pick<PyModule, "get" | "follow" | "doc">, file: string): AlembicScript {
  const revision = module.get("revision");
  const down = module.get("down_revision");
  const dependsOn = module.get("depends_on");
  const labels = module.get("branch_labels");
  const labelList = labels === undefined ? NOTHING : idsOf("branch_labels", labels, module, file);
  return {
    file,
    revision: revisionOf(revision, file),
    down: down === undefined ? missingDown(file) : idsOf("down_revision", down, module, file),
    dependsOn: dependsOn === undefined ? NOTHING : idsOf("depends_on", dependsOn, module, file),
    labels: isFault(labelList) ? NOTHING : [...new Set(labelList)],
    message: messageOf(module.doc ?? ""),
    lines: { revision: revision?.line ?? 1, down: down?.line ?? 1, dependsOn: dependsOn?.line ?? 1 },
    warnings: isFault(labelList) ? [labelList] : NO_WARNINGS,
  };
}

export function isFault(value: unknown): value is Fault {
  return typeof value === "object" && value !== null && "code" in value && "place" in value;
}

/** As Alembic's `Script.doc`. */
function messageOf(doc: string): string {
  const trimmed = doc.trim();
  const end = trimmed.indexOf("\n\n");
  return detached(end === -1 ? trimmed : trimmed.slice(0, end));
}

/** The same text by itself: V8's substrings keep the whole string alive that they were cut from, here a file. */
function detached(text: string): string {
  return ` ${text}`.slice(1);
}

const LEGACY_NAME_REGEXP = /(?:^|\/)([a-f0-9]+)\.py$/;
const FORBIDDEN_REGEXP = /[@+-]/;

function revisionOf(binding: Binding | undefined, file: string): string | Fault {
  if (binding === undefined) {
    const [, id] = LEGACY_NAME_REGEXP.exec(file) ?? [];
    return id ?? {
      code: "alembic-no-revision",
      message: "This Alembic script has no 'revision'",
      place: { file },
      hint: "Add revision = '…', or move the file out of the folder; Alembic refuses it too.",
    };
  }
  const { value, line } = binding;
  if (value.kind !== "text") return notText("revision", value, { file, line });
  if (value.text !== "" && !FORBIDDEN_REGEXP.test(value.text)) return detached(value.text);
  return {
    code: "alembic-bad-revision",
    message: value.text === ""
      ? "The 'revision' of this Alembic script is empty"
      : `The 'revision' of this Alembic script, '${value.text}', holds one of '@', '+' and '-'`,
    place: { file, line },
    hint: "Alembic allows every id but such; give it another.",
  };
}

function missingDown(file: string): Fault {
  return {
    code: "alembic-no-down-revision",
    message: "This Alembic script has no 'down_revision'",
    place: { file },
    hint: "Add down_revision = '…', or None in the first script; Alembic refuses it too.",
  };
}

/** The ids of a value that may be `None`, one id, or several. */
function idsOf(
  name: string,
  { value, line }: Binding,
  { follow }: Pick<PyModule, "follow">,
  file: string,
): readonly string[] | Fault {
  if (value.kind === "none") return NOTHING;
  if (value.kind === "text") return [detached(value.text)];
  if (value.kind !== "items") return notText(name, value, { file, line });
  if (value.spoiled !== undefined) return notText(name, { kind: "unknown", why: value.spoiled }, { file, line });
  const ids: string[] = [];
  for (const item of value.items) {
    const known = follow(item);
    if (known.kind !== "text") return notText(name, known, { file, line });
    ids.push(detached(known.text));
  }
  return value.type === "set" ? [...new Set(ids)] : ids;
}

function notText(name: string, value: PyValue, place: { readonly file: string; readonly line: number }): Fault {
  if (value.kind === "unknown") {
    return {
      code: "alembic-unreadable",
      message: `The '${name}' of this Alembic script cannot be known without running it: ${value.why}`,
      place,
      hint: "Write it there as a string.",
    };
  }
  return {
    code: "alembic-bad-value",
    message: `The '${name}' of this Alembic script is ${wordsFor(value)}`,
    place,
    hint: name === "revision" ? "Write it as a string." : "Write a string, a tuple or list of strings, or None.",
  };
}

function wordsFor(value: PyValue): string {
  switch (value.kind) {
    case "other":
      return value.what;
    case "integer":
      return "a number";
    case "items":
      return `a ${value.type}`;
    case "class":
    case "module":
      return `a ${value.kind}`;
    case "none":
      return "None";
    default:
      return value.kind;
  }
}
