/**
 * The edge: the only file, besides `main.ts`, that touches the process: its streams, environment, folder, signals.
 *
 * @module
 */

import { DelembicError } from "../errors.ts";

/** The signals that end a run in good order. */
export type EndSignal = "SIGINT" | "SIGTERM";

/** What the command line needs of the process that it runs in. */
export interface Io {
  /** Writes at once, unbuffered, so that a CI log is live. When the reader has gone, nothing happens. */
  out(text: string): void;
  err(text: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly inIsTerminal: boolean;
  /** The next line that is typed, without its end; what there is of it when the input ends. */
  readLine(): string;
  /** How wide the terminal is now; `undefined` without one, or where it does not say. */
  columns(): number | undefined;
  /** Calls the listener when the terminal has another size, until it is disposed of. */
  onResize(listener: () => void): Disposable;
  /** Calls the listener before `console` prints something, which only migrations do, until it is disposed of. */
  onConsole(listener: () => void): Disposable;
  env(name: string): string | undefined;
  /** The working directory, absolute. */
  cwd(): string;
  now(): Date;
  readonly pid: number;
  /** The user's number; `null` on Windows. */
  uid(): number | null;
  hostname(): string;
  /** Calls the listener at each such signal, instead of ending the process, until it is disposed of. */
  onSignal(listener: (signal: EndSignal) => void): Disposable;
  /** From here on {@link out} alone writes to stdout: what migrations print goes to stderr. */
  reserveOut(): Promise<void>;
  /** Ends the process at once. */
  exit(code: number): never;
}

/**
 * The process itself. From here on it ends by {@link Io.exit} alone: `Deno.exit` and Node's `process.exit` throw, as a
 * migration that calls them would take the run along, and with `Deno.exit(0)` even look like a success.
 */
export function systemIo(): Io {
  const facts = processFacts();
  const exit = Deno.exit;
  Deno.exit = (code = 0) => {
    throw new ExitRefusedError(code);
  };
  return {
    ...facts,
    out: writer(Deno.stdout),
    err: writer(Deno.stderr),
    outIsTerminal: Deno.stdout.isTerminal(),
    errIsTerminal: Deno.stderr.isTerminal(),
    inIsTerminal: Deno.stdin.isTerminal(),
    readLine,
    columns,
    onResize,
    onConsole,
    now: () => new Date(),
    onSignal,
    reserveOut,
    exit,
  };
}

/** What the process says of itself; asking changes nothing. */
export function processFacts(): Pick<Io, "env" | "cwd" | "pid" | "uid" | "hostname"> {
  // asked once: the folder may be removed while the program runs
  const cwd = Deno.cwd();
  return {
    env: (name) => Deno.env.get(name),
    cwd: () => cwd,
    pid: Deno.pid,
    uid: () => Deno.uid(),
    hostname: () => Deno.hostname(),
  };
}

/** A migration wanted to end the process. */
class ExitRefusedError extends DelembicError {
  constructor(code: number | string) {
    super(`Deno.exit(${code}) was called, which a migration must not do`, {
      code: "exit-refused",
      hint: "Throw an error where it should fail, return where it has nothing to do.",
    });
  }
}

type SyncStream = { writeSync(bytes: Uint8Array): number };

function writer(stream: SyncStream): (text: string) => void {
  const encoder = new TextEncoder();
  let closed = false;
  return (text) => {
    let bytes = encoder.encode(text);
    while (bytes.length > 0 && !closed) {
      try {
        bytes = bytes.subarray(stream.writeSync(bytes));
      } catch (error) {
        // `delembic history | head`: who was reading has seen enough, and a run must not end because of it
        if (error instanceof Deno.errors.BrokenPipe) closed = true;
        else if (error instanceof Deno.errors.WouldBlock) waitForReader();
        else throw error;
      }
    }
  };
}

/** A pipe that the reader set to non-blocking is full: sleeps for 5 ms, synchronously. */
function waitForReader(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}

function readLine(): string {
  const bytes: number[] = [];
  const byte = new Uint8Array(1);
  while (Deno.stdin.readSync(byte) === 1 && byte[0] !== 0x0a) bytes.push(byte[0] ?? 0);
  return new TextDecoder().decode(new Uint8Array(bytes)).replace(/\r$/, "");
}

function onSignal(listener: (signal: EndSignal) => void): Disposable {
  // Windows knows no SIGTERM
  const signals: EndSignal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  const added = signals.map((signal) => ({ signal, handler: () => listener(signal) }));
  for (const { signal, handler } of added) Deno.addSignalListener(signal, handler);
  return {
    [Symbol.dispose]() {
      for (const { signal, handler } of added) Deno.removeSignalListener(signal, handler);
    },
  };
}

function columns(): number | undefined {
  try {
    const { columns } = Deno.consoleSize();
    return columns > 0 ? columns : undefined;
  } catch {
    // Deno throws where no stream is a terminal
    return undefined;
  }
}

function onResize(listener: () => void): Disposable {
  if (Deno.build.os === "windows") return { [Symbol.dispose]() {} };
  Deno.addSignalListener("SIGWINCH", listener);
  return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGWINCH", listener) };
}

function onConsole(listener: () => void): Disposable {
  const { console } = globalThis;
  globalThis.console = new Proxy(console, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        listener();
        return Reflect.apply(member, target, args);
      };
    },
  });
  return { [Symbol.dispose]: () => void (globalThis.console = console) };
}

/** Only what is written to the file descriptor itself is left as it is. */
async function reserveOut(): Promise<void> {
  const [{ default: process }, { Console }] = await Promise.all([import("node:process"), import("node:console")]);
  globalThis.console = new Console(process.stderr, process.stderr);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  Object.defineProperty(Deno, "stdout", { value: Deno.stderr });
}
