/** Defects 51 to 57 of the Python tool: its page. */

import assert from "node:assert/strict";
import { testProject } from "../project.ts";
import { ALL, peer } from "./peer.ts";
import { get, serve } from "./web_ground.ts";

const FIRST = "-- delembic revision: D001\n-- delembic description: first\n-- delembic upgrade\nselect 1;\n";

const ALEMBIC = {
  "/alembic.ini": "[alembic]\nscript_location = migrations\n",
  "/migrations/env.py": "",
  "/migrations/versions/a.py": '"""person"""\nrevision = "a1a1a1a1"\ndown_revision = None\n',
  "/migrations/versions/b.py": '"""visit"""\nrevision = "b2b2b2b2"\ndown_revision = "a1a1a1a1"\n',
  "/migrations/versions/c.py": '"""other"""\nrevision = "c3c3c3c3"\ndown_revision = "a1a1a1a1"\n',
};

peer("51: clients that send nothing, or read nothing, block nobody", ["sqlite"], async (kind) => {
  await using project = await testProject(kind, { "D001.sql": FIRST });
  await using served = await serve(project);
  const idle = await Promise.all(
    Array.from({ length: 20 }, () => Deno.connect({ hostname: "127.0.0.1", port: served.port })),
  );
  const half = await Deno.connect({ hostname: "127.0.0.1", port: served.port });
  await half.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: loc"));
  const deaf = await Deno.connect({ hostname: "127.0.0.1", port: served.port });
  await deaf.write(new TextEncoder().encode(`GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n`));
  try {
    const start = performance.now();
    await Promise.all(Array.from({ length: 10 }, () => served.page("/")));
    assert.ok(performance.now() - start < 5_000, `${performance.now() - start} ms`);
  } finally {
    for (const connection of [...idle, half, deaf]) connection.close();
  }
});

peer("52: a broken file is told on the page, and the rest is shown", ["sqlite"], async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": FIRST,
    "D002_broken.ts": "export default {\n  revision: 'D002',\n  upgrade() {\n",
  });
  await using served = await serve(project);
  const broken = await served.page("/");
  assert.match(broken, /<h1>1 pending and 1 fault in the files\.<\/h1>/);
  assert.match(broken, /delembic\/versions\/D002_broken\.ts:\d+/);
  assert.doesNotMatch(broken, /sha256/);
  assert.match(await served.page("/data"), /<bdi>first<\/bdi>/);
  assert.match(await served.page("/graph"), /class="dg-node data faulty"/);
  const { meta, delembic } = JSON.parse(await served.page("/api/data"));
  assert.match(meta.errors.join("\n"), /D002_broken\.ts/);
  assert.equal(delembic[0].revision, "D001");

  await project.write({
    "D002_broken.ts": "export default {\n  revision: 'D002',\n  description: 'mended',\n  upgrade() {},\n};\n",
  });
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.match(await served.page("/data"), /<bdi>mended<\/bdi>/);
  const { code, err } = await served.stop();
  assert.deepEqual([code, err], [0, ""]);
});

peer("53: no page and no document shows a password", ["postgresql", "mysql"], async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql":
      "-- delembic revision: D001\n-- delembic upgrade\n-- postgresql://me:hunter22hunter@db/x?password=hunter22hunter\nselect nothing_here;\n",
  });
  const url = new URL(project.db.url);
  const password = decodeURIComponent(url.password);
  assert.ok(password.length >= 4, "the server's password");
  url.searchParams.set("password", password);
  url.password = "";
  const env = { DELEMBIC_URL: url.href };
  assert.equal((await project.delembic(["upgrade"], env)).code, 1);
  await using served = await serve(project, [], env);
  for (
    const path of [
      "/",
      "/data",
      "/runs",
      "/run?id=1",
      "/revision?id=D001",
      "/api/data",
      "/api/v1/overview",
      "/api/v1/runs",
    ]
  ) {
    const text = await served.page(path);
    assert.ok(!text.includes(password) && !text.includes(encodeURIComponent(password)), path);
    assert.ok(!text.includes("hunter22"), path);
  }
});

