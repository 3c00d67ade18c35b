/** `init` and `revision`: what they write, what they keep, what they say. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { freshDatabase, onEachDatabase, temporaryFolder, testWith } from "../support.ts";
import { call } from "../unit/cli_recorder.ts";

const INI =
  "[delembic]\nscript_location = delembic\nsqlalchemy.url = sqlite:///app.db\nfilename_template = %(revision)s_%(slug)s\n";
const PROJECT = { "delembic.ini": INI, "delembic/versions/.gitkeep": "" };
const ALEMBIC = {
  ...PROJECT,
  "delembic.ini": `${INI}alembic_config = alembic.ini\n`,
  "alembic.ini": "[alembic]\nscript_location = migrations\n",
  "migrations/env.py": "",
  "migrations/versions/a.py": 'revision = "3d1e3e6abc12"\ndown_revision = None\n',
  "migrations/versions/b.py": 'revision = "77aa77aa77aa"\ndown_revision = "3d1e3e6abc12"\n',
};

async function run(folder: { path: string }, ...args: string[]) {
  const { code, out, err } = await call(args, { cwd: folder.path, env: {} });
  const tell = (text: string) => text.replaceAll(folder.path, "FOLDER");
  return { code, out: tell(out), err: tell(err) };
}

function read(folder: { path: string }, name: string): string {
  return Deno.readTextFileSync(`${folder.path}/${name}`);
}

function applied(folder: { path: string }, ...revisions: string[]): void {
  const db = new DatabaseSync(`${folder.path}/app.db`);
  db.exec("create table alembic_version (version_num varchar(32) not null)");
  for (const revision of revisions) db.exec(`insert into alembic_version values ('${revision}')`);
  db.close();
}

Deno.test("init sets up a project and says what to do next (defect 30)", async () => {
  await using folder = await temporaryFolder();
  assert.deepEqual(await run(folder, "init"), {
    code: 0,
    out: `Created delembic.ini
Created delembic/env.ts
Created delembic/delembic.d.ts
Created delembic/versions/.gitkeep

Next: say in delembic.ini which database to use (sqlalchemy.url)
Next: say there where Alembic is configured (alembic_config), or take that line out
Next: delembic revision -m "load person"
`,
    err: "",
  });
  assert.match(read(folder, "delembic.ini"), /^\[delembic\]$/m);
  assert.match(read(folder, "delembic/env.ts"), /export function databaseUrl/);
  assert.match(read(folder, "delembic/delembic.d.ts"), /\bMigration\b/);
  const { code, err } = await call(["history"], { cwd: folder.path, env: { DATABASE_URL: "sqlite:///x.db" } });
  assert.equal(code, 0, err);
});

Deno.test("init a second time changes nothing", async () => {
  await using folder = await temporaryFolder(PROJECT);
  assert.deepEqual(await run(folder, "init"), {
    code: 1,
    out: "",
    err: "Error: [delembic] already exists in delembic.ini.\n" +
      "Hint: Name another section with -n, or another file with -c.\n",
  });
  assert.deepEqual([...Deno.readDirSync(`${folder.path}/delembic`)].map(({ name }) => name), ["versions"]);
});

Deno.test("init keeps what is there, and says so (defect 28)", async () => {
  await using folder = await temporaryFolder({ "delembic/env.ts": "// mine\n", "alembic.ini": "[alembic]\n" });
  assert.deepEqual(await run(folder, "init"), {
    code: 0,
    out: `Created delembic.ini
Created delembic/delembic.d.ts
Created delembic/versions/.gitkeep
Kept delembic/env.ts, which was there already

Next: say in delembic.ini which database to use (sqlalchemy.url)
Next: delembic revision -m "load person"
`,
    err: "",
  });
  assert.equal(read(folder, "delembic/env.ts"), "// mine\n");
});

Deno.test("init -n adds a section and loses no comment (defect 29)", async () => {
  const ini = `# ours\r\n${INI.replaceAll("\n", "\r\n")}; the end`;
  await using folder = await temporaryFolder({ ...PROJECT, "delembic.ini": ini });
  const { code, out } = await run(folder, "-n", "silver", "init", "silver");
  assert.equal(code, 0);
  assert.match(out, /^Added \[silver\] to delembic\.ini\nCreated silver\/env\.ts\n/);
  assert.match(out, /\nNext: delembic -n silver revision -m "load person"\n$/);
  const now = read(folder, "delembic.ini");
  assert.equal(now.slice(0, ini.length), ini);
  assert.match(now, /\r\n\[silver\]\r\nscript_location = silver\r\n/);
  assert.equal(
    (await call(["-n", "silver", "heads"], { cwd: folder.path, env: { SILVER_DATABASE_URL: "sqlite:///s.db" } })).code,
    0,
  );
  assert.equal((await run(folder, "heads")).code, 0);
  assert.deepEqual(await run(folder, "-n", "silver", "init"), {
    code: 1,
    out: "",
    err: "Error: [silver] already exists in delembic.ini.\n" +
      "Hint: Name another section with -n, or another file with -c.\n",
  });
});

Deno.test("init -c puts the folder beside the ini file (defect 31)", async () => {
  await using folder = await temporaryFolder({ "conf/.keep": "" });
  const { code, out } = await run(folder, "-c", "conf/my.ini", "init", "migs");
  assert.equal(code, 0);
  assert.match(out, /^Created conf\/my\.ini\nCreated conf\/migs\/env\.ts\nCreated conf\/migs\/delembic\.d\.ts\n/);
  assert.equal(
    (await run(folder, "-c", "conf/my.ini", "--url", "sqlite:///x.db", "heads")).out,
    "No migrations found.\n",
  );
});

Deno.test("init --json says what was made and kept", async () => {
  await using folder = await temporaryFolder({ "delembic/env.ts": "" });
  const { out } = await run(folder, "init", "--json");
  assert.deepEqual(JSON.parse(out), {
    created: ["delembic.ini", "delembic/delembic.d.ts", "delembic/versions/.gitkeep"],
    extended: [],
    kept: ["delembic/env.ts"],
  });
});

onEachDatabase("init --sql prints what an administrator has to run", async (kind) => {
  await using db = await freshDatabase(kind);
  await using folder = await temporaryFolder(PROJECT);
  const { code, out, err } = await run(folder, "init", "--sql", "--url", db.url);
  assert.deepEqual({ code, err }, { code: 0, err: "" });
  for (const table of ["delembic_version", "delembic_run_history", "delembic_lock", "delembic_checksum"]) {
    assert.match(out, new RegExp(`create table ${table}\\b`, "i"));
  }
  assert.match(out, /^-- Delembic's tables on /);
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), ["delembic", "delembic.ini"]);
  const { statements, grants, dialect } = JSON.parse(
    (await run(folder, "init", "--sql", "--json", "--url", db.url)).out,
  );
  assert.equal(dialect, kind);
  for (const text of [...statements, ...grants]) assert.ok(out.includes(`${text};`), text);
});

Deno.test("revision makes the next file, by the ids that are there", async () => {
  await using folder = await temporaryFolder(PROJECT);
  assert.deepEqual(await run(folder, "revision", "-m", "Load Person -- v2.0 (été)"), {
    code: 0,
    out: "Created delembic/versions/D001_load_person_v2_0_ete.ts\n",
    err: "",
  });
  assert.deepEqual(await run(folder, "revision", "--sql", "-m", "fix visits", "--depends-on", "D001"), {
    code: 0,
    out: "Created delembic/versions/D002_fix_visits.sql\n",
    err: "",
  });
  assert.match(read(folder, "delembic/versions/D002_fix_visits.sql"), /^-- delembic depends_on: D001$/m);
  const { out } = await run(
    folder,
    "revision",
    "-m",
    "x",
    "--rev-id",
    "V-7",
    "--depends-on",
    "D001",
    "--depends-on=D002",
    "--json",
  );
  assert.deepEqual(JSON.parse(out), {
    revision: "V-7",
    dependsOn: ["D001", "D002"],
    description: "x",
    file: "delembic/versions/V-7_x.ts",
    alembicHeads: [],
  });
  assert.equal((await run(folder, "upgrade")).code, 0);
});

Deno.test("revision refuses an id that is taken, or is none", async () => {
  await using folder = await temporaryFolder(PROJECT);
  await run(folder, "revision", "-m", "first");
  assert.deepEqual(await run(folder, "revision", "-m", "second", "--rev-id", "D001"), {
    code: 2,
    out: "",
    err: "Error: Revision D001 is there already: delembic/versions/D001_first.ts\nHint: Choose another --rev-id.\n",
  });
  assert.deepEqual(await run(folder, "revision", "-m", "second", "--rev-id", "head"), {
    code: 2,
    out: "",
    err: "Error: Revision id 'head' cannot be 'head', which means something on the command line\n",
  });
});

Deno.test("revision from anywhere below names the file as one sees it from there", async () => {
  await using folder = await temporaryFolder({ ...PROJECT, "src/app/.keep": "" });
  const { out } = await call(["revision", "-m", "x"], { cwd: `${folder.path}/src/app` });
  assert.equal(out, "Created ../../delembic/versions/D001_x.ts\n");
});

Deno.test("revision captures the database's Alembic heads", async () => {
  await using folder = await temporaryFolder(ALEMBIC);
  applied(folder, "77aa77aa77aa");
  assert.deepEqual(await run(folder, "revision", "--sql", "-m", "x", "--depends-on", "D000"), {
    code: 0,
    out: "Alembic heads captured: ['77aa77aa77aa']\nCreated delembic/versions/D001_x.sql\n",
    err: "",
  });
  assert.match(read(folder, "delembic/versions/D001_x.sql"), /^-- delembic depends_on: D000, 77aa77aa77aa$/m);
});

Deno.test("revision warns when the database is behind the scripts (defect 43)", async () => {
  await using folder = await temporaryFolder(ALEMBIC);
  applied(folder, "3d1e3e6abc12");
  assert.deepEqual(await run(folder, "revision", "-m", "x"), {
    code: 0,
    out: "Alembic heads captured: ['3d1e3e6abc12']\nCreated delembic/versions/D001_x.ts\n",
    err: "Warning: The database is behind the Alembic scripts: ['77aa77aa77aa'] is not applied\n" +
      "  If the migration needs them, write them into its dependencies, or run 'alembic upgrade head' first.\n",
  });
});

testWith([], "revision warns when the database cannot be reached, and makes the file", async () => {
  await using folder = await temporaryFolder(ALEMBIC);
  assert.deepEqual(await run(folder, "revision", "-m", "x", "--url", "postgresql://app:s3cr3t-1@127.0.0.1:1/app"), {
    code: 0,
    out: "Created delembic/versions/D001_x.ts\n",
    err:
      `Warning: Could not connect to the database for Alembic heads: Cannot connect to PostgreSQL at 127.0.0.1:1: connection refused
  Write the Alembic revisions that the migration needs into its dependencies yourself.
`,
  });
});

Deno.test("revision makes valid files of hostile messages (defects 25 and 26)", async () => {
  await using folder = await temporaryFolder(PROJECT);
  const messages = [
    "2024 load",
    "日本語",
    "",
    'say "hi"',
    "ends with \\",
    "`${x}`",
    "*/ -- '",
    "a\nb",
    "x".repeat(300),
  ];
  for (const [at, message] of messages.entries()) {
    const { code, err } = await run(folder, "revision", "-m", message, ...at % 2 === 0 ? ["--sql"] : []);
    assert.equal(code, 0, err);
  }
  const { migrations } = JSON.parse((await run(folder, "history", "--json")).out);
  assert.deepEqual(
    migrations.map(({ description }: { description: string }) => description),
    messages.map((message) => message),
  );
  assert.equal((await run(folder, "upgrade")).code, 0);
});

Deno.test("revision never overwrites (defect 27)", async () => {
  await using folder = await temporaryFolder({
    ...PROJECT,
    "delembic.ini": INI.replace("%(revision)s_%(slug)s", "fixed"),
  });
  const { code, err } = await run(folder, "revision", "-m", "x");
  assert.equal(code, 2);
  assert.match(err, /filename_template/);
});

Deno.test("revision keeps on when another file is broken, tells of it, and does not take its id", async () => {
  const broken = "export default { revision: 'D007', upgrade() {}, validat() {} };\n";
  await using folder = await temporaryFolder({ ...PROJECT, "delembic/versions/D007_x.js": broken });
  const { code, out, err } = await run(folder, "revision", "-m", "x");
  assert.deepEqual({ code, out }, { code: 0, out: "Created delembic/versions/D008_x.ts\n" });
  assert.match(err, /^Error: Unknown member 'validat'\n {2}at delembic\/versions\/D007_x\.js:1\n/);
  assert.deepEqual(await run(folder, "revision", "-m", "y", "--rev-id", "D007", "-q").then(({ code }) => code), 2);
});
