import { deepEqual, equal, match, ok } from "node:assert/strict";
import { testProject, until } from "../project.ts";
import { outside, temporaryFolder, testWith } from "../support.ts";
import { delembic, onEachProgram } from "./cli.ts";

onEachProgram([], "--version and --help work in any folder", async (program) => {
  await using folder = await temporaryFolder();
  const version = await delembic(program, ["--version"], { cwd: folder.path });
  match(version.out, /^delembic \d+\.\d+\.\d+\n$/);
  deepEqual({ ...version, out: "" }, { code: 0, out: "", err: "" });
  const help = await delembic(program, ["--help"], { cwd: folder.path });
  deepEqual({ ...help, out: help.out.slice(0, 13) }, { code: 0, out: "Delembic runs", err: "" });
  match(help.out, /\n {2}upgrade {12}Run what is pending\n/);
});

onEachProgram([], "init and revision write the files that are embedded", async (program) => {
  await using folder = await temporaryFolder();
  const call = (...args: string[]) => delembic(program, args, { cwd: folder.path });
  equal((await call("init")).code, 0);
  const template = await Deno.readTextFile(new URL("../../versions_template/delembic.d.ts", import.meta.url));
  equal(await Deno.readTextFile(`${folder.path}/delembic/delembic.d.ts`), template);
  equal((await call("revision", "--sql", "-m", "load person")).code, 0);
  equal((await call("revision", "-m", "fix person")).code, 0);
  deepEqual(
    [...Deno.readDirSync(`${folder.path}/delembic/versions`)].map(({ name }) => name).sort(),
    [".gitkeep", "D001_load_person.sql", "D002_fix_person.ts"],
  );
});

onEachProgram([], "a migration with types runs, or the message says what this executable reads", async (program) => {
  await using project = await testProject("sqlite", {
    "D001_item.ts": `const rows: number = 1;
export default { revision: "D001", upgrade: async ({ sql }) => { await sql\`create table item (id integer)\`; } };
`,
  });
  const env = { DELEMBIC_TEST_URL: project.db.url };
  const { code, out, err } = await delembic(program, ["upgrade"], { cwd: project.folder, env });
  if (code === 0) match(out, /^Running D001\n {2}OK /);
  else {match(
      err,
      /^Error: Syntax error: [^]*\nHint: This executable was made with Deno [\d.]+, which reads '\.js' and '\.sql', /,
    );}
  equal(code === 0, err === "", err);
});

onEachProgram([], "a class from the module delembic is a migration, with nothing installed", async (program) => {
  await using project = await testProject("sqlite", {
    "D001_item.js": `import { DataMigration } from "delembic";

export default class LoadItem extends DataMigration {
  revision = "D001";
  description = "load item";
  async upgrade({ sql }) {
    await sql\`create table item (id integer)\`;
    await sql\`insert into item values (\${this.number()})\`;
  }
  number() {
    return 42;
  }
}
`,
  });
  const { code, err } = await delembic(program, ["upgrade"], {
    cwd: project.folder,
    env: { DELEMBIC_TEST_URL: project.db.url },
  });
  equal(code, 0, err);
  deepEqual(await project.rows("select id from item"), ["42"]);
});

onEachProgram(
  [],
  "the recipes of the module delembic work, and tell what is wrong as Delembic does",
  async (program) => {
    await using project = await testProject("sqlite", {
      "D001_item.js": `import { assertCount, backfill, upsertRows } from "delembic";
export default {
  revision: "D001",
  async upgrade(conn) {
    await conn.sql\`create table item (id integer primary key, name text)\`;
    await upsertRows(conn, "item", [{ id: 1, name: "a" }, { id: 2, name: "b" }]);
    await backfill(conn, "item", { set: { name: conn.sql\`upper(name)\` }, where: conn.sql\`id = \${2}\` });
    await assertCount(conn, conn.sql\`select count(*) from item\`, 2);
  },
};
`,
      "D002_item.js": `import { backfill } from "delembic";
export default {
  revision: "D002",
  dependsOn: "D001",
  async upgrade(conn) { await backfill(conn, "item", { set: { nmae: "x" } }); },
};
`,
    });
    const { code, err } = await delembic(program, ["upgrade"], {
      cwd: project.folder,
      env: { DELEMBIC_TEST_URL: project.db.url },
    });
    equal(code, 1, err);
    deepEqual(await project.rows("select id, name from item order by id"), ["1 | a", "2 | B"]);
    match(err, /FAILED: The table item has no column 'nmae'\n/);
    match(err, /Did you mean 'name'\?/);
  },
);

