/**
 * A walk over ten million rows that is disturbed at random moments until it ends: killed, cut off by the server, and done
 * by four processes of which two are killed again and again. Each row must have been done once, as by a walk that nobody
 * disturbed. `DELEMBIC_BENCH_KILLS` (default 100) is how often each walk is disturbed at least;
 * `DELEMBIC_BENCH_DATABASES` (`sqlite,postgresql`) leaves the others out.
 *
 * @module
 */

import { cutSessions } from "../tests/cut_sessions.ts";
import { finished, type TestProject, testProject } from "../tests/project.ts";
import { type Kind, outside, type Ran } from "../tests/support.ts";
import type { BenchGround } from "./ground.ts";
import { count, seconds } from "./measure.ts";

const ROWS = 10_000_000;
const KILLS = 100;
/** As the program is built for tests: a killed run is not waited for longer than a second. */
const LEASE = { DELEMBIC_LEASE: "1,0.3" };
const UPGRADE = ["upgrade", "--lock-timeout", "120"] as const;
const JOIN = ["upgrade", "--join"] as const;
const CHUNK = 1_000_000;
/** What a process takes until it is at work, roughly. */
const START_MS = 700;

/** Doing a row twice shows in its counter, and in a balance that is another each time. */
const MIGRATION = `-- delembic revision: D001
-- delembic description: raise
-- delembic batch: person by id size 500 target 100
-- delembic upgrade
update person set touched = touched + 1, balance = balance * 3 + 1, name = 'done' where :range;
-- delembic validate
select count(*) = 0 from person where touched <> 1;
`;

/** All of a table in one row: the counters, and each balance together with whose it is. */
const FINGERPRINT = `select count(*), sum(touched), min(touched), max(touched), sum(balance),
  sum((id % 100003) * (balance % 100019)), min(name), max(name) from person`;

interface Disturbed {
  /** What was done to it, and how often: `100 kills`. */
  readonly times: number;
  readonly what: string;
}

type Disturbance = (walk: Walk) => Promise<Disturbed>;

/** A walk that is to be disturbed. */
interface Walk {
  readonly project: TestProject;
  readonly rows: number;
  /** How often at least. */
  readonly times: number;
  /** How long one process works at it when nobody disturbs it, in milliseconds. */
  readonly undisturbed: number;
}

export async function benchKills(ground: BenchGround): Promise<void> {
  const rows = ground.rows(ROWS), times = Number(Deno.env.get("DELEMBIC_BENCH_KILLS") ?? KILLS);
  const wanted = Deno.env.get("DELEMBIC_BENCH_DATABASES")?.split(",") ?? ["sqlite", "postgresql", "mysql"];
  for (const kind of ["sqlite", "postgresql", "mysql"] as const) {
    if (!wanted.includes(kind)) continue;
    const isThere = kind === "sqlite" || outside[kind === "mysql" ? "mysql" : "postgres"] !== undefined;
    if (!isThere) ground.leaveOut(`${kind}: not there`);
    else await ground.measure(`${kind}: a walk that is disturbed`, () => disturbAll(ground, kind, { rows, times }));
  }
}

async function disturbAll(
  ground: BenchGround,
  kind: Kind,
  { rows, times }: { readonly rows: number; readonly times: number },
): Promise<void> {
  const { fingerprint, undisturbed } = await leaveAlone(kind, rows);
  ground.say(`${kind}: ${count(rows)} rows, left alone: ${seconds(undisturbed / 1000)}`);
  const disturbances: readonly Disturbance[] = kind === "sqlite"
    ? [killing, killingTwoOfFour]
    : [killing, cutting, killingTwoOfFour];
  for (const disturbance of disturbances) {
    await ground.measure(`${kind}: ${disturbance.name}`, async () => {
      await using project = await seeded(kind, rows);
      const start = performance.now();
      const { times: done, what } = await disturbance({ project, rows, times, undisturbed });
      const took = seconds((performance.now() - start) / 1000);
      await requireDone(project, { rows, fingerprint });
      if (done < times) throw new Error(`only ${done} ${what} before it ended`);
      ground.say(`${kind}: ${count(rows)} rows, ${done} ${what}: each row once (${took})`);
    });
  }
}

