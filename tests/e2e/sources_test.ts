import assert from "node:assert/strict";
import { testProject } from "../project.ts";
import { type Kind, onEachDatabase, type Outside, testWith } from "../support.ts";

/** As `testProject`, with the database `legacy` to read from. */
async function withLegacy(
  kinds: { readonly from: Kind; readonly to: Kind },
  tables: readonly string[],
  files: Record<string, string>,
) {
  const legacy = await testProject(kinds.from);
  await legacy.execute(...tables);
  const project = await testProject(kinds.to, {
    "/delembic.ini": "[delembic]\nscript_location = delembic\nsqlalchemy.url = ${DELEMBIC_TEST_URL}\n" +
      "[delembic.source.legacy]\nurl = ${LEGACY_URL}\n",
    ...files,
  });
  return {
    legacy,
    project,
    delembic: (...args: string[]) => project.delembic(args, { LEGACY_URL: legacy.db.url }),
    [Symbol.asyncDispose]: async () => {
      await project[Symbol.asyncDispose]();
      await legacy[Symbol.asyncDispose]();
    },
  };
}

const COPY = `export default {
  revision: "D001",
  async upgrade(conn, run) {
    await conn.execute(TABLE);
    const legacy = await run.source("legacy");
    await conn.load("person", legacy.stream\`select * from person order by id\`);
  },
};
`;

const TABLES: Readonly<Record<Kind, string>> = {
  postgresql: "create table person (id bigint primary key, name varchar(50), paid numeric(20,4), born date, " +
    "seen timestamp(6), ok boolean, face bytea, more jsonb, score double precision)",
  mysql: "create table person (id bigint primary key, name varchar(50), paid decimal(20,4), born date, " +
    "seen datetime(6), ok tinyint(1), face blob, more json, score double)",
  sqlite: "create table person (id integer primary key, name text, paid text, born text, " +
    "seen text, ok integer, face blob, more text, score real)",
};

const BYTES: Readonly<Record<Kind, string>> = {
  postgresql: "'\\x00ff0a5c'::bytea",
  mysql: "x'00ff0a5c'",
  sqlite: "x'00ff0a5c'",
};

function peopleOf(kind: Kind): string {
  const yes = kind === "postgresql" ? "true" : "1", no = kind === "postgresql" ? "false" : "0";
  const backslash = kind === "mysql" ? "\\\\" : "\\";
  return "insert into person values " +
    `(1, 'Ann', '1234567890123456.7891', '2024-02-29', '2024-02-29 12:34:56.123456', ${yes}, ${BYTES[kind]}, ` +
    `'{"a": [1, "é"], "b": null}', 0.1), ` +
    `(9007199254740993, 'Zoë 😀 "q" ''s'' ${backslash}N, tab\t', '-0.5000', '1000-01-01', '1999-12-31 23:59:59.000001', ${no}, ` +
    `null, '[]', -2.5e300), (3, null, null, null, null, null, null, null, null), (4, '', '0.0000', '2000-01-01', ` +
    `'2000-01-01 00:00:00.120034', ${no}, null, '{}', 0)`;
}

/** The same values in the words of each database, as a client that is not ours reads them. */
const SEEN: Readonly<Record<Kind, string>> = {
  postgresql:
    "select id::text, name, paid::text, born::text, to_char(seen, 'YYYY-MM-DD HH24:MI:SS.US'), ok::int::text, " +
    "encode(face, 'hex'), more->>'a', score::text from person order by id",
  mysql:
    "select cast(id as char), name, cast(paid as char), cast(born as char), cast(seen as char), cast(ok as char), " +
    "lower(hex(face)), cast(json_extract(more, '$.a') as char), cast(score as char) from person order by id",
  sqlite:
    "select cast(id as text), name, paid, born, seen, cast(ok as text), iif(face is null, null, lower(hex(face))), json_extract(more, '$.a'), " +
    "cast(score as text) from person order by id",
};

function normal(line: string): string {
  return line.replace(/\[1, ?"é"\]/, '[1,"é"]').replace(/e\+300/, "e300").replace(/ \| $/, " | NULL");
}

