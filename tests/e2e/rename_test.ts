/** Two branches that both made D007, and `rename`, which mends it: files, references, and the record of what is applied. */

import assert from "node:assert/strict";
import { onEachDatabase } from "../support.ts";
import { testProject } from "../project.ts";

function sql(revision: string, dependsOn = "", work = ""): string {
  return `-- delembic revision: ${revision}\n-- delembic depends_on: ${dependsOn}\n-- delembic upgrade\n${work}`;
}

const FIX =
  'export default {\n  revision: "D002", // D002 comes after D001\n  dependsOn: ["D001"],\n  upgrade() {},\n};\n';
const FILES = {
  "D001_load.sql": sql("D001", "", "create table t (n int);\n"),
  "D002_fix.js": FIX,
  "D003_after.sql": sql("D003", "D001, D002", "insert into t values (3);\n"),
};

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(`${folder}/delembic/versions`)) names.push(name);
  return names.filter((name) => !name.startsWith(".")).sort();
}

Deno.test("two files with one revision: every command says what mends it, and it does", async () => {
  await using app = await testProject("sqlite", {
    "D001_load.sql": FILES["D001_load.sql"],
    "D002_fix.js": FIX,
    "D002_other.sql": sql("D002", "D001", "insert into t values (2);\n"),
    "D003_after.sql": FILES["D003_after.sql"],
  });
  const refused = await app.delembic(["upgrade"]);
  assert.equal(refused.code, 2);
  assert.match(
    refused.err,
    /Error: Revision D002 is in 2 places: delembic\/versions\/D002_fix\.js:2, delembic\/versions\/D002_other\.sql:1/,
  );
  assert.match(
    refused.err,
    /Give one of them another id: delembic rename D002 NEW_ID delembic\/versions\/D002_other\.sql/,
  );
  assert.deepEqual(await app.delembic(["rename", "D002", "D004"]), {
    code: 2,
    out: "",
    err: "Error: Revision D002 is in 2 files: delembic/versions/D002_fix.js, delembic/versions/D002_other.sql\n" +
      "Hint: Say which of them: delembic rename D002 D004 delembic/versions/D002_other.sql\n",
  });
  const args = ["rename", "D002", "D004", "delembic/versions/D002_other.sql"];
  const note = "Note: These need D002, which may mean either; they were left as they are:\n" +
    "  delembic/versions/D003_after.sql\n";
  assert.deepEqual(withoutWarning(await app.delembic([...args, "--dry-run"])), {
    code: 0,
    out: "Would rename D002 to D004 in delembic/versions/D004_other.sql, which was delembic/versions/D002_other.sql\n",
    err: note,
  });
  assert.equal((await namesIn(app.folder)).length, 4);
  assert.deepEqual(withoutWarning(await app.delembic(args)), {
    code: 0,
    out: "Renamed D002 to D004 in delembic/versions/D004_other.sql, which was delembic/versions/D002_other.sql\n",
    err: note,
  });
  assert.deepEqual(await namesIn(app.folder), ["D001_load.sql", "D002_fix.js", "D003_after.sql", "D004_other.sql"]);
  assert.equal((await app.delembic(["upgrade"])).code, 0);
  assert.equal((await app.delembic(["check"])).code, 0);
  assert.deepEqual(await app.rows("select n from t order by n"), ["2", "3"]);
});

/** A database that is not there yet is one in which nothing is applied. */
function withoutWarning<T extends { readonly err: string }>(ran: T): T {
  return { ...ran, err: ran.err.replace(/^Warning: The SQLite database does not exist.*\n/, "") };
}