/** How the table looks after a walk that nobody disturbed. */
async function leaveAlone(kind: Kind, rows: number): Promise<{ fingerprint: string; undisturbed: number }> {
  await using project = await seeded(kind, rows);
  const start = performance.now();
  const { code, out, err } = await project.delembic(UPGRADE, LEASE);
  if (code !== 0) throw new Error(`left alone, it ended with ${code}: ${out}${err}`);
  const undisturbed = Math.max(500, performance.now() - start - START_MS);
  const [fingerprint = ""] = await project.rows(FINGERPRINT);
  await requireDone(project, { rows, fingerprint });
  return { fingerprint, undisturbed };
}

async function seeded(kind: Kind, rows: number): Promise<TestProject> {
  const project = await testProject(kind, { "D001_raise.sql": MIGRATION });
  const numbers = Array.from({ length: 1000 }, (_, n) => `(${n})`).join(", ");
  await project.execute(
    "create table thousand (n bigint primary key)",
    `insert into thousand values ${numbers}`,
    "create table person (id bigint primary key, name varchar(40), balance bigint not null, touched int not null)",
    ...Array.from(
      { length: Math.ceil(rows / CHUNK) },
      (_, chunk) =>
        `insert into person select n * 37 - 1000, 'somebody', n % 1009, 0 from
          (select a.n * 1000 + b.n + ${chunk * CHUNK} as n from thousand a cross join thousand b) x where n < ${rows}`,
    ),
  );
  return project;
}

/** @throws when a row was done twice or not at all, or the ledger says otherwise than the table */
async function requireDone(
  project: TestProject,
  { rows, fingerprint }: { readonly rows: number; readonly fingerprint: string },
): Promise<void> {
  const touched = await project.rows("select touched, count(*) from person group by touched order by touched");
  if (touched.join() !== `1 | ${rows}`) throw new Error(`rows by how often they were done: ${touched.join("; ")}`);
  const [found] = await project.rows(FINGERPRINT);
  if (found !== fingerprint) throw new Error(`the table is not as if left alone: ${found}, not ${fingerprint}`);
  const done = await rowsDone(project);
  if (done !== rows) throw new Error(`the ledger says that ${done} rows are done`);
  const open = await project.rows("select part, kind, status from delembic_batch where status <> 'done'");
  if (open.length > 0) throw new Error(`not done in the ledger: ${open.join("; ")}`);
}

async function rowsDone(project: TestProject): Promise<number> {
  const [sum] = await project.rows("select coalesce(sum(rows_done), 0) from delembic_batch where kind = 'range'")
    // before the first run there is no such table
    .catch(() => ["0"]);
  return Number(sum);
}

/** When to disturb next, in milliseconds: at a random moment, so that the rows that are left last for what is to come. */
async function nextMoment({ project, rows, times, undisturbed }: Walk, done: number): Promise<number> {
  const left = 1 - (await rowsDone(project)) / rows;
  return 0.7 * Math.random() * left * undisturbed / Math.max(1, times - done);
}

/** Kills the one process, and starts it again. */
async function killing(walk: Walk): Promise<Disturbed> {
  for (let times = 0;;) {
    const moment = await nextMoment(walk, times);
    const run = new Process(walk.project, UPGRADE);
    if (times < walk.times) {
      // one of four at any moment of the start, and of the wait for the lock
      if (Math.random() < 0.25) await run.endedWithin(Math.random() * 1_500);
      else if (!await run.begins()) await run.endedWithin(moment);
      run.kill();
    }
    const { code, out, err } = await run.ended;
    if (code === 137) times++;
    else if (code === 0) return { times, what: "kills" };
    // on a busy machine a lease of a second may be lost
    else if (code !== 4) throw new Error(`after ${times} kills it ended with ${code}: ${out}${err}`);
  }
}

