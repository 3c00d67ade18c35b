/**
 * Ini files with the rules of Python's `configparser`: what `RawConfigParser` reads (`delembic.ini`), and the
 * interpolation of `ConfigParser` on top of it (`alembic.ini`). Pure. Tested against Python itself on generated files.
 *
 * One thing is taken more kindly than Python does: a byte order mark at the beginning is no part of the text.
 *
 * @module
 */

import { DelembicError, EXIT, type Place } from "./errors.ts";

/** A file that is no ini file, or a value whose `%(…)s` cannot be resolved. Exit code 2. */
export class IniError extends DelembicError {
  constructor(
    message: string,
    options: { code?: string; hint: string; place: Place; data?: Readonly<Record<string, unknown>> },
  ) {
    super(message, { code: "ini-syntax", exitCode: EXIT.usage, ...options });
  }
}

interface Entry {
  /** The lines of the value; joined when the whole file is read. */
  readonly lines: string[];
  readonly line: number;
}

type Entries = Map<string, Entry>;

interface Section {
  readonly line: number;
  readonly entries: Entries;
}

const DEFAULT = "DEFAULT";

/** An ini file that was read. Keys are in lower case, as `configparser` makes them. */
export class Ini {
  readonly #sections: ReadonlyMap<string, Section>;
  readonly #defaults: Entries;

  constructor(readonly file: string, sections: ReadonlyMap<string, Section>, defaults: Entries) {
    this.#sections = sections;
    this.#defaults = defaults;
  }

