/** What the page answers, looked at without a browser: words, addresses, who may, what is told when something is wrong. */

import assert from "node:assert/strict";
import { testProject, until } from "../project.ts";
import { HOSTILE_TEXTS } from "../graph_ground.ts";
import { onEachDatabase, outside, testWith } from "../support.ts";
import { raising, seeded } from "../walk_ground.ts";
import { get, serve } from "./web_ground.ts";

const FIRST = "-- delembic revision: D001\n-- delembic description: first\n-- delembic upgrade\nselect 1;\n";

Deno.test("serve: says where it is, and that it stopped, by either signal", async () => {
  await using project = await testProject("sqlite", { "D001.sql": FIRST });
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    await using served = await serve(project);
    assert.equal(served.greeting, `Delembic UI → http://localhost:${served.port}\nCtrl+C to stop.\n`);
    // a listener must not keep it
    const live = await fetch(`${served.base}/live`);
    assert.equal(live.headers.get("content-type"), "text/event-stream");
    const { code, out, err } = await served.stop(signal);
    assert.deepEqual([code, out, err], [0, `${served.greeting}Stopped.\n`, ""]);
    await live.body?.cancel().catch(() => undefined);
  }
});

Deno.test("serve: a port that is taken, or none, is one clear line, and the exit code 2", async () => {
  await using project = await testProject("sqlite", { "D001.sql": FIRST });
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const { code, out, err } = await project.delembic(["serve", "--no-browser", "--port", String(port)]);
  assert.deepEqual([code, out, err], [
    2,
    "",
    `Error: Port ${port} on 127.0.0.1 is in use\nHint: Take another one with --port; --port 0 takes any that is free.\n`,
  ]);
  const wrong = await project.delembic(["serve", "--port", "eighty"]);
  assert.deepEqual([wrong.code, wrong.err.split("\n")[0]], [
    2,
    "Error: Option '--port' needs a number up to 65535, got 'eighty'",
  ]);
  const short = await project.delembic(["serve", "--token", "abc"]);
  assert.deepEqual([short.code, short.err.split("\n")[0]], [
    2,
    "Error: Option '--token' needs 16 to 200 letters, digits and . _ ~ -",
  ]);
});

