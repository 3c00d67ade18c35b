/**
 * Alembic's own command as a process.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import { commandProgram } from "./command_words.ts";
import type { Config } from "./config.ts";
import { DelembicError, EXIT, reasonOf } from "./errors.ts";
import { Interruption } from "./interruption.ts";

/** The command cannot be run at all. Exit code 2. */
export class AlembicUnusableError extends DelembicError {
  constructor(command: string, reason: string, cause?: unknown) {
    super(`Cannot run '${command}': ${reason}`, {
      code: "alembic-unusable",
      exitCode: EXIT.usage,
      hint: "Install Alembic, or set 'alembic_command' in delembic.ini: .venv/bin/alembic, python -m alembic, …",
      cause,
    });
  }
}

/** Where the output of Alembic goes. */
export interface AlembicOutput {
  /** Called with each line of both streams. @default they go to our own stdout and stderr, as they come */
  readonly line?: ((line: string) => void) | undefined;
  /** Somebody at a terminal pressed Ctrl-C: the terminal tells all processes by itself. */
  readonly atTerminal: boolean;
}

/** How long Alembic may take to end by itself when the terminal told it to, in milliseconds. */
const GRACE_MS = 1_000;

/** `alembic -c alembic.ini`, in the folder of that file, with the section that goes with ours. */
export class AlembicCommand {
  /** As somebody would type it. */
  readonly text: string;
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #folder: string;
  #child: Deno.ChildProcess | undefined;

  /** @throws {DelembicError} when no Alembic is configured */
  constructor({ alembic, alembicCommand: [word = "alembic", ...words], folder, file }: Config) {
    if (alembic === undefined) {
      throw new DelembicError(`alembic_config is not set in ${file}`, {
        code: "no-alembic",
        exitCode: EXIT.usage,
        hint: "Set 'alembic_config = alembic.ini' (or pyproject.toml) there.",
      });
    }
    this.text = [word, ...words].join(" ");
    this.#program = commandProgram(word, folder);
    const section = alembic.section === "alembic" ? [] : ["-n", alembic.section];
    // by its name alone: in a container the folder may lie elsewhere
    this.#args = [...words, "-c", basename(alembic.file), ...section];
    this.#folder = dirname(alembic.file);
  }

  /** @throws {AlembicUnusableError} when it cannot even tell its version */
  async requireUsable(): Promise<void> {
    const { code, stdout, stderr } = await this.#spawn(["--version"], { stdin: "null", to: "piped" }).output();
    if (code === 0) return;
    const said = new TextDecoder().decode(stderr).trim() || new TextDecoder().decode(stdout).trim();
    throw new AlembicUnusableError(this.text, said.split("\n").at(-1) || `exit code ${code}`);
  }

  /**
   * Runs `alembic upgrade TARGET` to its end. When the signal is aborted, Alembic is told to end as well.
   *
   * @returns how it ended, in words; `undefined` when all went well
   */
  async upgrade(target: string, output: AlembicOutput, signal: AbortSignal): Promise<string | undefined> {
    const { line, atTerminal } = output;
    const to = line === undefined ? "inherit" : "piped";
    const child = this.#spawn(["upgrade", target], { stdin: "inherit", to });
    this.#child = child;
    using _ending = endWith(child, signal, atTerminal);
    const streams = line === undefined ? [] : [child.stdout, child.stderr].map((stream) => eachLine(stream, line));
    const [status] = await Promise.all([child.status, ...streams]);
    this.#child = undefined;
    if (status.success) return undefined;
    return status.signal === null ? `exit code ${status.code}` : status.signal;
  }

  /** Whether an `alembic upgrade` is at work. */
  get running(): boolean {
    return this.#child !== undefined;
  }

  /** Ends Alembic at once, if it runs. */
  kill(): void {
    if (this.#child !== undefined) send(this.#child, "SIGKILL");
  }

  #spawn(
    words: readonly string[],
    { stdin, to }: { readonly stdin: "null" | "inherit"; readonly to: "piped" | "inherit" },
  ): Deno.ChildProcess {
    try {
      return new Deno.Command(this.#program, {
        args: [...this.#args, ...words],
        cwd: this.#folder,
        // else Python keeps what it prints to itself until it ends
        env: { PYTHONUNBUFFERED: "1" },
        stdin,
        stdout: to,
        stderr: to,
      }).spawn();
    } catch (error) {
      const reason = error instanceof Deno.errors.NotFound ? "not found" : reasonOf(error);
      throw new AlembicUnusableError(this.text, reason, error);
    }
  }
}

/** Passes the end of a run on to a process, until it is disposed of. */
function endWith(child: Deno.ChildProcess, signal: AbortSignal, atTerminal: boolean): Disposable {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = () => {
    const { reason } = signal;
    const isCtrlC = reason instanceof Interruption && reason.reason === "SIGINT";
    // a second Ctrl-C while it rolls back would do harm
    if (isCtrlC) timer = setTimeout(() => send(child, "SIGINT"), atTerminal ? GRACE_MS : 0);
    else send(child, "SIGTERM");
  };
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
    },
  };
}

function send(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // it has ended by itself in the meantime
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function eachLine(stream: ReadableStream<Uint8Array>, tell: (line: string) => void): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? "";
    lines.forEach(tell);
  }
  if (rest !== "") tell(rest);
}
