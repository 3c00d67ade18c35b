/** Each command on a real database, in the tests' own process: the exact words on the screen, and the documents. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder, writeFiles } from "../support.ts";
import { call } from "../unit/cli_recorder.ts";

const INI = "[delembic]\nscript_location = delembic\nsqlalchemy.url = sqlite:///app.db\n";

const FILES = {
  "delembic.ini": INI,
  "delembic/versions/D001_load_person.sql": `-- delembic revision: D001
-- delembic description: load person
-- delembic upgrade
create table person (id integer primary key, name text);
insert into person values (1, 'Ada');
-- delembic validate
select count(*) = 1 from person;
-- delembic downgrade
drop table person;
`,
  "delembic/versions/D002_fix_visits.ts": `export default {
  revision: "D002",
  dependsOn: ["D001"],
  description: "fix visits",
  async upgrade(conn, run) {
    const { n } = await conn.one\`select count(*) as n from person\`;
    run.log(\`\${n} person\`);
    if (n !== 2) throw new Error("expected 2 persons");
  },
};
`,
};

const BROKEN = {
  ...FILES,
  "delembic/versions/D003_broken.ts": "export default {\n  revision: 'D003',\n  upgrade() {},\n  validat() {},\n};\n",
};

const ALEMBIC = {
  "delembic.ini": `${INI}alembic_config = alembic.ini\n`,
  "alembic.ini": "[alembic]\nscript_location = migrations\n",
  "migrations/env.py": "",
  "migrations/versions/a.py": '"""person"""\nrevision = "3d1e3e6abc12"\ndown_revision = None\n',
  "migrations/versions/b.py": '"""visit"""\nrevision = "77aa77aa77aa"\ndown_revision = "3d1e3e6abc12"\n',
};

/** Times, durations and whoever runs the test as fixed words. */
function timeless(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)/g, "TIME")
    .replace(/\d+\.\d\ds/g, "0.00s")
    .replace(/"durationSeconds":[\d.e-]+/g, '"durationSeconds":0')
    .replace(/sha256:v1:[0-9a-f]{64}/g, "sha256:v1:00");
}