Deno.test("rename changes the file, its name and those that need it, and nothing else in them", async () => {
  await using app = await testProject("sqlite", {
    ...FILES,
    "D004_class.ts":
      'import { DataMigration } from "delembic";\nexport default class X extends DataMigration {\n  override readonly ' +
      "revision = 'D004';\n  override readonly dependsOn = ['D002', 'D003'];\n  override upgrade() {}\n}\n",
    "D005_hidden.js":
      'const needs = ["D0" + "02"];\nexport default { revision: "D005", dependsOn: needs, upgrade() {} };\n',
  });
  const ran = withoutWarning(await app.delembic(["rename", "D002", "FIX-2", "--json", "--files-only"]));
  assert.equal(ran.code, 0, ran.err);
  assert.deepEqual(JSON.parse(ran.out), {
    renamed: { from: "D002", to: "FIX-2" },
    dryRun: false,
    files: [
      { file: "delembic/versions/D002_fix.js", newFile: "delembic/versions/FIX-2_fix.js", where: "revision" },
      {
        file: "delembic/versions/D003_after.sql",
        newFile: "delembic/versions/D003_after.sql",
        where: "dependsOn",
      },
      { file: "delembic/versions/D004_class.ts", newFile: "delembic/versions/D004_class.ts", where: "dependsOn" },
    ],
    left: [{ file: "delembic/versions/D005_hidden.js", why: "hidden" }],
    record: false,
  });
  const read = (name: string) => Deno.readTextFile(`${app.folder}/delembic/versions/${name}`);
  assert.equal(await read("FIX-2_fix.js"), FIX.replace('"D002"', '"FIX-2"'));
  assert.equal(await read("D003_after.sql"), FILES["D003_after.sql"].replace("D002", "FIX-2"));
  assert.match(await read("D004_class.ts"), /dependsOn = \['FIX-2', 'D003'\];/);
});

Deno.test("rename refuses what it cannot do, and leaves everything as it is", async () => {
  await using app = await testProject("sqlite", {
    ...FILES,
    "D007_computed.js": 'const id = "D007";\nexport default { revision: id, upgrade() {} };\n',
    "D008_taken.sql": sql("D008"),
    "D009_free.sql": sql("D009") + "-- delembic downgrade\n",
    "D010_free.sql": "",
  });
  const before = await namesIn(app.folder);
  const refused: [string[], string][] = [
    [
      ["D002", "D008"],
      "Error: Revision D008 is there already: delembic/versions/D008_taken.sql\nHint: Choose another id.\n",
    ],
    [["D002", "a b"], "Error: Revision id 'a b' must be 1 to 128 letters, digits, '_', '.' or '-'\n"],
    [
      ["D02", "D020"],
      "Error: There is no revision D02\nHint: Did you mean D002? 'delembic history' lists what there is.\n",
    ],
    [["D002", "D002"], "Error: Revision D002 has that id already\n"],
    [
      ["D002", "D020", "D003_after.sql"],
      "Error: delembic/versions/D003_after.sql has no revision D002\nHint: It is in delembic/versions/D002_fix.js.\n",
    ],
    [
      ["D007", "D020"],
      "Error: Cannot find where delembic/versions/D007_computed.js declares its revision as the text 'D007'",
    ],
    [["D009", "D010"], "Error: delembic/versions/D010_free.sql is there already"],
    [
      ["D002", "D020", "--applied", "--files-only"],
      "Error: Options '--applied' and '--files-only' exclude each other\n",
    ],
  ];
  for (const [args, message] of refused) {
    const { code, out, err } = withoutWarning(await app.delembic(["rename", ...args]));
    assert.deepEqual([code, out], [2, ""], args.join(" "));
    assert.ok(err.startsWith(message), `${args.join(" ")}: ${err}`);
  }
  assert.deepEqual(await namesIn(app.folder), before);
});

