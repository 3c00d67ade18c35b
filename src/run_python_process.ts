/**
 * Python as a process that runs migrations of the Python tool: requests and answers in lines of JSON.
 *
 * The program is `python_driver/driver.py`, given as `-c`, so that it runs wherever a Python is, in a container too.
 *
 * @module
 */

import { relative } from "node:path";
import { commandProgram } from "./command_words.ts";
import { reasonOf } from "./errors.ts";
import { pause } from "./lock.ts";
import type { Project } from "./project.ts";
import { PythonEndedError, type PythonProblem, type PythonRefusal, PythonUnusableError } from "./run_python_errors.ts";

/** What Python is asked to do. */
export type PythonRequest =
  | { readonly do: "open"; readonly ini: string; readonly section: string; readonly versions: string }
  | { readonly do: "look" | "upgrade" | "validate"; readonly revision: string }
  | {
    readonly do: "execute";
    readonly statements: readonly { readonly text: string; readonly params: readonly unknown[] }[];
  }
  | { readonly do: "begin" | "release" | "commit" | "rollback" };

/** What Python answers: done, refused for a reason, or an exception of the migration. */
export type PythonAnswer =
  | { readonly ok: Readonly<Record<string, unknown>> }
  | { readonly refused: PythonRefusal }
  | { readonly error: PythonProblem };

/** What Python tells while it is at a request. */
export interface PythonListener {
  /** A line that was printed. */
  printed(line: string): void;
  /** Something happened that somebody should know of: `commit`, `other-connection`. */
  noted(what: string): void;
  /** Asked before a statement of which MySQL may commit what was done so far. @returns whether it does */
  statement(text: string): Promise<boolean>;
}

/** How long Python may take to end by itself, in milliseconds. */
const GRACE_MS = 3_000;

export class PythonProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: AsyncIterator<string>;
  readonly #printing: Promise<void>;
  #listener: PythonListener | undefined;
  #ended = false;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#writer = child.stdin.getWriter();
    this.#answers = linesOf(child.stdout);
    this.#printing = this.#print();
  }

  /**
   * Starts Python in the folder of the configuration.
   *
   * @param words its command and the first of its arguments
   * @throws {PythonUnusableError} when it cannot be started
   */
  static async start(words: readonly string[], { folder }: Pick<Project["config"], "folder">): Promise<PythonProcess> {
    const [program = "", ...args] = words;
    const driver = await Deno.readTextFile(new URL("../python_driver/driver.py", import.meta.url));
    try {
      return new PythonProcess(
        new Deno.Command(commandProgram(program, folder), {
          args: [...args, "-c", driver],
          cwd: folder,
          stdin: "piped",
          stdout: "piped",
          stderr: "piped",
        }).spawn(),
      );
    } catch (error) {
      throw new PythonUnusableError(
        `Cannot start Python: ${program}: ${error instanceof Deno.errors.NotFound ? "not found" : reasonOf(error)}`,
        "Set 'python' in delembic.ini to the Python of the project: a path relative to that file, or a command.",
      );
    }
  }

  /** Whether it is known to be gone. */
  get ended(): boolean {
    return this.#ended;
  }

  /** @throws {PythonEndedError} when Python goes away before it has answered */
  async ask(request: PythonRequest, listener: PythonListener): Promise<PythonAnswer> {
    this.#listener = listener;
    await this.#send(request);
    for (;;) {
      const { value: line, done } = await this.#answers.next();
      if (done === true) throw await this.#endedError();
      const message = parse(line);
      if (message === undefined) listener.printed(line);
      else if ("print" in message) listener.printed(String(message["print"]));
      else if ("note" in message) listener.noted(String(message["note"]));
      else if ("statement" in message) {
        await this.#send({ commits: await listener.statement(String(message["statement"])) });
      } else if ("ok" in message || "refused" in message || "error" in message) {
        return message as unknown as PythonAnswer;
      } else listener.printed(line);
    }
  }

  /** Raises KeyboardInterrupt in the step that is at work, which ends a statement on the server too. */
  async cancel(): Promise<void> {
    await this.#send({ do: "cancel" });
  }

  async #send(message: unknown): Promise<void> {
    try {
      await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
    } catch {
      throw await this.#endedError();
    }
  }

  async #endedError(): Promise<PythonEndedError> {
    this.#ended = true;
    const { code, signal } = await this.#child.status;
    await this.#printing;
    return new PythonEndedError(signal === null ? `exit code ${code}` : signal);
  }

  async #print(): Promise<void> {
    const lines = linesOf(this.#child.stderr);
    for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
      this.#listener?.printed(next.value);
    }
  }

  #kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // it has just ended by itself
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Ends Python. What it has not committed is rolled back, by itself or by the server, when this has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await this.#writer.close().catch(() => undefined);
    const enough = new AbortController();
    const status = this.#child.status.then(() => enough.abort());
    await pause(GRACE_MS, enough.signal);
    if (!enough.signal.aborted) this.#kill();
    await status;
  }
}

/** The request with which a conversation begins; its paths are relative to the ini file, as a container sees them. */
export function openRequest({ file, folder, section, versionsFolder }: Project["config"]): PythonRequest {
  const path = (name: string) => relative(folder, name).replaceAll("\\", "/");
  return { do: "open", ini: path(file), section, versions: path(versionsFolder) };
}

/** One message; `undefined` for a line that is none, which a command around Python may print. */
function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : undefined;
  } catch {
    return undefined;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
