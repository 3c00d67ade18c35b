import assert from "node:assert/strict";
import { finished, type TestProject, testProject, until } from "../project.ts";
import { onEachClient, runScript } from "../script_client.ts";

const FILES = {
  "D001.sql": "-- delembic revision: D001\n-- delembic upgrade\ninsert into person values (1, 'one');\n",
  "D002.sql": "-- delembic revision: D002\n-- delembic depends_on: D001\n-- delembic upgrade\n" +
    "insert into person values (2, 'two');\ninsert into person values (1, 'again');\n",
  "D003.sql": "-- delembic revision: D003\n-- delembic depends_on: D002\n-- delembic upgrade\n" +
    "insert into person values (3, 'three');\n",
};
const PERSON = "create table person (id integer not null primary key, name varchar(50))";
const STATE = [
  "select id, name from person order by id",
  "select revision, status from delembic_version order by revision",
];

async function stateOf(project: TestProject): Promise<string[][]> {
  return [await project.rows(STATE[0] ?? ""), await project.rows(STATE[1] ?? "")];
}

async function printed(project: TestProject, ...args: string[]): Promise<string> {
  const { code, out, err } = await project.delembic([...args, "--sql"]);
  assert.deepEqual([code, err], [0, ""]);
  return out;
}

/** Runs a script that must stop, and gives what the client said. */
async function stopped(project: TestProject, script: string): Promise<string> {
  const { code, err } = await runScript(project.db, script);
  assert.notEqual(code, 0);
  return err;
}

onEachClient(
  "a statement that fails stops the script; what was before it stays, and a new script goes on",
  async (kind) => {
    await using project = await testProject(kind, FILES);
    await project.execute(PERSON);
    const said = await stopped(project, await printed(project, "upgrade"));
    assert.match(said, /duplicate key value|Duplicate entry|UNIQUE constraint failed/);
    assert.deepEqual(await stateOf(project), [["1 | one"], ["D001 | success"]]);
    assert.deepEqual(await project.rows("select revision from delembic_run_history"), ["D001"]);

    await project.write({ "D002.sql": FILES["D002.sql"].replace("(1, 'again')", "(4, 'four')") });
    // at once: a lock whose session is gone is no lock
    const rest = await runScript(project.db, await printed(project, "upgrade", "D001:head"));
    assert.deepEqual([rest.code, rest.err], [0, ""]);
    assert.deepEqual(await stateOf(project), [
      ["1 | one", "2 | two", "3 | three", "4 | four"],
      ["D001 | success", "D002 | success", "D003 | success"],
    ]);
    assert.equal((await project.delembic(["upgrade"])).out, "Already up to date.\n");
  },
);

onEachClient("a validation that does not hold stops the script, whichever way it does not", async (kind) => {
  for (
    const query of [
      "select 1 = 2",
      "select null",
      "select 0.0",
      "select 'f'",
      "select 1 where 1 = 2",
      "select 1 union all select 1",
      "select 1 as a, 1 as b",
    ]
  ) {
    await using project = await testProject(kind, {
      "D001.sql": `${FILES["D001.sql"]}-- delembic validate\nselect 1.5;\n${query};\n`,
    });
    await project.execute(PERSON);
    const said = await stopped(project, await printed(project, "upgrade"));
    // a server or a client may say by itself that there is too much
    if (!query.includes("union") && query !== "select 1 as a, 1 as b") {
      assert.ok(said.includes(`Validation of D001 failed (delembic/versions/D001.sql:6): ${query}`), said);
    }
    assert.deepEqual(await stateOf(project), [[], []], query);
  }
});

onEachClient("what a script needs and is not there stops it, and nothing was changed", async (kind) => {
  await using project = await testProject(kind, FILES);
  await project.execute(PERSON);
  const said = await stopped(project, await printed(project, "upgrade", "D002:head"));
  assert.match(said, /D003 needs D002, which is not applied: print a script that begins before D002/);
  assert.deepEqual(await stateOf(project), [[], []]);
});

