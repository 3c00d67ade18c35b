/**
 * A process that is not one: keeps what is written, for tests of the command line within the tests' own process.
 *
 * @module
 */

import type { Io } from "../../src/cli/io.ts";
import { main } from "../../src/cli/main.ts";
import { type Line, paint } from "../../src/cli/text.ts";
import type { Ran } from "../support.ts";

export interface RecorderOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly isTerminal?: boolean;
  readonly columns?: number;
}

export interface Recorder extends Io {
  readonly written: { out: string; err: string };
}

export function recorder(
  { cwd = "/nowhere", env = {}, isTerminal = false, columns = 80 }: RecorderOptions = {},
): Recorder {
  const written = { out: "", err: "" };
  return {
    written,
    out: (text) => void (written.out += text),
    err: (text) => void (written.err += text),
    outIsTerminal: isTerminal,
    errIsTerminal: isTerminal,
    inIsTerminal: isTerminal,
    readLine: () => "",
    columns: () => isTerminal ? columns : undefined,
    onResize: () => ({ [Symbol.dispose]() {} }),
    onConsole: () => ({ [Symbol.dispose]() {} }),
    env: (name) => env[name],
    cwd: () => cwd,
    now: () => new Date(2026, 0, 15, 10, 30, 0),
    pid: 4711,
    uid: () => 0,
    hostname: () => "build-7",
    onSignal: () => ({ [Symbol.dispose]() {} }),
    reserveOut: () => Promise.resolve(),
    exit(code): never {
      throw new RangeError(`exit ${code}`);
    },
  };
}

/** Runs one command line to its end. */
export async function call(args: readonly string[], options: RecorderOptions = {}): Promise<Ran> {
  const io = recorder(options);
  const code = await main(args, io);
  return { code, ...io.written };
}

/** Lines as they are printed without colours. */
export function plain(lines: readonly Line[]): string {
  return lines.map((line) => paint(line, { colour: false, redact: (text) => text })).join("\n");
}
