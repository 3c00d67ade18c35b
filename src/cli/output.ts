/**
 * Where each kind of text goes. Results to stdout, everything else to stderr; with `--json` stdout is one document.
 * Secrets and harmful characters are taken out here, and nowhere else.
 *
 * @module
 */

import { type Annotation, annotationLine, withoutCommands } from "./github_text.ts";
import type { Io } from "./io.ts";
import { absolutePath, shownPath } from "./paths.ts";
import { type Line, paint, styled } from "./text.ts";

/** What is to be printed, by the global options. */
export interface OutputMode {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly noColor: boolean;
  /** How stderr is written, and how a run goes: `json` is an object a line, for what collects logs. @default text */
  readonly logFormat?: string | undefined;
}

/** Takes secrets out of a text; see `src/redact.ts`. */
export interface Redacting {
  text(text: string): string;
}

export class Output {
  /** Told so far; part of the document with `--json`. */
  readonly warnings: string[] = [];
  /** What {@link annotate} was given so far. */
  readonly annotations: Annotation[] = [];
  /** Whether a line can be kept at the bottom of a terminal; see {@link bottom}. */
  readonly hasBottom: boolean;
  readonly #io: Io;
  readonly #mode: OutputMode;
  readonly #redactor: Redacting;
  readonly #outColour: boolean;
  readonly #errColour: boolean;
  /** The repository's folder, in a build of GitHub; what is printed there must hold no commands for its runner. */
  readonly #workspace: string | undefined;
  #bottom: Line | undefined;
  #document: Readonly<Record<string, unknown>> | undefined;

  constructor(io: Io, mode: OutputMode, redactor: Redacting) {
    this.#io = io;
    this.#mode = mode;
    this.#redactor = redactor;
    this.#outColour = wantsColour(io, mode, io.outIsTerminal);
    this.#errColour = wantsColour(io, mode, io.errIsTerminal);
    this.#workspace = io.env("GITHUB_ACTIONS") === "true" ? io.env("GITHUB_WORKSPACE") ?? io.cwd() : undefined;
    this.hasBottom = !this.tellsEvents && !mode.quiet && isLive(io);
  }

  get verbose(): boolean {
    return this.#mode.verbose;
  }

  get json(): boolean {
    return this.#mode.json;
  }

  /** Of the terminal on which errors are shown; `undefined` without one. */
  get width(): number | undefined {
    return this.#io.errIsTerminal ? this.#io.columns() : undefined;
  }

  /** Whether what happens is told as events, an object a line. */
  get tellsEvents(): boolean {
    return this.#mode.json || this.#logs;
  }

