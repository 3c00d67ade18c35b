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
  /** After each run, not timed. @throws when it did not do its work */
  readonly check?: () => Promise<void>;
}

export interface Timing {
  readonly name: string;
  /** Seconds, sorted. */
  readonly seconds: readonly number[];
  readonly median: number;
}

/** What a process needed. */
export interface Cost {
  readonly seconds: number;
  /** The most memory that it had resident, in bytes; `NaN` where the system does not say. */
  readonly peak: number;
}

/** Runs each contestant once to warm up, then `rounds` times in turn. @throws when one exits with another code than 0 */
export async function race(contestants: readonly Contestant[], rounds = 5, warmUps = 1): Promise<Timing[]> {
  const times = contestants.map((): number[] => []);
  for (let round = -warmUps; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      const { seconds } = await once(contestant);
      if (round >= 0) times[index]?.push(seconds);
    }
  }
  return contestants.map(({ name }, index) => {
    const seconds = (times[index] ?? []).sort((a, b) => a - b);
    return { name, seconds, median: seconds[seconds.length >> 1] ?? NaN };
  });
}

/** Runs a contestant and gives its time. @throws when it exits with another code than 0, or did not do its work */
export async function once(contestant: Contestant): Promise<Cost> {
  await contestant.prepare?.();
  const start = performance.now();
  const { code, err } = await finished(spawned(contestant));
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Error(`${contestant.name} ended with ${code}: ${err}`);
  await contestant.check?.();
  return { seconds, peak: NaN };
}

/** As {@link once}, with the memory that the process had; looking at it costs a little time. */
export async function onceWithPeak(contestant: Contestant): Promise<Cost> {
  await contestant.prepare?.();
  const start = performance.now();
  const child = spawned(contestant);
  const output = finished(child);
  let peak = NaN, running = true;
  const ended = output.finally(() => running = false);
  while (running) {
    peak = (await peakOf(child.pid)) ?? peak;
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 10))]);
  }
  const { code, err } = await ended;
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Error(`${contestant.name} ended with ${code}: ${err}`);
  await contestant.check?.();
  return { seconds, peak };
}

function spawned({ command: [program, ...args], cwd, env }: Contestant): Deno.ChildProcess {
  return new Deno.Command(program, {
    args,
    ...(cwd === undefined ? {} : { cwd }),
    env: env ?? {},
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function finished(child: Deno.ChildProcess): Promise<{ code: number; err: string }> {
  const { code, stdout, stderr } = await child.output();
  return { code, err: [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("").slice(-4000) };
}

/** The kernel's own high-water mark; `undefined` once the process is gone. */
async function peakOf(pid: number): Promise<number | undefined> {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(await Deno.readTextFile(`/proc/${pid}/status`)) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return undefined;
    // the process ended while its file was read
    if (error instanceof Error && error.message.includes("No such process")) return undefined;
    throw error;
  }
}

/** One line: what, our median, theirs, the ratio, and what was asked for. */
export function row(what: string, ours: number, theirs: number, wanted: string, format = seconds): string {
  const ratio = theirs / ours;
  return `${what.padEnd(58)} ${format(ours).padStart(10)} ${format(theirs).padStart(10)} ${
    ratio.toFixed(2).padStart(7)
  } ×  ${wanted}`;
}

/** One line without anybody beside us. */
export function single(what: string, ours: string, wanted = ""): string {
  return `${what.padEnd(58)} ${ours.padStart(10)} ${"".padStart(20)}  ${wanted}`.trimEnd();
}

export function seconds(value: number): string {
  return value < 1 ? `${(value * 1000).toFixed(0)} ms` : `${value.toFixed(2)} s`;
}

export function megabytes(value: number): string {
  return `${(value / 1e6).toFixed(1)} MB`;
}

/** `1,000,000`, `1.35 M/s` */
export function count(value: number): string {
  return value.toLocaleString("en");
}