peer("54: another name in Host is refused, so that no other site can read the page", ["sqlite"], async (kind) => {
  await using project = await testProject(kind, { "D001.sql": FIRST });
  await using served = await serve(project);
  for (
    const host of ["evil.example", "evil.example:8800", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.7"]
  ) {
    const answer = await get(served.port, "/api/data", { host });
    assert.match(answer, /^HTTP\/1\.1 403 /, host);
    assert.doesNotMatch(answer, /D001|first/, host);
  }
  for (const host of ["localhost@evil.example", "", "[::1"]) {
    assert.match(await get(served.port, "/api/data", { host }), /^HTTP\/1\.1 400 |^$/, host);
  }
  for (const host of ["localhost", `localhost:${served.port}`, "127.0.0.1", "[::1]:9000", "LOCALHOST."]) {
    assert.match(await get(served.port, "/api/data", { host }), /^HTTP\/1\.1 200 /, host);
  }
});

peer("55: moments are told with their offset from UTC", ALL, async (kind) => {
  await using project = await testProject(kind, { "D001.sql": FIRST });
  await project.delembic(["upgrade"]);
  await using served = await serve(project);
  const { delembic: [first] } = JSON.parse(await served.page("/api/data"));
  assert.match(first.applied_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
  assert.ok(Math.abs(Date.parse(first.applied_at) - Date.now()) < 120_000, first.applied_at);
  const page = await served.page("/data");
  const [, told = ""] = /<time datetime="([^"]+)">/.exec(page) ?? [];
  assert.ok(told.endsWith("Z"), told);
  assert.equal(Date.parse(told), Date.parse(first.applied_at));
});

peer("56: HEAD is answered, and so is an address with a query", ["sqlite"], async (kind) => {
  await using project = await testProject(kind, { "D001.sql": FIRST });
  await using served = await serve(project);
  for (const path of ["/", "/data?x=1", "/api/data", "/assets/page.css", "/live"]) {
    const answer = await fetch(served.base + path, { method: "HEAD" });
    assert.equal(answer.status, 200, path);
    assert.equal(await answer.text(), "");
  }
  assert.deepEqual(
    JSON.parse(await served.page("/api/data?x=1")).delembic.map(({ revision }: { revision: string }) => revision),
    ["D001"],
  );
  const post = await fetch(`${served.base}/data`, { method: "POST", body: "x=1" });
  assert.deepEqual([post.status, post.headers.get("allow")], [405, "GET, HEAD"]);
  await post.body?.cancel();
  await served.page("/nothing", 404);
  await served.page("/revision?id=D9", 404);
  await served.page("/run?id=7", 404);
});

peer("57: all of Alembic's heads are shown", ["sqlite"], async (kind) => {
  await using project = await testProject(kind, { "D001.sql": FIRST, ...ALEMBIC });
  await project.write({
    "/delembic.ini":
      "[delembic]\nscript_location = delembic\nsqlalchemy.url = ${DELEMBIC_TEST_URL}\nalembic_config = alembic.ini\n",
  });
  await project.execute(
    "create table alembic_version (version_num varchar(32) not null)",
    "insert into alembic_version values ('b2b2b2b2')",
  );
  await using served = await serve(project);
  assert.match(await served.page("/"), /<code>b2b2b2b2<\/code>\s*<code>c3c3c3c3<\/code>/);
  const { alembic } = JSON.parse(await served.page("/api/data"));
  assert.deepEqual(alembic, [
    { revision: "a1a1a1a1", description: "person", status: "applied", down_revision: null },
    { revision: "b2b2b2b2", description: "visit", status: "applied", down_revision: "a1a1a1a1" },
    { revision: "c3c3c3c3", description: "other", status: "pending", down_revision: "a1a1a1a1" },
  ]);
  assert.match(await served.page("/schema"), /3 revisions/);
});