  /** The names of the sections in the order of the file, without `DEFAULT`. */
  sections(): string[] {
    return [...this.#sections.keys()];
  }

  has(section: string): boolean {
    return this.#sections.has(section);
  }

  /** The value as it stands there, from the section or else from `[DEFAULT]`; `undefined` where there is none. */
  get(section: string, key: string): string | undefined {
    return this.#entry(section, key)?.lines.join("\n");
  }

  /** The keys that can be got from the section: its own, then those of `[DEFAULT]`. */
  keys(section: string): string[] {
    const own = this.ownKeys(section);
    return [...own, ...[...this.#defaults.keys()].filter((key) => !own.includes(key))];
  }

  /** The keys that stand in the section itself. */
  ownKeys(section: string): string[] {
    return [...this.#entries(section)?.keys() ?? []];
  }

  /** The line of the key, from 1. */
  line(section: string, key: string): number | undefined {
    return this.#entry(section, key)?.line;
  }

  /** The line of the section's header, from 1. */
  sectionLine(section: string): number | undefined {
    return this.#sections.get(section)?.line;
  }

  #entries(section: string): Entries | undefined {
    return section === DEFAULT ? this.#defaults : this.#sections.get(section)?.entries;
  }

  #entry(section: string, key: string): Entry | undefined {
    const name = key.toLowerCase();
    const entries = this.#entries(section);
    return entries === undefined ? undefined : entries.get(name) ?? this.#defaults.get(name);
  }
}

// What Python's str.strip() takes away: not the byte order mark, which JavaScript's trim() does, but four more controls.
const SPACE = "\\t\\n\\v\\f\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const LEADING_SPACE_REGEXP = new RegExp(`^[${SPACE}]+`);
const TRAILING_SPACE_REGEXP = new RegExp(`[${SPACE}]+$`);
const LINE_END_REGEXP = /\r\n|\r|\n/;
const SECTION_REGEXP = /^\[([^\n]+)\]/;
const DELIMITER_REGEXP = /[=:]/;

function strip(text: string): string {
  return stripEnd(text.replace(LEADING_SPACE_REGEXP, ""));
}

function stripEnd(text: string): string {
  return text.replace(TRAILING_SPACE_REGEXP, "");
}

/**
 * Reads the text of an ini file; `file` is what errors name it.
 *
 * @throws {IniError} naming all lines that are wrong, with the first one as its place
 */
export function parseIni(text: string, file: string): Ini {
  const reader = new Reader(file);
  const lines = text.replace(/^\ufeff/, "").split(LINE_END_REGEXP);
  // what follows the last line end is no line, if it is nothing
  if (lines.at(-1) === "") lines.pop();
  lines.forEach((line, index) => reader.read(line, index + 1));
  return reader.finish();
}

interface Problem {
  readonly message: string;
  readonly line: number;
  readonly hint: string;
}

/** Reads line after line, as `RawConfigParser._read` does. */
class Reader {
  readonly #sections = new Map<string, Section>();
  readonly #defaults: Entries = new Map();
  readonly #problems: Problem[] = [];
  /** The section that is being read, and its name. */
  #name = "";
  #entries: Entries | undefined;
  /** The key whose value an indented line continues. */
  #entry: Entry | undefined;
  #indent = 0;

  constructor(readonly file: string) {}

  read(line: string, number: number): void {
    const value = strip(line);
    if (value === "") {
      // a blank line is part of the value, if an indented line comes after it
      this.#entry?.lines.push("");
      return;
    }
    if (value.startsWith("#") || value.startsWith(";")) return;
    const indent = line.length - line.replace(LEADING_SPACE_REGEXP, "").length;
    if (this.#entry !== undefined && indent > this.#indent) {
      this.#entry.lines.push(value);
      return;
    }
    this.#indent = indent;
    const [, section] = SECTION_REGEXP.exec(value) ?? [];
    if (section === undefined) this.#readKey(value, number);
    else this.#readSection(section, number);
  }

  #readSection(name: string, line: number): void {
    const known = this.#sections.get(name);
    if (known !== undefined) {
      this.#problem(
        `Section [${name}] is there twice: in lines ${known.line} and ${line}`,
        line,
        "Make one of the two.",
      );
    }
    const section = known ?? { line, entries: name === DEFAULT ? this.#defaults : new Map() };
    if (name !== DEFAULT) this.#sections.set(name, section);
    this.#name = name;
    this.#entries = section.entries;
    this.#entry = undefined;
  }

  #readKey(value: string, line: number): void {
    const delimiter = value.search(DELIMITER_REGEXP);
    // the text of the line is not repeated: it may hold a password
    if (this.#entries === undefined) {
      this.#problem(`Line ${line} stands before any [section]`, line, "Begin the file with [delembic] (or [alembic]).");
      return;
    }
    if (delimiter <= 0) {
      this.#problem(
        `Line ${line} is neither a [section] nor 'key = value'`,
        line,
        "Write 'key = value'; begin a comment with #; indent a line that continues the value above it.",
      );
      return;
    }
    const key = stripEnd(value.slice(0, delimiter)).toLowerCase();
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#problem(
        `Key '${key}' is in [${this.#name}] twice: in lines ${known.line} and ${line}`,
        line,
        "Take one of the two out.",
      );
    }
    this.#entry = { lines: [strip(value.slice(delimiter + 1))], line };
    this.#entries.set(key, this.#entry);
  }

  #problem(message: string, line: number, hint: string): void {
    this.#problems.push({ message, line, hint });
  }

  finish(): Ini {
    const [first, ...others] = this.#problems;
    if (first !== undefined) {
      const also = others.length === 0 ? "" : `; also wrong: line ${others.map(({ line }) => line).join(", line ")}`;
      throw new IniError(first.message + also, {
        hint: first.hint,
        place: { file: this.file, line: first.line },
        data: { faults: this.#problems.map((problem) => ({ ...problem, file: this.file })) },
      });
    }
    for (const entries of [this.#defaults, ...[...this.#sections.values()].map((section) => section.entries)]) {
      for (const { lines } of entries.values()) lines.splice(0, lines.length, stripEnd(lines.join("\n")));
    }
    return new Ini(this.file, this.#sections, this.#defaults);
  }
}

const REFERENCE_REGEXP = /^%\(([^)]+)\)s/;
const MAX_DEPTH = 10;

/**
 * The value with its `%(key)s` replaced by other values of the section and of `[DEFAULT]`, and `%%` by `%`, as
 * `ConfigParser` does. `defaults` come last (Alembic gives `here`); unlike in Python they are taken as they are, so
 * that a folder with a `%` in its name does no harm.
 *
 * @returns `undefined` where there is no such section or key
 * @throws {IniError} when a reference is malformed, unknown, or goes round in a circle
 */
export function interpolate(
  ini: Ini,
  section: string,
  key: string,
  defaults: Readonly<Record<string, string>> = {},
): string | undefined {
  const known = new Map(Object.entries(defaults).map(([name, value]) => [name.toLowerCase(), value]));
  const name = key.toLowerCase();
  const value = ini.get(section, name);
  if (value === undefined) return ini.has(section) || section === DEFAULT ? known.get(name) : undefined;
  return new Interpolation(ini, section, name, known).resolve(value, 1);
}

/** The interpolation of one value. */
class Interpolation {
  constructor(
    readonly ini: Ini,
    readonly section: string,
    readonly key: string,
    readonly defaults: ReadonlyMap<string, string>,
  ) {}

  resolve(text: string, depth: number): string {
    if (depth > MAX_DEPTH) {
      throw this.#error(
        `goes through more than ${MAX_DEPTH} references, probably in a circle`,
        "Take one of the %(…)s out.",
      );
    }
    let result = "";
    let at = 0;
    for (let percent = text.indexOf("%"); percent >= 0; percent = text.indexOf("%", at)) {
      result += text.slice(at, percent);
      if (text[percent + 1] === "%") {
        result += "%";
        at = percent + 2;
        continue;
      }
      const [whole, name] = REFERENCE_REGEXP.exec(text.slice(percent)) ?? [];
      if (whole === undefined || name === undefined) {
        throw this.#error(
          "has a '%' that is neither '%%' nor the beginning of '%(key)s'",
          "Write %% for a percent sign.",
        );
      }
      result += this.#lookUp(name.toLowerCase(), depth);
      at = percent + whole.length;
    }
    return result + text.slice(at);
  }

  #lookUp(name: string, depth: number): string {
    const value = this.ini.get(this.section, name);
    if (value !== undefined) return value.includes("%") ? this.resolve(value, depth + 1) : value;
    const given = this.defaults.get(name);
    if (given !== undefined) return given;
    throw this.#error(
      `refers to %(${name})s, which is not in [${this.section}]`,
      `Set '${name}' there or in [DEFAULT]; write %% for a percent sign.`,
    );
  }

  #error(what: string, hint: string): IniError {
    const line = this.ini.line(this.section, this.key);
    return new IniError(`The value of '${this.key}' in [${this.section}] ${what}`, {
      code: "ini-interpolation",
      hint,
      place: { file: this.ini.file, ...(line === undefined ? {} : { line }) },
    });
  }
}