/** Has the server end all of the program's sessions, and starts the program again when it gave up. */
async function cutting(walk: Walk): Promise<Disturbed> {
  let times = 0;
  for (;;) {
    const run = new Process(walk.project, UPGRADE);
    await run.begins();
    while (times < walk.times && !await run.endedWithin(await nextMoment(walk, times))) {
      if (await cutSessions(walk.project.db.url) > 0) times++;
    }
    const { code, out, err } = await run.ended;
    if (code === 0) return { times, what: "times cut off" };
    // failed, or lost its lock
    if (code !== 1 && code !== 4) throw new Error(`after ${times} cuts it ended with ${code}: ${out}${err}`);
  }
}

/** Kills two of four processes, any two, and starts them again. */
async function killingTwoOfFour(walk: Walk): Promise<Disturbed> {
  const start = (place: number) => new Process(walk.project, place === 0 ? UPGRADE : JOIN);
  const processes = [0, 1, 2, 3].map(start);
  try {
    await processes[0]?.begins();
    for (let times = 0;;) {
      const isLast = times >= walk.times;
      // they do more meanwhile than one process does
      const wait = isLast ? Infinity : await nextMoment(walk, times) / 2;
      if (await processes[0]?.endedWithin(wait) && processes[0]?.end?.code === 0) {
        await Promise.all(processes.map(({ ended }) => ended));
        return { times, what: "kills among four processes" };
      }
      if (!isLast) times += await killTwo(processes);
      for (const [place, { end }] of processes.entries()) {
        if (end === undefined) continue;
        requireExpected(walk, end);
        processes[place] = start(place);
      }
    }
  } finally {
    for (const process of processes) process.kill();
  }
}

/** @returns how many were killed: one that is at its end may be quicker */
async function killTwo(processes: readonly Process[]): Promise<number> {
  const killed = shuffled(processes).slice(0, 2);
  for (const process of killed) process.kill();
  return (await Promise.all(killed.map(({ ended }) => ended))).filter(({ code }) => code === 137).length;
}

/** @throws when one of four processes ended as it should not */
function requireExpected({ project }: Walk, { code, out, err }: Ran): void {
  // done, or killed, or without its lock, as those are that follow a run that is gone
  if (code === 0 || code === 137 || code === 4) return;
  // all wait for one writer, and it is by chance whose turn it is
  if (project.db.kind === "sqlite" && err.includes("database is locked")) return;
  throw new Error(`one of four ended with ${code}: ${out}${err}`);
}

function shuffled<T>(all: readonly T[]): T[] {
  return all.map((value) => ({ value, at: Math.random() })).sort((a, b) => a.at - b.at).map(({ value }) => value);
}

/** The program at work. */
class Process {
  readonly ended: Promise<Ran>;
  /** How it ended; `undefined` while it is at work. */
  end: Ran | undefined;
  readonly #child: Deno.ChildProcess;
  readonly #project: TestProject;

  constructor(project: TestProject, args: readonly string[]) {
    this.#project = project;
    this.#child = project.start(args, LEASE);
    this.ended = finished(this.#child).then((end) => this.end = end);
  }

  /** Waits for a while. @returns whether the process ended */
  async endedWithin(milliseconds: number): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const waited = milliseconds === Infinity
      ? new Promise<never>(() => {})
      : new Promise((resolve) => timer = setTimeout(resolve, milliseconds));
    await Promise.race([this.ended, waited]);
    clearTimeout(timer);
    return this.end !== undefined;
  }

  /** Waits until it is at work. @returns whether it ended before */
  async begins(): Promise<boolean> {
    const mine =
      `select count(*) from delembic_batch where kind = 'range' and holder like 'run-%-${this.#child.pid}-%'`;
    while (this.end === undefined) {
      const [found] = await this.#project.rows(mine).catch(() => ["0"]);
      if (found !== "0") break;
      await this.endedWithin(30);
    }
    return this.end !== undefined;
  }

  /** Once it has ended this does nothing. */
  kill(): void {
    if (this.end === undefined) this.#child.kill("SIGKILL");
  }
}