  get #logs(): boolean {
    return this.#mode.logFormat === "json";
  }

  /** What the command was called for. */
  result(lines: readonly Line[]): void {
    if (this.#mode.json) this.#aside(lines);
    else this.#out(lines);
  }

  /** How it goes: silenced by `--quiet`. */
  progress(lines: readonly Line[]): void {
    if (this.#mode.json) this.#aside(lines);
    else if (this.#logs) this.note(lines);
    else if (!this.#mode.quiet) this.#out(lines);
  }

  /** What is good to know about how it goes, and is no result: silenced by `--quiet`. */
  note(lines: readonly Line[]): void {
    if (this.#mode.json) this.#aside(lines);
    else if (!this.#mode.quiet) this.#err(lines);
  }

  warn(message: string, hint?: string): void {
    this.warnings.push(message);
    const lines = [[styled("yellow", "Warning:"), ` ${message}`], ...(hint === undefined ? [] : [`  ${hint}`])];
    if (!this.#logs) this.note(lines);
    else if (!this.#mode.quiet) this.#log("warn", [hint === undefined ? message : `${message}\n${hint}`]);
    this.annotate([{
      level: "warning",
      title: "Delembic",
      message: hint === undefined ? message : `${message}\n${hint}`,
    }]);
  }

  /** What GitHub is to show beside the lines concerned: printed in its builds alone, and not among events. */
  annotate(annotations: readonly Annotation[]): void {
    for (const annotation of annotations) {
      const shown = this.#withoutSecrets(annotation);
      const before = this.annotations.filter(({ level }) => level === shown.level).length;
      this.annotations.push(shown);
      if (this.#workspace === undefined || this.tellsEvents || before >= MAX_ANNOTATIONS) continue;
      this.#io.err(`${annotationLine(shown)}\n`);
    }
  }

  #withoutSecrets({ level, title, message, place }: Annotation): Annotation {
    const redact = (text: string) => this.#redactor.text(text);
    if (place === undefined) return { level, title: redact(title), message: redact(message) };
    const file = inWorkspace(this.#workspace, absolutePath(this.#io.cwd(), place.file));
    return { level, title: redact(title), message: redact(message), place: { ...place, file: redact(file) } };
  }

  /** What went wrong: never silenced. @param document the same for programs, where it is an error with a code */
  problem(lines: readonly Line[], document?: Readonly<Record<string, unknown>>): void {
    if (this.#mode.json) this.#aside(lines);
    else if (!this.#logs || document === undefined) this.#err(lines, "error");
    else this.#io.err(this.#json({ level: "error", event: "error", at: this.#io.now().toISOString(), ...document }));
  }

  /** Only with `--verbose`. */
  detail(lines: readonly Line[]): void {
    this.#aside(lines);
  }

  /**
   * A line that stays below all that is printed until another one comes in its place, or none. It has to fit the
   * terminal's width. The cursor rests at its beginning: a terminal that gets narrower, and breaks the line, leaves it
   * there, so that all of it can be erased.
   */
  bottom(line: Line | undefined): void {
    if (!this.hasBottom || (line === undefined && this.#bottom === undefined)) return;
    this.#io.err(line === undefined ? ERASE : this.#bottomText(line));
    this.#bottom = line;
  }

  /** What happens, for programs that read stderr: a line each, where {@link tellsEvents}. Silenced by `--quiet`. */
  event(value: Readonly<Record<string, unknown>>): void {
    if (!this.tellsEvents || this.#mode.quiet) return;
    this.#io.err(this.#json(this.#logs ? { level: LEVELS[String(value["event"])] ?? "info", ...value } : value));
  }

  /** The one document, printed with `--json`. What comes after the first one is none. */
  document(value: Readonly<Record<string, unknown>>): void {
    if (this.#document !== undefined) return;
    this.#document = this.warnings.length === 0 ? value : { ...value, warnings: [...this.warnings] };
    if (this.#mode.json) this.#io.out(this.#json(this.#document));
  }

  /** The document as far as there is one, and its text: one line, without secrets. */
  documented(): { readonly value: Readonly<Record<string, unknown>>; readonly text: string } | undefined {
    return this.#document && { value: this.#document, text: this.#json(this.#document).trimEnd() };
  }

  /** The text without secrets, for what is not printed here. */
  redacted(text: string): string {
    return this.#redactor.text(text);
  }

  #json(value: Readonly<Record<string, unknown>>): string {
    const text = JSON.stringify(
      value,
      (_, member) =>
        typeof member === "string" ? this.#redactor.text(member) : typeof member === "bigint" ? String(member) : member,
    );
    const harmless = text.replace(UNSAFE_JSON_REGEXP, escapeJson);
    return `${this.#workspace === undefined ? harmless : harmless.replaceAll("##[", "#\\u0023[")}\n`;
  }

  #aside(lines: readonly Line[]): void {
    if (this.#mode.verbose) this.#err(lines);
  }

  #out(lines: readonly Line[]): void {
    const width = this.#io.outIsTerminal ? this.#io.columns() : undefined;
    this.#aboveBottom(lines, () => this.#io.out(this.#paint(lines, this.#outColour, width)));
  }

  /** Text that is no event, as an entry of a log. */
  #log(level: string, lines: readonly Line[]): void {
    const message = lines.map((line) => paint(line, { colour: false, redact: (text) => text })).join("\n").trim();
    if (message !== "") {
      this.#io.err(this.#json({ level, event: "message", at: this.#io.now().toISOString(), message }));
    }
  }

  #err(lines: readonly Line[], level = "info"): void {
    if (this.#logs) return this.#log(level, lines);
    this.#aboveBottom(lines, () => this.#io.err(this.#paint(lines, this.#errColour, this.width)));
  }

  #aboveBottom(lines: readonly Line[], write: () => void): void {
    if (lines.length === 0) return;
    if (this.#bottom !== undefined) this.#io.err(ERASE);
    write();
    if (this.#bottom !== undefined) this.#io.err(this.#bottomText(this.#bottom));
  }

  #bottomText(line: Line): string {
    return `${this.#paint([line], this.#errColour).slice(0, -1)}${ERASE_REST}\r`;
  }

  /** @param width of the terminal, if it is one: lines are cut to it where they can */
  #paint(lines: readonly Line[], colour: boolean, width?: number): string {
    const redact = (text: string) => this.#redactor.text(text);
    const harmless = this.#workspace === undefined ? (text: string) => text : withoutCommands;
    return lines.map((line) => `${harmless(paint(line, { colour, redact, width }))}\n`).join("");
  }
}

/** The levels of events that are no mere information. */
const LEVELS: Readonly<Record<string, string>> = {
  ...{ failed: "error", blocked: "error", interrupted: "warn", retrying: "warn", warning: "warn", waiting: "warn" },
};

/** Of each level; GitHub shows no more of a step. */
const MAX_ANNOTATIONS = 10;

/** The file as the repository names it; one that is elsewhere keeps its absolute name. */
function inWorkspace(workspace: string | undefined, file: string): string {
  if (workspace === undefined) return file;
  return file.startsWith(`${absolutePath(workspace, ".")}/`) ? shownPath(workspace, file) : file;
}

// from the cursor on, to the end of the screen: a line that a narrower terminal has broken goes on below
const ERASE_REST = "\x1b[J";
const ERASE = `\r${ERASE_REST}`;

// a JSON document may be looked at in a terminal too; these have no other place in it than within strings
const UNSAFE_JSON_REGEXP = /[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

function escapeJson(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** What stderr is printed on can be printed over; what a build keeps of it cannot. */
function isLive(io: Io): boolean {
  const isBuild = !["", "0", "false"].includes(io.env("CI") ?? "");
  return io.errIsTerminal && io.env("TERM") !== "dumb" && !isBuild;
}

/** `--no-color` and `NO_COLOR` win over `FORCE_COLOR`, which wins over what the stream is: https://no-color.org */
function wantsColour(io: Io, mode: OutputMode, isTerminal: boolean): boolean {
  if (mode.noColor || (io.env("NO_COLOR") ?? "") !== "") return false;
  const forced = io.env("FORCE_COLOR");
  if (forced !== undefined && forced !== "") return forced !== "0";
  return isTerminal && io.env("TERM") !== "dumb";
}