Deno.test("serve: every answer forbids the browser what it does not need", async () => {
  await using project = await testProject("sqlite", { "D001.sql": FIRST });
  await using served = await serve(project);
  for (const path of ["/", "/graph", "/nothing", "/api/data", "/assets/page.js", "/assets/page.css", "/favicon.ico"]) {
    const { headers, body } = await fetch(served.base + path);
    assert.equal(
      headers.get("content-security-policy"),
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      path,
    );
    assert.deepEqual(
      ["x-content-type-options", "referrer-policy", "x-frame-options", "cache-control"].map((name) =>
        headers.get(name)
      ),
      ["nosniff", "same-origin", "DENY", "no-store"],
      path,
    );
    await body?.cancel();
  }
  const page = await served.page("/");
  assert.doesNotMatch(page, / style=|<style|<script>| on\w+=|(?:src|href)="https?:/);
});

Deno.test("serve: another host than this machine needs the token that is printed", async () => {
  await using project = await testProject("sqlite", { "D001.sql": FIRST });
  await using served = await serve(project, ["--host", "0.0.0.0"]);
  const { port, token = "" } = served;
  assert.match(token, /^[A-Za-z0-9_-]{24}$/);
  const host = "127.0.0.1";
  for (const path of ["/", "/data", "/api/data", "/live", "/?token=wrong", "/assets/page.js"]) {
    const answer = await get(port, path, { host });
    assert.match(answer, /^HTTP\/1\.1 401 /, path);
    assert.doesNotMatch(answer, /D001|first|app\.db/, path);
  }
  assert.match(await get(port, "/", { host: "evil.example" }), /^HTTP\/1\.1 403 /);

  const entered = await get(port, `/data?token=${token}&state=pending`, { host });
  assert.match(entered, /^HTTP\/1\.1 303 /);
  assert.match(entered, /\r\nlocation: \/data\?state=pending\r\n/);
  const [, cookie = ""] =
    /\r\nset-cookie: ([^;\r]+); Path=\/; Max-Age=86400; HttpOnly; SameSite=Strict\r\n/.exec(entered) ?? [];
  assert.ok(!cookie.includes(token) && cookie !== "");
  assert.match(await get(port, "/data", { host, cookie: `other=1; ${cookie}` }), /^HTTP\/1\.1 200 [^]*first/);
  assert.match(await get(port, "/data", { host, cookie: `${cookie}0` }), /^HTTP\/1\.1 401 /);
  assert.match(await get(port, "/api/data", { host, authorization: `Bearer ${token}` }), /^HTTP\/1\.1 200 /);
});

Deno.test("serve: a token that was given is not printed", async () => {
  await using project = await testProject("sqlite", { "D001.sql": FIRST });
  const token = "a-token-of-my-own-1";
  await using served = await serve(project, ["--token", token]);
  assert.equal(
    served.greeting,
    `Delembic UI → http://localhost:${served.port}\nIt asks for the token that was given: add ?token=… once.\nCtrl+C to stop.\n`,
  );
  assert.match(await get(served.port, "/", { host: "localhost" }), /^HTTP\/1\.1 401 /);
  assert.match(await get(served.port, `/?token=${token}`, { host: "localhost" }), /^HTTP\/1\.1 303 /);
});

onEachDatabase(
  "serve: --allow-actions pauses and resumes, for those who have the token and ask from the page",
  async (kind) => {
    await using project = await testProject(kind, raising("size 10"));
    await project.execute(...seeded(100));
    await project.delembic(["upgrade", "D001"]);
    await using reading = await serve(project);
    await using served = await serve(project, ["--allow-actions"]);
    const authorization = `Bearer ${served.token}`;
    const post = async (base: string, path: string, headers: Record<string, string>, body = "revision=D002") => {
      const answer = await fetch(base + path, {
        method: "POST",
        body,
        redirect: "manual",
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          ...headers,
        },
      });
      await answer.body?.cancel();
      return answer;
    };
    const isPaused = async () => (await project.delembic(["history"])).out.includes("paused");

    assert.equal((await post(reading.base, "/pause", {})).status, 403);
    assert.equal((await post(served.base, "/pause", {})).status, 401);
    assert.equal((await post(served.base, "/pause", { authorization, origin: "https://evil.example" })).status, 403);
    assert.equal((await post(served.base, "/pause", { authorization, "sec-fetch-site": "cross-site" })).status, 403);
    assert.equal((await post(served.base, "/pause", { authorization }, "x=1")).status, 400);
    assert.equal((await post(served.base, "/pause", { authorization }, "revision=D9")).status, 409);
    assert.equal((await post(served.base, "/pause", { authorization }, "revision=D001")).status, 409);
    assert.equal(
      (await fetch(`${served.base}/pause`, { headers: { authorization } }).then(async (answer) => {
        await answer.body?.cancel();
        return answer;
      })).status,
      405,
    );
    assert.equal(await isPaused(), false);

    const paused = await post(served.base, "/pause", {
      authorization,
      origin: served.base,
      "sec-fetch-site": "same-origin",
    });
    assert.deepEqual([paused.status, paused.headers.get("location")], [303, "/revision?id=D002"]);
    assert.equal(await isPaused(), true);
    const page = await (await fetch(`${served.base}/revision?id=D002`, { headers: { authorization } })).text();
    assert.match(page, /<form method="post" action="\/resume"/);
    assert.doesNotMatch(await reading.page("/revision?id=D002"), /<form method="post"/);
    assert.equal((await post(served.base, "/resume", { authorization })).status, 303);
    assert.equal(await isPaused(), false);
    assert.match((await served.stop()).out, /D002 was paused on the page\nD002 was resumed on the page\n/);
  },
);