// the worker renews after 19.5 s at the earliest, and looks every 3.75 s; that leaves 60 s from then
const BUSY_SECONDS = 30;

testWith(
  ["executable", "postgres"],
  "executable: keeps its lock while a migration keeps its event loop busy",
  async () => {
    await using project = await testProject("postgresql", {
      "D001_busy.js": `export default {
  revision: "D001",
  upgrade() {
    const end = Date.now() + ${BUSY_SECONDS * 1000};
    while (Date.now() < end);
  },
};
`,
    });
    let ended = false;
    const running = delembic("executable", ["upgrade"], {
      cwd: project.folder,
      env: { DELEMBIC_TEST_URL: project.db.url },
    }).finally(() => ended = true);
    const left = async () => {
      const [seconds] = await project.rows("select extract(epoch from expires_at - now())::int from delembic_lock");
      return Number(seconds ?? "0");
    };
    try {
      await until("the lease has begun", async () => await left().catch(() => 0) > 50);
      await until("the lease has been used", async () => await left() <= 45);
      await until("the lease was renewed meanwhile", async () => await left() > 50);
      ok(!ended, "the migration had ended already");
    } finally {
      const { code, err } = await running;
      equal(code, 0, err);
    }
  },
);

testWith(
  ["executable"],
  "executable: a file of the project in place of a module of its own changes nothing",
  async () => {
    await using folder = await temporaryFolder({
      "deno.json": '{"imports":{"commander":"./evil.js","delembic":"./evil.js"}}',
      "package.json": '{"dependencies":{"postgres":"1"}}',
      "node_modules/postgres/index.js": "throw 1;",
      "evil.js": "throw new Error('loaded');",
    });
    const { executable = "" } = outside;
    ok(executable.startsWith("/"));
    const { code, out } = await delembic("executable", ["help", "upgrade"], { cwd: folder.path });
    deepEqual([code, out.slice(0, 20)], [0, "Run what is pending\n"]);
  },
);

/** The server's URL with its name in place of its address, and these options. */
function withOptions(url: string | undefined, options: string): string {
  return `${(url ?? "").replace("127.0.0.1", "localhost")}?${options}`;
}

onEachProgram(
  ["postgres", "mysql", "tls"],
  "reaches servers over TLS, and refuses those that it cannot trust",
  async (program) => {
    await using folder = await temporaryFolder({ "delembic.ini": "[delembic]\n", "delembic/versions/.gitkeep": "" });
    const call = (url: string) => delembic(program, ["current", "--url", url], { cwd: folder.path });
    const servers = [
      [outside.postgres, (file: string) => `sslmode=verify-full&sslrootcert=${outside.tls}/${file}`],
      [outside.mysql, (file: string) => `ssl-mode=VERIFY_IDENTITY&ssl-ca=${outside.tls}/${file}`],
    ] as const;
    for (const [url, options] of servers) {
      // several times: a connection that fails now and then is no connection
      for (const _ of "12345") {
        deepEqual(await call(withOptions(url, options("ca.crt"))), {
          code: 0,
          out: "No migrations applied yet.\n",
          err: "",
        });
      }
      const refused = await call(withOptions(url, options("other.crt")));
      deepEqual([refused.code, refused.out], [3, ""]);
      match(refused.err, /^Error: Cannot connect to (PostgreSQL|MySQL) at localhost:\d+: /);
    }
  },
);
