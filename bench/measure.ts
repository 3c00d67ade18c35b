/**
 * Times whole processes side by side: A B A B …, medians and the ratio, so that a slow moment of the machine meets both.
 *
 * @module
 */

export interface Contestant {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  /** Before each run, not timed. */
  readonly prepare?: () => Promise<void>;
}

export interface Timing {
  readonly name: string;
  /** Seconds, sorted. */
  readonly seconds: readonly number[];
  readonly median: number;
}

/** Runs each contestant once to warm up, then `rounds` times in turn. @throws when one exits with another code than 0 */
export async function race(contestants: readonly Contestant[], rounds = 5): Promise<Timing[]> {
  const times = contestants.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      const seconds = await once(contestant);
      if (round >= 0) times[index]?.push(seconds);
    }
  }
  return contestants.map(({ name }, index) => {
    const seconds = (times[index] ?? []).sort((a, b) => a - b);
    return { name, seconds, median: seconds[seconds.length >> 1] ?? NaN };
  });
}

async function once({ name, command: [program, ...args], cwd, env, prepare }: Contestant): Promise<number> {
  await prepare?.();
  const command = new Deno.Command(program, {
    args,
    ...(cwd === undefined ? {} : { cwd }),
    env: env ?? {},
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const start = performance.now();
  const { code, stderr } = await command.output();
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${new TextDecoder().decode(stderr)}`);
  return seconds;
}

/** One line: what, our median, theirs, the ratio, and what was asked for. */
export function row(what: string, ours: number, theirs: number, wanted: string, format = seconds): string {
  const ratio = theirs / ours;
  return `${what.padEnd(58)} ${format(ours).padStart(10)} ${format(theirs).padStart(10)} ${
    ratio.toFixed(2).padStart(7)
  } ×  ${wanted}`;
}

export function seconds(value: number): string {
  return value < 1 ? `${(value * 1000).toFixed(0)} ms` : `${value.toFixed(2)} s`;
}

export function megabytes(value: number): string {
  return `${(value / 1e6).toFixed(1)} MB`;
}