onEachDatabase("serve: reads only, and shows a database in which there is nothing yet", async (kind) => {
  await using project = await testProject(kind, { "D001.sql": FIRST });
  await using served = await serve(project);
  assert.match(await served.page("/"), /<h1>1 pending\.<\/h1>/);
  for (const path of ["/data", "/schema", "/graph", "/runs", "/revision?id=D001", "/api/data", "/api/v1/overview"]) {
    await served.page(path);
  }
  const { code, out } = await project.delembic(["log"]);
  assert.deepEqual([code, out], [0, "No attempts yet.\n"]);
  const tables = {
    sqlite: "select count(*) from sqlite_master",
    postgresql: "select count(*) from pg_tables where schemaname = 'public'",
    mysql: "select count(*) from information_schema.tables where table_schema = database()",
  }[kind];
  assert.deepEqual(await project.rows(tables), ["0"]);
});

Deno.test("serve: a database that cannot be reached is told on the page, and the documents say so", async () => {
  await using project = await testProject("sqlite", { "D001.sql": FIRST });
  const env = { DELEMBIC_URL: "postgresql://me:hunter22hunter@127.0.0.1:1/app" };
  await using served = await serve(project, [], env);
  const page = await served.page("/", 503);
  assert.match(
    page,
    /<h1 data-problem>There is nothing to show now<\/h1>[^]*refused[^]*Migrations in the files[^]*first/,
  );
  assert.doesNotMatch(page, /hunter22/);
  const data = JSON.parse(await served.page("/api/data"));
  assert.match(data.meta.errors[0], /^DB unavailable: /);
  assert.equal(data.meta.db_hint, "postgresql://me@127.0.0.1:1/app");
  assert.deepEqual(data.delembic.map(({ status, state }: Record<string, string>) => [status, state]), [[
    "pending",
    "unknown",
  ]]);
  assert.equal(JSON.parse(await served.page("/api/v1/overview", 503)).error.code, "database-unreachable");
});

Deno.test("serve: an ini file that was broken meanwhile is told, and taken when it is mended", async () => {
  await using project = await testProject("sqlite", { "D001.sql": FIRST });
  await using served = await serve(project);
  const ini = await Deno.readTextFile(`${project.folder}/delembic.ini`);
  await served.page("/");
  await Deno.writeTextFile(`${project.folder}/delembic.ini`, "[other]\n");
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.match(await served.page("/", 503), /Section \[delembic\] not found/);
  await Deno.writeTextFile(`${project.folder}/delembic.ini`, ini);
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.match(await served.page("/"), /1 pending/);
});

onEachDatabase(
  "serve: shows what was run, changed and added since, and the document of the Python tool",
  async (kind) => {
    await using project = await testProject(kind, { "D001.sql": FIRST });
    await using served = await serve(project);
    await served.page("/");
    await project.write({
      "D002_fails.js":
        "export default { revision: 'D002', dependsOn: ['D001'], upgrade() { throw new Error('boom <b>'); } };\n",
    });
    const { code } = await project.delembic(["upgrade"], { LOGNAME: "alice" });
    assert.equal(code, 1);
    const page = await served.page("/");
    assert.match(page, /<h1>1 failed\.<\/h1>/);
    assert.match(page, /boom &lt;b&gt;/);
    const { delembic, meta } = JSON.parse(await served.page("/api/data"));
    assert.deepEqual(Object.keys(delembic[0]).slice(0, 9), [
      ...["revision", "description", "status", "applied_at", "execution_time_seconds", "username", "hostname"],
      ...["depends_on", "exception"],
    ]);
    assert.deepEqual(Object.keys(meta), ["generated_at", "db_hint", "errors"]);
    assert.deepEqual(
      delembic.map(({ status, username, depends_on }: Record<string, unknown>) => [status, username, depends_on]),
      [
        ["applied", "alice", []],
        ["failed", "alice", ["D001"]],
      ],
    );
    assert.match(delembic[1].exception, /^Error: boom <b>\n/);
    const { runs: [failed] } = JSON.parse(await served.page("/api/v1/runs?state=failed"));
    assert.equal(failed.revision, "D002");
    const run = await served.page(`/run?id=${failed.id}`);
    assert.match(run, /Error: boom &lt;b&gt;\n +at /);

    await project.write({
      "D002_fails.js": "export default { revision: 'D002', dependsOn: ['D001'], upgrade() {} };\n",
    });
    await project.delembic(["upgrade"]);
    await project.write({ "D001.sql": `${FIRST}-- changed\n` });
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.match(await served.page("/"), /<h1>1 changed since it was applied\.<\/h1>/);
    assert.equal(JSON.parse(await served.page("/api/data")).delembic[1].exception, null);
    assert.match(await served.page("/revision?id=D001"), /changed since it was applied/);
  },
);