const ALEMBIC_FILES = {
  "D001.sql": "-- delembic revision: D001\n-- delembic depends_on: aaa1\n-- delembic requires_before: ccc3\n" +
    "-- delembic upgrade\ninsert into person values (1, 'one');\n",
  "/delembic.ini": "[delembic]\nscript_location = delembic\nsqlalchemy.url = ${DELEMBIC_TEST_URL}\n" +
    "alembic_config = alembic.ini\n",
  "/alembic.ini": "[alembic]\nscript_location = migrations\n",
  "/migrations/env.py": "",
  "/migrations/versions/a.py": "revision = 'aaa1'\ndown_revision = None\n",
  "/migrations/versions/b.py": "revision = 'bbb2'\ndown_revision = 'aaa1'\n",
  "/migrations/versions/c.py": "revision = 'ccc3'\ndown_revision = 'bbb2'\n",
  "/migrations/versions/z.py": "revision = 'zzz9'\ndown_revision = None\n",
};

onEachClient("Alembic's revisions are looked at before what needs them", async (kind) => {
  await using project = await testProject(kind, ALEMBIC_FILES);
  await project.execute(PERSON);
  const script = await printed(project, "upgrade");
  assert.match(await stopped(project, script), /There is no table alembic_version, by which D001 knows the schema/);
  await project.execute("create table alembic_version (version_num varchar(32) not null)");
  const needs = /D001 needs Alembic revision aaa1: run 'alembic upgrade head', then this script again/;
  assert.match(await stopped(project, script), needs);
  await project.execute("insert into alembic_version values ('zzz9')");
  assert.match(await stopped(project, script), needs);
  await project.execute("insert into alembic_version values ('ccc3')");
  assert.match(
    await stopped(project, script),
    /D001 had to run before Alembic revision ccc3, which is applied already/,
  );
  assert.deepEqual(await stateOf(project), [[], []]);
  // a descendant of what is needed stands for it
  await project.execute("update alembic_version set version_num = 'bbb2' where version_num = 'ccc3'");
  assert.equal((await runScript(project.db, script)).code, 0);
  assert.deepEqual(await stateOf(project), [["1 | one"], ["D001 | success"]]);
});

const SLOW = {
  "D001.ts": `export default {
  revision: "D001",
  async upgrade({ sql }) {
    await sql\`insert into person values (1, 'by the run')\`;
    await Deno.writeTextFile("at-work", "");
    while (true) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      try { await Deno.stat("go-on"); return; } catch { /* not yet */ }
    }
  },
};
`,
};

onEachClient("a script does not begin while a run is at work", async (kind) => {
  await using project = await testProject(kind, SLOW);
  await project.execute(PERSON);
  await using other = await testProject(kind, { "D002.sql": FILES["D001.sql"].replace("D001", "D002") });
  const script = await printed(other, "upgrade");
  const running = project.start(["upgrade"]);
  await until("the run is at work", () => Deno.stat(`${project.folder}/at-work`).then(() => true, () => false));
  const second = await runScript(project.db, script);
  // whatever it did, the run must not be left waiting
  await project.write({ "/go-on": "" });
  assert.equal((await finished(running)).code, 0);
  assert.notEqual(second.code, 0);
  assert.match(
    second.err,
    kind === "sqlite"
      ? /database is locked|A run is at work, or died/
      : /Another run holds the lock: .*-.*, since \d{4}-/,
  );
  assert.deepEqual(await stateOf(project), [["1 | by the run"], ["D001 | success"]]);
});

/** A statement that takes some seconds. */
const LONG = {
  sqlite: "with recursive n (i) as (select 1 union all select i + 1 from n where i < 6000000) select count(*) from n",
  postgresql: "select pg_sleep(3)",
  mysql: "select sleep(3)",
} as const;