const NEEDS: Readonly<Record<Kind, readonly Outside[]>> = { postgresql: ["postgres"], mysql: ["mysql"], sqlite: [] };
const KINDS: readonly Kind[] = ["postgresql", "mysql", "sqlite"];
for (const from of KINDS) {
  for (const to of KINDS) {
    testWith([...new Set([...NEEDS[from], ...NEEDS[to]])], `a table goes from ${from} to ${to} as it is`, async () => {
      await using ground = await withLegacy({ from, to }, [TABLES[from], peopleOf(from)], {
        "D001.js": COPY.replace("TABLE", JSON.stringify(TABLES[to])),
      });
      const ran = await ground.delembic("upgrade");
      assert.equal(ran.code, 0, ran.err);
      const rows = (await ground.project.rows(SEEN[to])).map(normal);
      assert.deepEqual(
        rows,
        [
          '1 | Ann | 1234567890123456.7891 | 2024-02-29 | 2024-02-29 12:34:56.123456 | 1 | 00ff0a5c | [1,"é"] | 0.1',
          "3 | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL",
          "4 |  | 0.0000 | 2000-01-01 | 2000-01-01 00:00:00.120034 | 0 | NULL | NULL | 0",
          `9007199254740993 | Zoë 😀 "q" 's' \\N, tab\t | -0.5000 | 1000-01-01 | 1999-12-31 23:59:59.000001 | 0 | NULL | NULL | -2.5e300`,
        ].map((line) => to === "sqlite" ? line.replace(/ \| 0$/, " | 0.0") : line),
      );
    });
  }
}

/** A migration with this body of `upgrade(conn, run)`. */
function script(body: string): Record<string, string> {
  return { "D001.js": `export default { revision: "D001", async upgrade(conn, run) {\n${body}\n} };\n` };
}

onEachDatabase("a source is read-only, one connection a name, and nothing can be loaded into it", async (kind) => {
  await using ground = await withLegacy(
    { from: kind, to: "sqlite" },
    ["create table person (id int)"],
    script(`
    const legacy = await run.source("legacy");
    if (legacy !== await run.source("legacy")) throw new Error("another connection");
    if (legacy.dialect !== "${kind}") throw new Error(legacy.dialect);
    const told = [];
    for (const work of [
      () => legacy.sql\`insert into person values (1)\`,
      () => legacy.sql\`create table other (id int)\`,
      () => legacy.load("person", [{ id: 1 }]),
    ]) {
      try { await work(); told.push("done"); } catch (error) { run.log(error.message); }
    }
    run.log(told.join() + String(await legacy.value\`select count(*) from person\`));
  `),
  );
  const ran = await ground.delembic("upgrade");
  assert.equal(ran.code, 0, ran.err);
  const readOnly = {
    postgresql: [
      "cannot execute INSERT in a read-only transaction",
      "cannot execute CREATE TABLE in a read-only transaction",
    ],
    mysql: Array(2).fill("Cannot execute statement in a READ ONLY transaction"),
    sqlite: Array(2).fill("attempt to write a readonly database"),
  }[kind];
  const lines = ran.err.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  assert.deepEqual(lines, [...readOnly, "Cannot load into a source: its connection is only for reading", "0"]);
});

onEachDatabase(
  "copyTable() brings a table over from a source, and what is there already is changed or left",
  async (kind) => {
    const body = (more: string) => `
    await copyTable(conn, {
      from: { source: await run.source("legacy"), table: "users" },
      to: "person",
      columns: { id: "id", name: "login" }${more}
    });`;
    await using ground = await withLegacy({ from: kind, to: kind }, [
      "create table users (id int primary key, login varchar(20), junk int)",
      "insert into users values (1, 'ann', 1), (2, 'bob', 2), (3, 'zoë', 3)",
    ], {
      "D001.sql": "-- delembic revision: D001\n-- delembic upgrade\n" +
        "create table person (id int primary key, name varchar(20));\ninsert into person values (2, 'old');\n",
      "D002.js": `import { copyTable } from "delembic";\nexport default { revision: "D002", dependsOn: "D001",
      async upgrade(conn, run) {${
        body(', where: (await run.source("legacy")).sql`id <> ${3}`, onConflict: "skip"')
      }} };\n`,
      "D003.js": `import { copyTable } from "delembic";\nexport default { revision: "D003", dependsOn: "D002",
      async upgrade(conn, run) {${body(', onConflict: "update"')}} };\n`,
      "/deno.json": JSON.stringify({ imports: { delembic: new URL("../../mod.ts", import.meta.url).href } }),
    });
    const first = await ground.delembic("upgrade", "D002");
    assert.equal(first.code, 0, first.err);
    assert.deepEqual(await ground.project.rows("select id, name from person order by id"), ["1 | ann", "2 | old"]);
    const second = await ground.delembic("upgrade");
    assert.equal(second.code, 0, second.err);
    assert.deepEqual(await ground.project.rows("select id, name from person order by id"), [
      "1 | ann",
      "2 | bob",
      "3 | zoë",
    ]);
  },
);