onEachDatabase(
  "an applied migration is renamed with its record, here and then elsewhere, and is not changed",
  async (kind) => {
    await using here = await testProject(kind, FILES);
    await using there = await testProject(kind, FILES);
    for (const app of [here, there]) assert.equal((await app.delembic(["upgrade"])).code, 0);
    const refused = await here.delembic(["rename", "D002", "D020"]);
    assert.deepEqual(refused, {
      code: 2,
      out: "",
      err: "Error: Revision D002 is applied in this database\n" +
        "Hint: With --applied its record is renamed too; do the same for every other database that has it.\n",
    });
    const runs = await here.rows("select count(*) from delembic_run_history where revision = 'D002'");
    assert.deepEqual(await here.delembic(["rename", "D002", "D020", "--applied"]), {
      code: 0,
      out: "Renamed D002 to D020 in delembic/versions/D020_fix.js, which was delembic/versions/D002_fix.js\n" +
        "Changed D002 to D020 in the needs of delembic/versions/D003_after.sql\n" +
        "Renamed the record of D002 to D020 in this database\n",
      err: "",
    });
    await assertRenamed(here);
    assert.equal(
      (await here.rows("select count(*) from delembic_run_history where revision = 'D020'"))[0],
      String(Number(runs[0]) + 1),
    );

    // the same files elsewhere, where the record has the old id still
    await Deno.remove(`${there.folder}/delembic/versions/D002_fix.js`);
    await there.write({
      "D020_fix.js": await Deno.readTextFile(`${here.folder}/delembic/versions/D020_fix.js`),
      "D003_after.sql": await Deno.readTextFile(`${here.folder}/delembic/versions/D003_after.sql`),
    });
    const hinted = await there.delembic(["rename", "D002", "D020"]);
    assert.equal(hinted.code, 2);
    assert.match(hinted.err, /To rename the record in this database: delembic rename D002 D020 --applied/);
    assert.deepEqual(await there.delembic(["rename", "D002", "D020", "--applied"]), {
      code: 0,
      out: "Renamed the record of D002 to D020 in this database\n",
      err: "",
    });
    await assertRenamed(there);
  },
);

async function assertRenamed(app: Awaited<ReturnType<typeof testProject>>): Promise<void> {
  assert.equal(
    (await app.delembic(["history"])).out,
    "applied   D001\napplied   D003\napplied   D020\n".replace(
      "applied   D003\napplied   D020\n",
      "applied   D020\napplied   D003\n",
    ),
  );
  assert.deepEqual(await app.delembic(["check"]), { code: 0, out: "Everything is applied.\n", err: "" });
  assert.equal((await app.delembic(["upgrade"])).out, "Already up to date.\n");
  assert.deepEqual(await app.rows("select n from t"), ["3"]);
  assert.match((await app.delembic(["log", "D020"])).out, /^\d+ .* D020 +repaired/m);
  assert.match(
    (await app.rows("select exception from delembic_run_history where status = 'repaired'"))[0] ?? "",
    /^Renamed from D002\.\n?$/,
  );
}

onEachDatabase("of two files with an applied id the one that was not applied is renamed without more", async (kind) => {
  await using app = await testProject(kind, FILES);
  assert.equal((await app.delembic(["upgrade"])).code, 0);
  await app.write({ "D002_other.sql": sql("D002", "D001", "insert into t values (2);\n") });
  const wrong = await app.delembic(["rename", "D002", "D004", "D002_fix.js"]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /Rename the other one: delembic rename D002 D004 delembic\/versions\/D002_other\.sql/);
  const right = await app.delembic(["rename", "D002", "D004", "D002_other.sql"]);
  assert.equal(right.code, 0, right.err);
  assert.equal((await app.delembic(["upgrade"])).code, 0);
  assert.deepEqual(await app.rows("select n from t order by n"), ["2", "3"]);
  assert.equal((await app.delembic(["check"])).code, 0);
});

Deno.test("a record that cannot be renamed leaves the files as they were", async () => {
  await using app = await testProject("sqlite", FILES);
  assert.equal((await app.delembic(["upgrade"])).code, 0);
  await app.execute(
    "create trigger no_change before update on delembic_version begin select raise(abort, 'not today'); end",
  );
  const before = await namesIn(app.folder);
  const { code, err } = await app.delembic(["rename", "D002", "D020", "--applied"]);
  assert.notEqual(code, 0);
  assert.match(err, /not today/);
  assert.deepEqual(await namesIn(app.folder), before);
  assert.equal(await Deno.readTextFile(`${app.folder}/delembic/versions/D002_fix.js`), FIX);
  assert.equal((await app.delembic(["check"])).code, 0);
  assert.deepEqual(await app.rows("select count(*) from delembic_checksum where revision = 'D002'"), ["1"]);
});