Deno.test("serve: searches and pages live in the address", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 120 }, (_, at) => {
      const id = `D${String(at + 1).padStart(3, "0")}`;
      return [
        `${id}.sql`,
        `-- delembic revision: ${id}\n-- delembic description: step ${
          at % 7
        } of ${at}\n-- delembic upgrade\nselect 1;\n`,
      ];
    }),
  );
  await using project = await testProject("sqlite", files);
  await project.delembic(["upgrade", "+60"]);
  await using served = await serve(project);
  const rows = (page: string) => [...page.matchAll(/<tr><td|<tr>\s*<td/g)].length;
  assert.equal(rows(await served.page("/data")), 100);
  const second = await served.page("/data?page=2");
  assert.equal(rows(second), 20);
  assert.match(second, /Page 2 of 2/);
  const found = await served.page("/data?q=of+110&state=pending");
  assert.match(found, /2 of 120 migrations/);
  assert.match(found, /<input type="search" name="q" value="of 110"/);
  assert.match(found, /<option selected>pending<\/option>/);
  assert.match(await served.page("/data?q=nothing-like-it"), /0 of 120 migrations/);
  assert.match(await served.page("/data?page=-3&q=%00%22"), /0 of 120 migrations/);

  const first = await served.page("/runs");
  assert.equal(rows(first), 50);
  const [, older = ""] = /rel="next" href="([^"]+)"/.exec(first) ?? [];
  assert.equal(older, "/runs?before=11");
  assert.equal(rows(await served.page(older)), 10);
  assert.equal(rows(await served.page("/runs?q=D06")), 1);
  assert.equal(rows(await served.page("/runs?revision=D007&state=success")), 1);
  assert.match(await served.page("/runs?q=100%25_!"), /There are no such runs/);
});

