/**
 * The error model of the whole program: one base class that carries what a user needs (what, where, what to do) and
 * what a script needs (a stable code, an exit code). Subclasses stand in the module that throws them.
 *
 * @module
 */

/** The exit codes of the program; `README.md` explains each to users. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  lock: 4,
  interrupted: 5,
  timeUp: 124,
  sigint: 130,
  sigterm: 143,
} as const;

/** What the process ends with; one of {@link EXIT}. */
export type ExitCode = typeof EXIT[keyof typeof EXIT];

/** Where in a user's file something is wrong; lines and columns count from 1. */
export interface Place {
  /** As it is shown. */
  readonly file: string;
  /** From 1. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
}

/** What an error carries beside its message. */
export interface ErrorOptions {
  /** Stable, kebab-case, for scripts and for the docs: `unknown-dependency`. */
  readonly code: string;
  /** For the command line. @default 1, that of a failure */
  readonly exitCode?: ExitCode;
  /** What the user can do about it: a sentence, without the message's words again. */
  readonly hint?: string | undefined;
  /** Where it is, in a file. */
  readonly place?: Place | undefined;
  /** What was thrown below. */
  readonly cause?: unknown;
  /** Further members of the `--json` error document. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** By this an error is known that another copy of this module made: one that a migration imports from a registry. */
const BRAND = Symbol.for("delembic.error");

/**
 * An expected failure: shown to the user as message, place and hint, never as a stack. What is thrown and is not a
 * `DelembicError` is a defect of ours, and is shown with its stack.
 */
export class DelembicError extends Error {
  /** Stable, kebab-case: `unknown-dependency`. */
  readonly code: string;
  /** What the command line ends with. */
  readonly exitCode: ExitCode;
  /** What the user can do about it. */
  readonly hint: string | undefined;
  /** Where it is, in a file. */
  readonly place: Place | undefined;
  /** Further members of the `--json` error document. */
  readonly data: Readonly<Record<string, unknown>>;

  /** Holds also for errors of another copy of this module. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== DelembicError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return value instanceof Error && BRAND in value;
  }

  /** An error that a user is told as it is. */
  constructor(message: string, options: ErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.exitCode = options.exitCode ?? EXIT.failed;
    this.hint = options.hint;
    this.place = options.place;
    this.data = options.data ?? {};
  }
}

// on the prototype, where it is in no one's way
Object.defineProperty(DelembicError.prototype, BRAND, { value: true });

/** One thing that is wrong in a user's file; found while reading, reported together with all others. */
export interface Fault {
  /** Stable, kebab-case: `unknown-dependency`. */
  readonly code: string;
  /** One sentence. */
  readonly message: string;
  /** Where it is. */
  readonly place: Place;
  /** What the user can do about it. */
  readonly hint?: string | undefined;
}

/** Several faults at once, so that the user mends them in one go. Exit code 2. */
export class FaultsError extends DelembicError {
  readonly faults: readonly Fault[];

  /** @param where the faults are, for the message when there are several */
  constructor(faults: readonly Fault[], where = "the migration files") {
    const [first] = faults;
    super(
      faults.length === 1 && first ? first.message : `${faults.length} problems in ${where}`,
      {
        code: faults.length === 1 && first ? first.code : "faults",
        exitCode: EXIT.usage,
        place: faults.length === 1 ? first?.place : undefined,
        hint: faults.length === 1 ? first?.hint : undefined,
        data: { faults: faults.map(({ code, message, place, hint }) => ({ code, message, ...place, hint })) },
      },
    );
    this.faults = faults;
  }
}

/** `file:line:column`, with what is known. */
export function formatPlace(place: Place): string {
  return [place.file, place.line, place.line === undefined ? undefined : place.column]
    .filter((part) => part !== undefined).join(":");
}

/** The message of anything that was thrown; JavaScript lets people throw strings, `undefined` and objects. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name;
  return typeof thrown === "string" ? thrown : Deno.inspect(thrown);
}

/** What an error of the system adds to its reason: ` (os error 13): open '/some/where'`. */
const SYSTEM_DETAILS_REGEXP = / \(os error \d+\)(: .*)?$/s;

/** Why the system refused, for a text that names the file itself. */
export function reasonOf(thrown: unknown): string {
  return messageOf(thrown).replace(SYSTEM_DETAILS_REGEXP, "");
}

/** For states that cannot be: fails loudly, with a stack. */
export function unreachable(value: never): never {
  throw new TypeError(`Unexpected value: ${Deno.inspect(value)}`);
}
