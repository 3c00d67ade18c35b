/**
 * How soon the page is there, with a long history, beside an empty page of the same server in the same moment.
 *
 * @module
 */

import { ask, type BenchGround } from "./ground.ts";
import { row } from "./measure.ts";
import { freshDatabase, type Kind, outside, type TestDatabase, writeFiles } from "../tests/support.ts";

const MIGRATIONS = 1_000;
const RUNS = 100_000;
const PAGES = ["/", "/data", "/runs", "/runs?q=d0500", "/revision?id=D0500", "/graph", "/api/data"];
/** An address at which nothing is: what it costs to answer at all. */
const EMPTY = "/assets/icon.svg";

export async function benchWeb(ground: BenchGround): Promise<void> {
  for (const kind of ["sqlite", "postgresql", "mysql"] as const) {
    const there = kind === "sqlite" || (kind === "postgresql" ? outside.postgres : outside.mysql) !== undefined;
    if (!there) {
      ground.leaveOut(`the page on ${kind}: no server`);
      continue;
    }
    await ground.measure(`the page on ${kind}`, () => benchPages(ground, kind));
  }
}

async function benchPages(ground: BenchGround, kind: Kind): Promise<void> {
  await using db = await freshDatabase(kind);
  const folder = `${ground.folder}/web_${kind}`;
  await writeFiles(folder, projectFiles(db.url));
  await prepare(ground, folder, db);
  const child = new Deno.Command(ground.executable, {
    args: ["serve", "--port", "0", "--no-browser"],
    cwd: folder,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let told = "";
    while (!told.includes("Ctrl+C")) told += (await reader.read()).value ?? "";
    const [base = ""] = /http:\/\/\S+/.exec(told) ?? [];
    for (const path of PAGES) await comparePage(ground, `${kind}: ${path}`, { base, path });
    await compareLoad(ground, kind, base);
  } finally {
    child.kill("SIGINT");
    await reader.cancel();
    await child.status;
  }
}

/** First bytes of a page and of next to nothing, in turns. */
async function comparePage(
  { rounds, say }: BenchGround,
  what: string,
  { base, path }: { readonly base: string; readonly path: string },
): Promise<void> {
  const ours: number[] = [], theirs: number[] = [];
  for (let round = -1; round < rounds * 3; round++) {
    const [page, empty] = [await firstByte(base + path), await firstByte(base + EMPTY)];
    if (round < 0) continue;
    ours.push(page);
    theirs.push(empty);
  }
  say(row(`${what}, first byte`, median(ours), median(theirs), "< 100 ms"));
}

async function firstByte(address: string): Promise<number> {
  const start = performance.now();
  const answer = await fetch(address);
  const seconds = (performance.now() - start) / 1000;
  if (!answer.ok) throw new Error(`${address} was answered with ${answer.status}`);
  await answer.arrayBuffer();
  return seconds;
}

/** Until a browser has loaded, styled and drawn the page, and next to nothing. */
async function compareLoad({ rounds, say, leaveOut }: BenchGround, kind: Kind, base: string): Promise<void> {
  if (outside.chromium === undefined) return leaveOut("loading the page: no chromium (DELEMBIC_TEST_CHROMIUM)");
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({
    executablePath: outside.chromium,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  try {
    const page = await browser.newPage();
    for (const path of ["/", "/data", "/graph"]) {
      const ours: number[] = [], theirs: number[] = [];
      for (let round = -1; round < rounds; round++) {
        for (const [times, address] of [[ours, base + path], [theirs, base + EMPTY]] as const) {
          const start = performance.now();
          await page.goto(address, { waitUntil: "load" });
          if (round >= 0) times.push((performance.now() - start) / 1000);
        }
      }
      say(row(`${kind}: ${path}, loaded in a browser`, median(ours), median(theirs), "< 500 ms"));
    }
  } finally {
    await browser.close();
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

function projectFiles(url: string): Record<string, string> {
  const ids = Array.from({ length: MIGRATIONS }, (_, at) => idOf(at + 1));
  return {
    "delembic.ini": `[delembic]\nscript_location = delembic\nsqlalchemy.url = ${url}\n`,
    ...Object.fromEntries(ids.map((id, at) => [
      `delembic/versions/${id}_step.sql`,
      `-- delembic revision: ${id}\n${at === 0 ? "" : `-- delembic depends_on: ${ids[at - 1]}\n`}` +
      `-- delembic description: step ${at} of a long history\n-- delembic upgrade\nselect ${at};\n`,
    ])),
  };
}

function idOf(number: number): string {
  return `D${String(number).padStart(4, "0")}`;
}

/** All but ten are applied, and each was tried a hundred times. */
async function prepare({ executable }: BenchGround, cwd: string, db: TestDatabase): Promise<void> {
  const { code, stderr } = await new Deno.Command(executable, { args: ["upgrade", idOf(MIGRATIONS - 10)], cwd })
    .output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  const digits =
    "(select 0 as d union all select 1 union all select 2 union all select 3 union all select 4 union all " +
    "select 5 union all select 6 union all select 7 union all select 8 union all select 9)";
  const number = "a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d";
  const id = {
    sqlite: `printf('D%04d', n % 990 + 1)`,
    postgresql: `'D' || lpad((n % 990 + 1)::text, 4, '0')`,
    mysql: `concat('D', lpad(n % 990 + 1, 4, '0'))`,
  }[db.kind];
  await ask(
    db,
    `insert into delembic_run_history (revision, started_at, ended_at, duration_seconds, status, exception, username, hostname)
       select ${id}, '2026-01-15 10:30:00.123456', '2026-01-15 10:30:01.123456', 1,
         case when n % 10 = 0 then 'failed' else 'success' end,
         case when n % 10 = 0 then 'Error: something went wrong' end, 'alice', 'build-7'
       from (select ${number} as n from ${digits} a, ${digits} b, ${digits} c, ${digits} e, ${digits} f) x
       where n < ${RUNS - MIGRATIONS}`,
  );
}