onEachDatabase("serve: hostile names are texts on every page", async (kind) => {
  const script = (text: string, at: number) =>
    `export default { revision: "D${at}", description: ${JSON.stringify(text.replaceAll("\ud800", "?"))},
       upgrade() { throw new Error(${JSON.stringify(text)}); } };\n`;
  await using project = await testProject(kind, {
    ...Object.fromEntries(HOSTILE_TEXTS.map((text, at) => [`D${at}.js`, script(text, at)])),
    "D90_\u202e<script>'\"&.sql": "-- delembic revision: D90\n-- delembic upgrade\nselect 1;\n",
    "D91_<img src=x>.ts": "export default { revision: 'D91' }\n",
  });
  for (const at of HOSTILE_TEXTS.keys()) await project.delembic(["upgrade", `D${at}`]);
  await using served = await serve(project);
  for (
    const path of [
      ...["/", "/data", "/graph", "/runs", "/revision?id=D90", "/api/data", "/api/v1/overview"],
      ...HOSTILE_TEXTS.flatMap((_, at) => [`/revision?id=D${at}`, `/run?id=${at + 1}`]),
      `/data?q=${encodeURIComponent(`"><script>alert(1)</script>`)}`,
      `/nothing/<script>`,
    ]
  ) {
    const page = await served.page(path, path.startsWith("/nothing") ? 404 : 200);
    assert.doesNotMatch(page, /<script>|<img|<image|<b>|"><script/, path);
    // the document's strings are escaped as JSON; the page's are visible
    if (!path.startsWith("/api")) {
      assert.equal(/(?![\n\t])[\p{Cc}\u061c\u200f\u202a-\u202e\ufffe]/u.exec(page)?.[0], undefined, path);
    }
    assert.ok(page.length < 200_000, `${path} ${page.length}`);
  }
  const page = await served.page("/data");
  assert.match(page, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
  assert.match(page, /\\u202eeman ruoy\\u202c/);
  assert.match(page, /bell \\x07 and \\x1b\[31mred/);
});

Deno.test("serve: tells those who listen how far a walk is, and why it waits", async () => {
  await using project = await testProject(
    "sqlite",
    raising("size 10 target 0 pause 100ms\n-- delembic throttle: file wait"),
  );
  await project.execute(...seeded(600));
  await using served = await serve(project);
  const live = await fetch(`${served.base}/live`);
  const child = project.start(["upgrade"]);
  const seen: { mark: string; walks: { revision: string; fraction: number; told: Record<string, string> }[] }[] = [];
  const told = (name: string) => seen.flatMap(({ walks }) => walks.map(({ told }) => told[name] ?? ""));
  const reading = (async () => {
    for await (const text of live.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      for (const [, line = ""] of text.matchAll(/^data: (.*)$/gm)) seen.push(JSON.parse(line));
      if (seen.at(-1)?.walks.length === 0 && seen.at(-1)?.mark.includes("success")) break;
    }
  })();
  const waitFile = `${project.folder}/wait`;
  await until("some rows are done", () => Promise.resolve(told("rows").some((rows) => /^[1-9]/.test(rows))));
  await Deno.writeTextFile(waitFile, "");
  await until("it waits", () => Promise.resolve(told("waiting").some((waiting) => waiting !== "")));
  await Deno.remove(waitFile);
  await reading;
  await child.stdout.cancel();
  await child.stderr.cancel();
  await child.status;
  const fractions = seen.flatMap(({ walks }) => walks.map(({ fraction }) => fraction));
  assert.deepEqual(fractions, [...fractions].sort((a, b) => a - b));
  assert.match(told("waiting").join(), /wait exists/);
  assert.match(told("rows").join(), /\d+ of about 600 rows \(\d+ %\)/);
  assert.match(told("rate").join(), /\d rows\/s/);
  assert.match(told("left").join(), /about \d+ s/);
  assert.ok(new Set(seen.map(({ mark }) => mark)).size >= 2, "the mark tells that something ended");
});

testWith(
  ["executable"],
  "serve: the executable has all that the page needs within it, and reads scripts anew",
  async () => {
    const script = (text: string) => `export default { revision: "D002", description: "${text}", upgrade() {} };\n`;
    await using project = await testProject("sqlite", { "D001.sql": FIRST, "D002.js": script("as it was") });
    const start = (args: readonly string[]) =>
      new Deno.Command(outside.executable ?? "missing", {
        args: [...args],
        cwd: project.folder,
        env: { DELEMBIC_TEST_URL: project.db.url },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    await using served = await serve({ start });
    const page = await served.page("/");
    for (const [, path = ""] of page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
      assert.ok((await served.page(path)).length > 100, path);
    }
    const source = await served.page("/assets/page.js");
    assert.doesNotThrow(() => new Function(source), "it is JavaScript");
    assert.match(await served.page("/data"), /as it was/);
    await project.write({ "D002.js": script("as it is") });
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.match(await served.page("/data"), /as it is/);
    assert.match(await served.page("/graph"), /class="dg-node data pending"/);
    assert.deepEqual((await served.stop()).err, "");
  },
);

for (const kind of ["postgresql", "mysql"] as const) {
  testWith(
    [kind === "mysql" ? "mysql" : "postgres"],
    `${kind}: serve: keeps one connection for what is live, and none for nobody`,
    async () => {
      await using project = await testProject(kind, { "D001.sql": FIRST });
      await using served = await serve(project);
      const backends = () =>
        project.rows(
          kind === "postgresql"
            ? "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            : "select id from information_schema.processlist where db = database() and id <> connection_id()",
        );
      assert.deepEqual(await backends(), []);
      const live = await fetch(`${served.base}/live`);
      await until("it looks", async () => (await backends()).length === 1);
      const [first] = await backends();
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      assert.deepEqual(await backends(), [first]);
      await Promise.all(Array.from({ length: 40 }, () => served.page("/")));
      await live.body?.cancel();
      await until("it rests", async () => (await backends()).length === 0);
      await using again = await fetch(`${served.base}/live`).then(({ body }) => ({
        [Symbol.asyncDispose]: () => body?.cancel() ?? Promise.resolve(),
      }));
      await until("it looks again", async () => (await backends()).length === 1);
      assert.ok(again);
    },
  );
}
