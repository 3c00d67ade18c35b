import assert from "node:assert/strict";
import { type TestProject, testProject } from "../project.ts";
import { onEachClient, runScript } from "../script_client.ts";

const PERSON = "create table person (id integer not null primary key, name varchar(50))";

async function printed(project: TestProject, ...args: string[]): Promise<string> {
  const { code, out, err } = await project.delembic([...args, "--sql"]);
  assert.equal(code, 0, err);
  return out;
}

onEachClient("a script that ends outside of a transaction leaves what a run that died there leaves", async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": "-- delembic revision: D001\n-- delembic transaction: false\n-- delembic upgrade\n" +
      "insert into person values (1, 'stays');\ninsert into person values (1, 'twice');\n",
  });
  await project.execute(PERSON);
  const script = await printed(project, "upgrade");
  assert.notEqual((await runScript(project.db, script)).code, 0);
  assert.deepEqual(await project.rows("select id, name from person"), ["1 | stays"]);
  const again = await runScript(project.db, script);
  assert.match(
    again.err,
    /D001 was interrupted in the middle: settle it with 'delembic repair D001'|A run is at work, or died/,
  );
  assert.deepEqual(await project.rows("select id, name from person"), ["1 | stays"]);
  if (kind !== "sqlite") await project.delembic(["unlock", "--force"]);
  assert.equal((await project.delembic(["upgrade"])).code, 5);
  assert.equal((await project.delembic(["repair", "D001", "--applied"])).code, 0);
  assert.equal((await project.delembic(["upgrade"])).out, "Already up to date.\n");
});

onEachClient("DDL is a part of the script as it is of a run", async (kind) => {
  const files = {
    "D001.sql": "-- delembic revision: D001\n-- delembic upgrade\ninsert into person values (1, 'one');\n" +
      "create table more (id integer not null primary key);\ninsert into more values (7);\n" +
      "-- delembic validate\nselect count(*) = 1 from more;\n",
  };
  await using online = await testProject(kind, files);
  await using offline = await testProject(kind, files);
  for (const project of [online, offline]) await project.execute(PERSON);
  assert.equal((await online.delembic(["upgrade"])).code, 0);
  const script = await printed(offline, "upgrade");
  assert.equal(script.includes("-- It has statements that commit by themselves"), kind === "mysql");
  const ran = await runScript(offline.db, script);
  assert.deepEqual([ran.code, ran.err], [0, ""]);
  for (
    const query of [
      "select * from person",
      "select * from more",
      "select revision, status from delembic_run_history",
      "select revision, status from delembic_version",
    ]
  ) assert.deepEqual(await offline.rows(query), await online.rows(query));
});

onEachClient("DDL that is behind a statement stays when what follows fails, where it commits", async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": "-- delembic revision: D001\n-- delembic upgrade\ninsert into person values (1, 'one');\n" +
      "create table more (id integer not null primary key);\ninsert into person values (1, 'twice');\n",
  });
  await project.execute(PERSON);
  const script = await printed(project, "upgrade");
  assert.notEqual((await runScript(project.db, script)).code, 0);
  const commits = kind === "mysql";
  assert.deepEqual(await project.rows("select id from person"), commits ? ["1"] : []);
  assert.deepEqual(
    await project.rows("select revision, status from delembic_run_history"),
    commits ? ["D001 | partial"] : [],
  );
  const again = await runScript(project.db, script);
  assert.match(again.err, commits ? /D001 was interrupted in the middle: settle it/ : /twice|duplicate|UNIQUE/);
});

onEachClient("batches that a script has begun are finished by a run", async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": "-- delembic revision: D001\n-- delembic batch: person by id size 2 target 0\n-- delembic upgrade\n" +
      `update person set name = ${kind === "mysql" ? "concat('done ', id)" : "'done ' || id"} where :range;\n`,
    "D002.sql": "-- delembic revision: D002\n-- delembic depends_on: D001\n-- delembic upgrade\nselect 1;\n",
  });
  await project.execute(
    PERSON,
    ...Array.from({ length: 9 }, (_, at) => `insert into person values (${at + 1}, 'new')`),
  );
  const script = await printed(project, "upgrade");
  // the fifth row keeps the script from going on
  await project.execute(...hindrance(kind));
  assert.notEqual((await runScript(project.db, script)).code, 0);
  const done = kind === "sqlite" ? 0 : 4;
  assert.deepEqual(await project.rows("select count(*) from person where name <> 'new'"), [String(done)]);
  const again = await runScript(project.db, script);
  assert.match(
    again.err,
    kind === "sqlite" ? /no fifth/ : /The batches of D001 were begun, or paused: 'delembic upgrade'/,
  );
  await project.execute(...hindranceGone(kind));
  const { code, err } = await project.delembic(["upgrade"]);
  assert.equal(code, 0, err);
  // it waits for a script that is gone no longer than seconds
  const waited =
    /^Waiting for the lock: held by .*\(a printed script\), since .*\nClosed the attempt at D001 .* as interrupted\.\n$/;
  assert.match(err, kind === "sqlite" ? /^$/ : waited);
  assert.deepEqual(
    await project.rows("select id, name from person order by id"),
    Array.from({ length: 9 }, (_, at) => `${at + 1} | done ${at + 1}`),
  );
  assert.deepEqual(await project.rows("select sum(rows_done) from delembic_batch where kind = 'range'"), ["9"]);
});

function hindrance(kind: string): string[] {
  switch (kind) {
    case "postgresql":
      return [
        "create function stop() returns trigger language plpgsql as 'begin raise exception $$no fifth$$; end'",
        "create trigger hindrance before update on person for each row when (old.id = 5) execute function stop()",
      ];
    case "mysql":
      return [
        "create trigger hindrance before update on person for each row if old.id = 5 then signal sqlstate '45000' " +
        "set message_text = 'no fifth'; end if",
      ];
    default:
      return [
        "create trigger hindrance before update on person when old.id = 5 begin select raise(abort, 'no fifth'); end",
      ];
  }
}

function hindranceGone(kind: string): string[] {
  return [kind === "postgresql" ? "drop trigger hindrance on person" : "drop trigger hindrance"];
}