onEachClient("a run waits for a script that is at work, and a second script does not begin", async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": `-- delembic revision: D001\n-- delembic upgrade\ninsert into person values (1, 'once');\n${
      LONG[kind]
    };\n`,
  });
  await project.execute(PERSON);
  const script = await printed(project, "upgrade");
  const working = runScript(project.db, script);
  await new Promise((resolve) => setTimeout(resolve, 800));
  const running = project.delembic(["upgrade"]);
  const second = await runScript(project.db, script);
  assert.notEqual(second.code, 0);
  assert.match(
    second.err,
    kind === "sqlite"
      ? /D001 is applied already|database is locked/
      : /Another run|Lock wait timeout|is applied already/,
  );
  assert.deepEqual([(await working).code, (await working).err], [0, ""]);
  const { code, out, err } = await running;
  assert.equal(code, 0, err);
  if (kind !== "sqlite") {
    assert.match(err, /^Waiting for the lock: held by .*\(a printed script\)/);
    assert.equal(out, "Already up to date.\n");
  }
  assert.deepEqual(await stateOf(project), [["1 | once"], ["D001 | success"]]);
});

onEachClient("a repeatable migration is done again by a script when it has changed, and only then", async (kind) => {
  const file = "-- delembic revision: D001\n-- delembic repeatable: true\n-- delembic upgrade\ndelete from person;\n" +
    "insert into person values (1, 'one');\n";
  await using project = await testProject(kind, { "D001.sql": file });
  await project.execute(PERSON);
  const first = await printed(project, "upgrade");
  assert.equal((await runScript(project.db, first)).code, 0);
  assert.match(await stopped(project, first), /D001 is applied already/);
  await project.write({ "D001.sql": file.replace("one", "other") });
  assert.equal((await runScript(project.db, await printed(project, "upgrade"))).code, 0);
  assert.deepEqual(await stateOf(project), [["1 | other"], ["D001 | success"]]);
  assert.equal((await project.delembic(["upgrade"])).out, "Already up to date.\n");
});

onEachClient("run.startedAt is when the script runs", async (kind) => {
  await using project = await testProject(kind, {
    "D001.ts": `export default { revision: "D001", async upgrade({ sql, load }, { startedAt }) {
  await sql\`insert into person (id, name) values (1, \${startedAt})\`;
  await load("person", [{ id: 2, name: startedAt }]);
} };
`,
  });
  await project.execute(PERSON);
  const script = await printed(project, "upgrade");
  const before = new Date().toISOString().slice(0, 19).replace("T", " ");
  assert.equal((await runScript(project.db, script)).code, 0);
  const [first = "", second] = await project.rows("select name from person order by id");
  assert.match(first, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00:00$/);
  assert.ok(first >= before, first);
  assert.equal(second, first);
});

onEachClient("a downgrade's script undoes what a run would", async (kind) => {
  const files = {
    "D001.sql": `${FILES["D001.sql"]}-- delembic downgrade\ndelete from person where id = 1;\n`,
    "D002.sql": FILES["D002.sql"].replace("(1, 'again')", "(4, 'four')") +
      "-- delembic downgrade\ndelete from person where id in (2, 4);\n",
    "D003.ts": `export default {
  revision: "D003", dependsOn: "D002",
  async upgrade({ load }) { await load("person", [{ id: 3, name: "three" }]); },
  async downgrade({ sql }) { await sql\`delete from person where id = \${3}\`; },
};
`,
  };
  await using project = await testProject(kind, files);
  await project.execute(PERSON);
  assert.equal((await runScript(project.db, await printed(project, "upgrade"))).code, 0);
  assert.match(
    await stopped(project, await printed(project, "downgrade", "D002:D001")),
    /D003 needs D002 and is applied: print a script that undoes D003 first/,
  );
  const undone = await runScript(project.db, await printed(project, "downgrade", "D003:D001"));
  assert.deepEqual([undone.code, undone.err], [0, ""]);
  assert.deepEqual(await stateOf(project), [["1 | one"], ["D001 | success"]]);
  assert.deepEqual(await project.rows("select revision, status from delembic_run_history where id > 3 order by id"), [
    "D003 | downgraded",
    "D002 | downgraded",
  ]);
  assert.deepEqual(await project.rows("select * from delembic_batch"), []);
  assert.match(
    await stopped(project, await printed(project, "downgrade", "D003:base")),
    /D003 is not applied, so there is nothing to undo/,
  );
  assert.equal((await project.delembic(["upgrade"])).code, 0);
});