Deno.test("what is wrong with a source is told with what to do, and without its password", async () => {
  await using project = await testProject("sqlite", script('await run.source(Deno.env.get("SOURCE"));'));
  const ini = (text: string) =>
    project.write({
      "/delembic.ini": `[delembic]\nscript_location = delembic\nsqlalchemy.url = sqlite:///app.db\n${text}`,
    });
  const use = (SOURCE: string) => project.delembic(["upgrade"], { SOURCE, LEGACY_PASSWORD: "hunter2222" });
  await ini("");
  const none = await use("legacy");
  assert.equal(none.code, 1);
  assert.match(none.err, /There is no source 'legacy' in .*delembic\.ini/);
  assert.match(none.err, /Write a section \[delembic\.source\.legacy\] with 'url = …' into it\./);
  await ini(
    "[delembic.source.legacy]\nurl = postgresql://u:${LEGACY_PASSWORD}@127.0.0.1:1/d\n[delembic.source.shop]\n" +
      "url = sqlite:///shop.db\n[delembic.source.bad]\nurl = oracle://u:hunter2222@h/d\n",
  );
  const unknown = await use("legcay");
  assert.match(unknown.err, /There is no source 'legcay' in /);
  assert.match(unknown.err, /Did you mean 'legacy'\? There are legacy, shop, bad; /);
  const refused = await use("legacy");
  assert.match(refused.err, /FAILED: Source legacy: /);
  const missing = await use("shop");
  assert.match(missing.err, /Source shop: The SQLite database does not exist: .*shop\.db/);
  assert.match(missing.err, /Correct 'url' in \[delembic\.source\.shop\]\./);
  assert.match(missing.err, new RegExp(`does not exist: ${project.folder}/shop.db`));
  const bad = await use("bad");
  assert.match(bad.err, /oracle.*from url in \[delembic\.source\.bad\]/);
  for (const { out, err } of [none, unknown, refused, missing, bad]) assert.doesNotMatch(out + err, /hunter2222/);
  await project.write(script('run.log("the password is hunter2222"); throw new Error("hunter2222");'));
  const told = await use("shop");
  assert.match(told.err, /the password is \*\*\*/);
  assert.doesNotMatch(told.out + told.err, /hunter2222/);
});

for (const kind of ["postgresql", "mysql"] as const) {
  testWith(NEEDS[kind], `${kind}: a signal ends the statement that runs on a source`, async () => {
    const sleep = kind === "postgresql" ? "select pg_sleep(33)" : "select sleep(33)";
    await using ground = await withLegacy(
      { from: kind, to: "sqlite" },
      [],
      script(`
      const legacy = await run.source("legacy");
      run.log("asleep");
      await legacy.execute("${sleep}");
    `),
    );
    const child = ground.project.start(["upgrade"], { LEGACY_URL: ground.legacy.db.url });
    const reader = child.stderr.getReader();
    const decoder = new TextDecoder();
    let text = "";
    while (!text.includes("asleep")) text += decoder.decode((await reader.read()).value);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const start = performance.now();
    child.kill("SIGINT");
    assert.equal((await child.status).code, 130);
    assert.ok(performance.now() - start < 2_500);
    reader.releaseLock();
    await Promise.all([child.stderr.cancel(), child.stdout.cancel()]);
    const running = kind === "postgresql"
      ? `select count(*) from pg_stat_activity where query = '${sleep}' and state = 'active' and datname = '${ground.legacy.db.name}'`
      : `select count(*) from information_schema.processlist where info = '${sleep}' and db = '${ground.legacy.db.name}'`;
    assert.deepEqual(await ground.legacy.rows(running), ["0"]);
  });
}