/** What a run told on stderr with `--json`; nothing but events may be there. */
function eventsOf(err: string): Record<string, unknown>[] {
  return err.split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

/** A folder with a project, and its commands. */
async function project(files: Record<string, string>) {
  const folder = await temporaryFolder(files);
  return {
    path: folder.path,
    async run(...args: string[]) {
      const { code, out, err } = await call(args, { cwd: folder.path, env: { LOGNAME: "alice" } });
      const tell = (text: string) => timeless(text.replaceAll(folder.path, "FOLDER"));
      return { code, out: tell(out), err: tell(err) };
    },
    async json(...args: string[]) {
      const { code, out, err } = await this.run(...args, "--json");
      for (const event of eventsOf(err)) assert.equal(event["at"], "TIME");
      return { code, document: JSON.parse(out) };
    },
    write: (more: Record<string, string>) => writeFiles(folder.path, more),
    execute(statement: string) {
      const db = new DatabaseSync(`${folder.path}/app.db`);
      db.exec(statement);
      db.close();
    },
    files: () => [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const FAILED = `  1 person
  FAILED: expected 2 persons
    at delembic/versions/D002_fix_visits.ts:8:24
      7 |     run.log(\`\${n} person\`);
      8 |     if (n !== 2) throw new Error("expected 2 persons");
        |                        ^
`;

Deno.test("upgrade runs, fails, says where, and goes on when it is mended (defect 20)", async () => {
  await using app = await project(FILES);
  assert.deepEqual(await app.run("upgrade"), {
    code: 1,
    out: "Running D001: load person\n  OK (0.00s)\nRunning D002: fix visits\n",
    err: FAILED,
  });
  assert.deepEqual(await app.run("history"), {
    code: 0,
    out: "applied   D001  load person\nfailed    D002  fix visits\n",
    err: "",
  });
  app.execute("insert into person values (2, 'Grace')");
  assert.deepEqual(await app.run("upgrade"), {
    code: 0,
    out: "Running D002: fix visits\n  OK (0.00s)\n",
    err: "  2 person\n",
  });
  assert.deepEqual(await app.run("upgrade"), { code: 0, out: "Already up to date.\n", err: "" });
  assert.deepEqual(await app.run("current"), { code: 0, out: "D002  (applied TIME)\n", err: "" });
});

Deno.test("upgrade --json tells what happens as events on stderr, and as text with -v; nothing with -q", async () => {
  await using app = await project(FILES);
  const told = await app.run("upgrade", "--json");
  assert.deepEqual(eventsOf(told.err), [
    { event: "running", at: "TIME", revision: "D001", description: "load person", direction: "upgrade" },
    { event: "ok", at: "TIME", revision: "D001", durationSeconds: 0 },
    { event: "running", at: "TIME", revision: "D002", description: "fix visits", direction: "upgrade" },
    { event: "log", at: "TIME", revision: "D002", message: "1 person" },
    {
      event: "failed",
      at: "TIME",
      revision: "D002",
      partial: false,
      error: "expected 2 persons",
      file: "delembic/versions/D002_fix_visits.ts",
      line: 8,
      column: 24,
    },
  ]);
  const verbose = (await app.run("upgrade", "--json", "-v")).err.split("\n");
  assert.ok(verbose.includes("Running D002: fix visits"));
  assert.equal(eventsOf(verbose.filter((line) => line.startsWith("{")).map((line) => `${line}\n`).join("")).length, 3);
  assert.equal((await app.run("upgrade", "--json", "-q")).err, "");
});

Deno.test("upgrade --json is one document, for success and for failure", async () => {
  await using app = await project(FILES);
  assert.deepEqual(await app.json("upgrade"), {
    code: 1,
    document: {
      applied: [{ revision: "D001", durationSeconds: 0 }],
      failed: {
        revision: "D002",
        error: "expected 2 persons",
        file: "delembic/versions/D002_fix_visits.ts",
        line: 8,
        column: 24,
      },
      blocked: [],
      upToDate: false,
    },
  });
  app.execute("insert into person values (2, 'Grace')");
  assert.deepEqual(await app.json("upgrade"), {
    code: 0,
    document: { applied: [{ revision: "D002", durationSeconds: 0 }], failed: null, blocked: [], upToDate: false },
  });
  assert.deepEqual(await app.json("upgrade"), {
    code: 0,
    document: { applied: [], failed: null, blocked: [], upToDate: true },
  });
});

Deno.test("upgrade -q prints failures alone", async () => {
  await using app = await project(FILES);
  assert.deepEqual(await app.run("upgrade", "D001", "-q"), { code: 0, out: "", err: "" });
  assert.deepEqual(await app.run("-q", "upgrade"), { code: 1, out: "", err: FAILED.replace("  1 person\n", "") });
});

Deno.test("upgrade -v shows the whole stack", async () => {
  await using app = await project(FILES);
  const { err } = await app.run("upgrade", "-v");
  assert.match(err, /^Configuration: delembic\.ini \[delembic\]\nDatabase: sqlite:\/\/\/FOLDER\/app\.db\n/);
  assert.match(err, /\n {4}Error: expected 2 persons\n[\s\S]* {8}at Object\.upgrade \(file:\/\/FOLDER\//);
});

Deno.test("upgrade without migrations does not ask the database", async () => {
  await using app = await project({ "delembic.ini": INI, "delembic/versions/.gitkeep": "" });
  const unreachable = ["--url", "postgresql://app@127.0.0.1:1/app"];
  assert.deepEqual(await app.run("upgrade", ...unreachable), { code: 0, out: "No migrations found.\n", err: "" });
  assert.deepEqual(await app.json("upgrade", ...unreachable), {
    code: 0,
    document: { applied: [], failed: null, blocked: [], upToDate: true },
  });
});

Deno.test("upgrade --dry-run prints the plan and changes nothing", async () => {
  await using app = await project({
    ...FILES,
    ...ALEMBIC,
    "delembic/versions/D003_last.sql":
      "-- delembic revision: D003\n-- delembic depends_on: D001, 77aa77aa77aa\n-- delembic upgrade\n",
  });
  const before = app.files();
  const warning = "Warning: The SQLite database does not exist: FOLDER/app.db\n";
  assert.deepEqual(await app.run("upgrade", "--dry-run"), {
    code: 1,
    out: `Would run D001: load person
Would run D002: fix visits
Would stop at D003
BLOCKED: Migration D003 requires Alembic revision(s) ['77aa77aa77aa'] to be applied first.
Run 'alembic upgrade head' before retrying.
`,
    err: warning,
  });
  assert.deepEqual(await app.run("upgrade", "--dry-run", "D002"), {
    code: 0,
    out: "Would run D001: load person\nWould run D002: fix visits\n",
    err: warning,
  });
  const { code, document } = await app.json("upgrade", "--dry-run");
  assert.equal(code, 1);
  assert.deepEqual(
    document.plan.map(({ revision, blocks }: { revision: string; blocks: unknown[] }) => [revision, blocks]),
    [
      ["D001", []],
      ["D002", []],
      ["D003", [{ kind: "alembic", missing: ["77aa77aa77aa"] }]],
    ],
  );
  assert.deepEqual(document.blocked[0], {
    revision: "D003",
    missing: ["77aa77aa77aa"],
    blocks: [{ kind: "alembic", missing: ["77aa77aa77aa"] }],
  });
  assert.deepEqual(app.files(), before);
});

Deno.test("upgrade says what blocks it, on stderr, and as a document", async () => {
  await using app = await project({
    ...ALEMBIC,
    "delembic/versions/D001_a.sql":
      "-- delembic revision: D001\n-- delembic depends_on: 3d1e3e6abc12\n-- delembic upgrade\n",
  });
  assert.deepEqual(await app.run("upgrade"), {
    code: 1,
    out: "Running D001\n",
    err: "BLOCKED: Migration D001 requires Alembic revision(s) ['3d1e3e6abc12'] to be applied first.\n" +
      "Run 'alembic upgrade head' before retrying.\n",
  });
  assert.deepEqual((await app.json("upgrade")).document, {
    applied: [],
    failed: null,
    blocked: [{
      revision: "D001",
      missing: ["3d1e3e6abc12"],
      blocks: [{ kind: "alembic", missing: ["3d1e3e6abc12"] }],
    }],
    upToDate: false,
  });
  assert.deepEqual(await app.run("history"), { code: 0, out: "blocked   D001\n", err: "" });
});

Deno.test("reading commands create neither table nor file (defects 32 and 50)", async () => {
  await using app = await project(FILES);
  const before = app.files();
  for (const args of [["current"], ["history"], ["heads"], ["show", "D001"], ["log"], ["check"]]) {
    const { code } = await app.run(...args);
    assert.equal(code, args[0] === "check" ? 1 : 0, args.join(" "));
  }
  assert.deepEqual(app.files(), before);
  app.execute("create table person (id integer)");
  assert.deepEqual(await app.run("current"), { code: 0, out: "No migrations applied yet.\n", err: "" });
  assert.deepEqual(await app.run("log"), { code: 0, out: "No attempts yet.\n", err: "" });
  const db = new DatabaseSync(`${app.path}/app.db`);
  assert.deepEqual(db.prepare("select name from sqlite_master").all().map((row) => row["name"]), ["person"]);
  db.close();
});

Deno.test("reading commands show what they can when a file is broken (defects 19 and 21)", async () => {
  await using app = await project(BROKEN);
  const fault = `Error: Unknown member 'validat'
  at delembic/versions/D003_broken.ts:4
    3 |   upgrade() {},
    4 |   validat() {},
  Hint: Did you mean 'validate'?
`;
  assert.deepEqual(await app.run("upgrade", "D001"), {
    code: 0,
    out: "Running D001: load person\n  OK (0.00s)\n",
    err: "Warning: Unknown member 'validat' (delembic/versions/D003_broken.ts:4)\n",
  });
  assert.deepEqual(await app.run("history"), {
    code: 0,
    out: "applied   D001  load person\npending   D002  fix visits\n",
    err: fault,
  });
  assert.deepEqual(await app.run("current"), { code: 0, out: "D001  (applied TIME)\n", err: fault });
  assert.deepEqual(await app.run("heads"), { code: 0, out: "D002  fix visits\n", err: fault });
  assert.deepEqual(await app.run("check"), {
    code: 1,
    out: `fault    Unknown member 'validat'
           at delembic/versions/D003_broken.ts:4
             3 |   upgrade() {},
             4 |   validat() {},
           Hint: Did you mean 'validate'?
pending  Migration D002 is not applied.
         Run 'delembic upgrade'.
`,
    err: "",
  });
  const { code } = await app.run("upgrade");
  assert.equal(code, 2);
  const { document } = await app.json("history");
  assert.deepEqual(document.warnings, ["Unknown member 'validat' (delembic/versions/D003_broken.ts:4)"]);
});

/** How documents tell of a revision that is on a line without branches. */
const LINE = { labels: [], branches: [], branchPoint: false, mergePoint: false };

Deno.test("history, current, heads and log have their documents", async () => {
  await using app = await project(FILES);
  await app.run("upgrade");
  assert.deepEqual((await app.json("history")).document, {
    migrations: [
      {
        revision: "D001",
        description: "load person",
        file: "delembic/versions/D001_load_person.sql",
        kind: "sql",
        dependsOn: [],
        ...LINE,
        head: false,
        status: "applied",
        appliedAt: "TIME",
        durationSeconds: 0,
      },
      {
        revision: "D002",
        description: "fix visits",
        file: "delembic/versions/D002_fix_visits.ts",
        kind: "ts",
        dependsOn: ["D001"],
        ...LINE,
        head: true,
        status: "failed",
        appliedAt: null,
        durationSeconds: null,
      },
    ],
  });
  assert.deepEqual((await app.json("current")).document, {
    heads: [{ revision: "D001", appliedAt: "TIME", file: true, branches: [] }],
    missingHeads: ["D002"],
  });
  assert.deepEqual((await app.json("heads")).document, {
    heads: [{
      revision: "D002",
      description: "fix visits",
      file: "delembic/versions/D002_fix_visits.ts",
      dependsOn: ["D001"],
      ...LINE,
      head: true,
    }],
  });
  const { document: { runs } } = await app.json("log");
  const { exception, ...latest } = runs[0];
  assert.match(exception, /expected 2 persons/);
  assert.deepEqual(latest, {
    id: 2,
    revision: "D002",
    startedAt: "TIME",
    endedAt: "TIME",
    durationSeconds: 0,
    status: "failed",
    username: "alice",
    hostname: "build-7",
  });
  assert.deepEqual((await app.json("log", "D001", "--limit", "1")).document.runs.length, 1);
});

Deno.test("current shows all heads of the graph, and those without a file (defect 17)", async () => {
  const sql = (id: string, needs = "") =>
    `-- delembic revision: ${id}\n${needs && `-- delembic depends_on: ${needs}\n`}-- delembic upgrade\n`;
  await using app = await project({
    "delembic.ini": INI,
    "delembic/versions/a.sql": sql("A"),
    "delembic/versions/b.sql": sql("B", "A"),
    "delembic/versions/c.sql": sql("C", "A"),
    "delembic/versions/d.sql": sql("D", "C"),
  });
  await app.run("upgrade");
  assert.equal((await app.run("current")).out, "B  (applied TIME)\nD  (applied TIME)\n");
  await Deno.remove(`${app.path}/delembic/versions/d.sql`);
  assert.equal(
    (await app.run("current")).out,
    "B  (applied TIME)\nC  (applied TIME)\nD  (applied TIME; its file is missing)\n",
  );
  assert.equal((await app.run("history")).out, "applied   A\napplied   B\napplied   C\nmissing   D\n");
  assert.deepEqual(await app.run("check"), {
    code: 1,
    out: "missing  Migration D is applied, but there is no file of it.\n" +
      "         Put the file back, or check that this is the right database.\n",
    err: "",
  });
});

Deno.test("what needs a faulty file is told so, and show says once what the server said", async () => {
  await using app = await project({
    "delembic.ini": INI,
    "delembic/versions/D001_broken.ts": "export default { revision: 'D001', upgrade( };\n",
    "delembic/versions/D002_next.sql":
      "-- delembic revision: D002\n-- delembic depends_on: D001\n-- delembic upgrade\n",
    "delembic/versions/D003_wrong.sql":
      "-- delembic revision: D003\n-- delembic upgrade\ninsert into nowhere values (1);\n",
  });
  assert.match(
    (await app.run("check")).out,
    /^fault {4}Migration D002 depends on 'D001', whose file is faulty\n.*\n +Hint: Mend that file first\.$/m,
  );
  assert.equal((await app.run("upgrade", "D003")).code, 1);
  const { out } = await app.run("show", "D003");
  assert.equal(
    out.slice(out.indexOf("Last error:")),
    "Last error:\n  StatementError: no such table: nowhere\n  sqlState: 1\n  errno: 1\n  statement: insert into nowhere values (1)\n",
  );
});

Deno.test("show tells everything about one migration", async () => {
  await using app = await project(FILES);
  await app.run("upgrade");
  const { code, out } = await app.run("show", "D002");
  assert.equal(code, 0);
  assert.equal(
    out.slice(0, out.indexOf("Last error:")),
    `Revision:     D002
Status:       failed
Description:  fix visits
File:         delembic/versions/D002_fix_visits.ts
Checksum:     sha256:v1:00
Steps:        upgrade
Depends on:   D001 (applied)

Attempts:
  ID  STARTED  REVISION  STATUS  TOOK   BY
  2   TIME     D002      failed  0.00s  alice@build-7

`.replace("STARTED  ", `STARTED${" ".repeat(27)}`).replace("TIME     ", "TIME  "),
  );
  assert.match(out, /\nLast error:\n {2}Error: expected 2 persons\n/);
  assert.match((await app.run("show", "D001")).out, /\nChecksum: +sha256:v1:00 \(as applied\)\n/);
  assert.deepEqual(await app.run("show", "D00"), {
    code: 2,
    out: "",
    err: "Error: 'D00' could be any of 2 revisions: D001, D002\nHint: Write more of the revision.\n",
  });
});

Deno.test("downgrade undoes, takes -1 without --, and refuses what has no downgrade", async () => {
  await using app = await project(FILES);
  await app.run("upgrade", "D001");
  assert.deepEqual(await app.run("downgrade", "-1", "--dry-run"), {
    code: 0,
    out: "Would undo D001: load person\n",
    err: "",
  });
  assert.deepEqual(await app.run("downgrade", "-1"), {
    code: 0,
    out: "Undoing D001: load person\n  OK (0.00s)\n",
    err: "",
  });
  assert.deepEqual(await app.json("downgrade", "base"), {
    code: 0,
    document: { downgraded: [], failed: null, blocked: [], upToDate: true },
  });
  await app.run("upgrade", "D001");
  await app.run("stamp", "D002");
  const refused = {
    code: 1,
    out: "",
    err: "Error: Cannot undo D002: it has no downgrade\n  at delembic/versions/D002_fix_visits.ts\n" +
      "Hint: Write a downgrade, or a new migration that corrects the data.\n",
  };
  assert.deepEqual(await app.run("downgrade", "base"), refused);
  assert.deepEqual(await app.run("downgrade", "base", "--dry-run"), refused);
});

Deno.test("check is silent success, and lists what is changed", async () => {
  await using app = await project(FILES);
  await app.run("upgrade", "D001");
  await app.run("stamp", "D002");
  assert.deepEqual(await app.run("check"), { code: 0, out: "Everything is applied.\n", err: "" });
  assert.deepEqual(await app.json("check"), { code: 0, document: { ok: true, problems: [] } });
  const file = "delembic/versions/D001_load_person.sql";
  await app.write({ [file]: `${FILES[file]}-- changed\n` });
  const message = `Migration D001 was changed after it was applied (${file}).`;
  const hint = "Put the change into a new migration, or accept it with 'delembic repair D001'.";
  assert.deepEqual(await app.json("check"), {
    code: 1,
    document: { ok: false, problems: [{ kind: "changed", revision: "D001", message, hint }] },
  });
  assert.deepEqual(await app.run("upgrade"), {
    code: 0,
    out: "Already up to date.\n",
    err: `Warning: Migration D001 was changed after it was applied (${file})\n` +
      "  Put the change into a new migration, or accept it with 'delembic repair'.\n",
  });
  assert.deepEqual(await app.run("repair"), { code: 0, out: "Accepted the changed file of D001\n", err: "" });
  assert.deepEqual(await app.run("repair"), { code: 0, out: "Nothing to repair.\n", err: "" });
  assert.equal((await app.run("check")).code, 0);
});

Deno.test("stamp records without running, and says so in the log", async () => {
  await using app = await project(FILES);
  assert.deepEqual(await app.run("stamp", "head"), { code: 0, out: "Stamped D001\nStamped D002\n", err: "" });
  assert.deepEqual(await app.json("stamp", "D001"), { code: 0, document: { stamped: [] } });
  const { document: { runs } } = await app.json("log");
  assert.deepEqual(runs.map(({ status, username }: Record<string, string>) => [status, username]), [
    ["stamped", "alice"],
    ["stamped", "alice"],
  ]);
});

Deno.test("verify validates again and changes nothing", async () => {
  await using app = await project(FILES);
  assert.deepEqual(await app.run("verify"), { code: 0, out: "No migrations applied yet.\n", err: "" });
  await app.run("upgrade", "D001");
  assert.deepEqual(await app.run("verify"), {
    code: 0,
    out: "Verifying D001: load person\n  OK (0.00s)\nVerified 1 migration, 0 failed.\n",
    err: "",
  });
  app.execute("delete from person");
  assert.deepEqual(await app.run("verify", "D001"), {
    code: 1,
    out: "Verifying D001: load person\nVerified 0 migrations, 1 failed.\n",
    err: `  FAILED: Validation gave 0: select count(*) = 1 from person
    at delembic/versions/D001_load_person.sql:7:1
      6 | -- delembic validate
      7 | select count(*) = 1 from person;
        | ^
`,
  });
  const { code, document } = await app.json("verify");
  assert.equal(code, 1);
  assert.deepEqual(document.failed[0], {
    revision: "D001",
    error: "Validation gave 0: select count(*) = 1 from person",
    file: "delembic/versions/D001_load_person.sql",
    line: 7,
    column: 1,
  });
});

Deno.test("unlock says that a SQLite lock is its process's", async () => {
  await using app = await project(FILES);
  assert.deepEqual(await app.run("unlock", "--force"), {
    code: 2,
    out: "",
    err: "Error: The lock of a SQLite database belongs to the process that holds it\n" +
      "Hint: It is free as soon as that process has ended. End the process.\n",
  });
});

Deno.test("alembic heads, current, history and ancestors tell what is read of Alembic", async () => {
  await using app = await project(ALEMBIC);
  app.execute(
    "create table alembic_version (version_num varchar(32)); insert into alembic_version values ('3d1e3e6abc12')",
  );
  assert.deepEqual(await app.run("alembic", "heads"), { code: 0, out: "77aa77aa77aa (head)\n", err: "" });
  assert.deepEqual(await app.run("alembic", "current"), { code: 0, out: "3d1e3e6abc12\n", err: "" });
  assert.deepEqual(await app.run("alembic", "history"), {
    code: 0,
    out: "3d1e3e6abc12 -> 77aa77aa77aa (head), visit\n<base> -> 3d1e3e6abc12, person\n",
    err: "",
  });
  assert.deepEqual(await app.run("alembic", "ancestors", "77aa"), {
    code: 0,
    out: "<base> -> 3d1e3e6abc12, person\n3d1e3e6abc12 -> 77aa77aa77aa (head), visit\n",
    err: "",
  });
  assert.deepEqual((await app.json("alembic", "heads")).document, { heads: ["77aa77aa77aa"] });
  assert.deepEqual((await app.json("alembic", "current")).document, { heads: ["3d1e3e6abc12"] });
  assert.deepEqual((await app.json("alembic", "ancestors", "77aa")).document, {
    revision: "77aa77aa77aa",
    ancestors: ["3d1e3e6abc12", "77aa77aa77aa"],
  });
  assert.deepEqual((await app.json("alembic", "history")).document.revisions[1], {
    revision: "77aa77aa77aa",
    down: ["3d1e3e6abc12"],
    dependsOn: [],
    labels: [],
    file: "migrations/versions/b.py",
    message: "visit",
  });
});

Deno.test("names and descriptions cannot play with the terminal", async () => {
  await using app = await project({
    "delembic.ini": INI,
    "delembic/versions/D001.js":
      `export default { revision: "D001", description: "a\\x1b[2Jb\\u202ec", upgrade() { throw new Error("x\\x1b]0;y\\x07"); } };`,
  });
  const { out, err } = await app.run("upgrade");
  assert.equal(out, "Running D001: a\\x1b[2Jb\\u202ec\n");
  assert.match(err, /^ {2}FAILED: x\\x1b\]0;y\\x07\n/);
  // deno-lint-ignore no-control-regex -- that there is none is what is tested
  assert.doesNotMatch((await app.run("show", "D001")).out + (await app.run("log", "-v")).out, /\x1b|\x07/);
});

Deno.test("every command prints exactly one JSON value, whether it succeeds or fails", async () => {
  const calls: readonly (readonly string[])[] = [
    ["upgrade"],
    ["upgrade", "--dry-run"],
    ["upgrade", "D999"],
    ["downgrade", "-1"],
    ["downgrade", "-1", "--dry-run"],
    ["current"],
    ["history"],
    ["heads"],
    ["show", "D001"],
    ["show", "D999"],
    ["log"],
    ["check"],
    ["verify"],
    ["stamp", "D001"],
    ["repair"],
    ["repair", "D001", "--applied"],
    ["unlock", "--force"],
    ["revision", "-m", "one more"],
    ["revision", "-m", "the same", "--rev-id", "D001"],
    ["init"],
    ["init", "--sql"],
    ["alembic", "heads"],
    ["alembic", "current"],
    ["alembic", "history"],
    ["alembic", "ancestors", "77aa"],
    ["alembic", "ancestors", "zzz"],
  ];
  const projects = [
    FILES,
    BROKEN,
    { ...FILES, ...ALEMBIC },
    { ...FILES, "app.db": "no database, only a line of text" },
    {
      ...FILES,
      "delembic.ini": "[delembic]\nnot an ini line\n",
    },
    {},
  ];
  const codes = new Set<number>();
  for (const files of projects) {
    await using app = await project(files);
    for (const args of calls) {
      const { code, out, err } = await app.run(...args, "--json");
      codes.add(code);
      if (!["upgrade", "downgrade", "verify"].includes(args[0] ?? "")) {
        assert.deepEqual(eventsOf(err), [], args.join(" "));
      }
      assert.match(out, /^\{.*\}\n$/, args.join(" "));
      const document = JSON.parse(out);
      assert.notEqual(document.error?.code, "internal", `${args.join(" ")}: ${out}`);
      if (code === 0) assert.equal(document.error, undefined, args.join(" "));
    }
  }
  assert.deepEqual([...codes].sort(), [0, 1, 2, 3]);
});

Deno.test("a statement of a script that fails is shown where the script made it", async () => {
  const statements = [
    "await conn.sql`select * from nosuch`",
    "await conn.one`select * from nosuch`",
    "await conn.value`select * from nosuch`",
    'await conn.execute("select * from nosuch")',
    "const query = conn.sql`select * from nosuch`; await Promise.resolve(); await query",
  ];
  await using app = await project({ "delembic.ini": INI });
  for (const [at, statement] of statements.entries()) {
    const code = `export default { revision: "D001", async upgrade(conn) {\n    ${statement};\n} };\n`;
    // a file of another name each time, as a process reads a module once
    const name = `D001_${at}.js`;
    await app.write({ [`delembic/versions/${name}`]: code });
    const { err } = await app.run("upgrade");
    const [message, place] = err.split("\n");
    assert.equal(message, "  FAILED: no such table: nosuch");
    assert.match(place ?? "", new RegExp(`^ {4}at delembic/versions/${name}:2:\\d+$`), statement);
    await Deno.remove(`${app.path}/delembic/versions/${name}`);
  }
});

Deno.test("repair leaves to people what was interrupted midway", async () => {
  await using app = await project({
    "delembic.ini": INI,
    "delembic/versions/D001_big.sql":
      "-- delembic revision: D001\n-- delembic transaction: false\n-- delembic upgrade\n" +
      "create table t (id int);\ninsert into nosuch values (1);\n",
  });
  assert.equal((await app.run("upgrade")).code, 1);
  const message = "Migration D001 was interrupted where it could not be undone: a part of it is committed.";
  const hint = "See what is there, then settle it with 'delembic repair D001 --applied' or '--reverted'.";
  assert.deepEqual(await app.run("upgrade"), {
    code: 5,
    out: "Running D001\n",
    err: `BLOCKED: ${message}\n${hint}\n`,
  });
  assert.deepEqual((await app.json("check")).document.problems, [{ kind: "partial", revision: "D001", message, hint }]);
  assert.deepEqual(await app.run("repair"), {
    code: 5,
    out: "",
    err: "UNDECIDED: Migration D001 was interrupted midway: a part of it is committed.\n" +
      "Look at the data, then run 'delembic repair D001 --applied' or '--reverted'.\n",
  });
  assert.deepEqual(await app.run("repair", "D001", "--applied", "--reverted"), {
    code: 2,
    out: "",
    err: "Error: Options '--applied' and '--reverted' exclude each other\n",
  });
  assert.deepEqual(await app.json("repair", "D001", "--applied"), {
    code: 0,
    document: { closed: [], accepted: [], settled: [{ revision: "D001", as: "applied" }], undecided: [] },
  });
  const { out } = await app.run("show", "D001");
  assert.doesNotMatch(out, /Last error|BLOCKED/);
});