Deno.test("a file that cannot be written leaves those before it as they were", async () => {
  await using app = await testProject("sqlite", FILES);
  // a folder where the new content of the second file would be prepared
  await app.write({ ".D003_after.sql.new/x": "" });
  const before = await namesIn(app.folder);
  const { code, err } = await app.delembic(["rename", "D002", "D020", "--files-only"]);
  assert.equal(code, 2);
  assert.match(err, /^Error: Cannot write the files: .*\nHint: They are as they were before\.\n$/);
  assert.deepEqual(await namesIn(app.folder), before);
  assert.equal(await Deno.readTextFile(`${app.folder}/delembic/versions/D002_fix.js`), FIX);
});

Deno.test("a migration of the Python tool, and one with data files, are renamed with their records", async () => {
  const python = `from delembic import DataMigration


class Load(DataMigration):
    revision = "D002"
    depends_on = ["D001"]

    def upgrade(self, conn):
        pass
`;
  await using app = await testProject("sqlite", {
    "D001_load.sql":
      "-- delembic revision: D001\n-- delembic data: data/a.csv\n-- delembic upgrade\ncreate table t (n int);\n",
    "/delembic/data/a.csv": "n\r\n1\r\n",
  });
  assert.equal((await app.delembic(["upgrade"])).code, 0);
  await app.write({ "D002_python.py": python });
  await app.execute(
    "insert into delembic_version (revision, applied_at, status, execution_time_seconds) values ('D002', '2026-01-15 10:30:00.000000', 'success', 1)",
  );
  for (const [from, to] of [["D002", "P2"], ["D001", "L1"]] as const) {
    const { code, err } = await app.delembic(["rename", from, to, "--applied"]);
    assert.equal(code, 0, err);
  }
  assert.equal(
    await Deno.readTextFile(`${app.folder}/delembic/versions/P2_python.py`),
    python.replace('"D002"', '"P2"').replace('"D001"', '"L1"'),
  );
  assert.equal((await app.delembic(["history"])).out, "applied   L1\napplied   P2\n");
  assert.equal((await app.delembic(["check"])).code, 0);
});

Deno.test("a walk that has begun goes on under its new id", async () => {
  await using app = await testProject("sqlite", {
    "D001.sql": sql(
      "D001",
      "",
      "create table t (id integer primary key, done int);\n" +
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 50) insert into t select i, 0 from n;\n",
    ),
    "D002.sql":
      "-- delembic revision: D002\n-- delembic depends_on: D001\n-- delembic batch: t by id size 10 target 0\n" +
      "-- delembic upgrade\nupdate t set done = done + 1 where :range;\n",
  });
  const first = await app.delembic(["upgrade", "D001"]);
  assert.equal(first.code, 0, first.err);
  // the database refuses the fourth batch
  await app.execute(
    "create trigger stop before update on t when new.id = 35 begin select raise(abort, 'not yet'); end",
  );
  assert.equal((await app.delembic(["upgrade"])).code, 1);
  const refused = await app.delembic(["rename", "D002", "W2"]);
  assert.equal(refused.code, 2);
  const renamed = await app.delembic(["rename", "D002", "W2", "--applied"]);
  assert.equal(renamed.code, 0, renamed.err);
  await app.execute("drop trigger stop");
  const { code, err } = await app.delembic(["upgrade"]);
  assert.deepEqual([code, err], [0, ""]);
  // each row once: those before the stop were not done again
  assert.deepEqual(await app.rows("select distinct done from t"), ["1"]);
});
