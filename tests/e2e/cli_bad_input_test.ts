/** Bad input of each kind: the exit code, what is said, and that nothing was changed. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { administer, freshDatabase, type Outside, outside, run, temporaryFolder, testWith } from "../support.ts";
import { call } from "../unit/cli_recorder.ts";

const INI = "[delembic]\nscript_location = delembic\nsqlalchemy.url = sqlite:///app.db\n";
const D001 = "-- delembic revision: D001\n-- delembic upgrade\nselect 1;\n";
const PROJECT = { "delembic.ini": INI, "delembic/versions/D001_start.sql": D001 };
const ALEMBIC = {
  ...PROJECT,
  "delembic.ini": `${INI}alembic_config = alembic.ini\n`,
  "alembic.ini": "[alembic]\nscript_location = migrations\n",
  "migrations/env.py": "",
  "migrations/versions/a.py": "revision = 'aaa111'\ndown_revision = None\n",
  "delembic/versions/D002_load.sql":
    "-- delembic revision: D002\n-- delembic depends_on: aaa111\n-- delembic upgrade\nselect 1;\n",
};

interface BadInput {
  readonly name: string;
  readonly needs?: readonly Outside[];
  readonly files?: Record<string, string>;
  readonly args?: readonly string[] | (() => readonly string[]);
  readonly env?: Record<string, string>;
  readonly prepare?: (folder: string) => void;
  readonly code: number;
  readonly out?: string;
  /** `FOLDER` stands for the project's folder. */
  readonly err: string;
}

/** All files below a folder, each with a digest of what is in it. */
async function contents(folder: string, prefix = ""): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, isDirectory, isSymlink } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) Object.assign(found, await contents(path, `${prefix}${name}/`));
    else found[prefix + name] = isSymlink ? "a link" : await digestOf(path);
  }
  return found;
}

async function digestOf(path: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await Deno.readFile(path))).toHex();
}

function hostOf(url: string | undefined): string {
  return url === undefined ? "" : new URL(url).host;
}

function badInput(input: BadInput): void {
  testWith(input.needs ?? [], `bad input: ${input.name}`, async () => {
    await using folder = await temporaryFolder(input.files ?? PROJECT);
    input.prepare?.(folder.path);
    const before = await contents(folder.path);
    const args = typeof input.args === "function" ? input.args() : input.args ?? ["upgrade"];
    const { code, out, err } = await call(args, { cwd: folder.path, env: input.env ?? {} });
    const shown = (text: string) => text.replaceAll(folder.path, "FOLDER");
    assert.deepEqual(
      { code, out: shown(out), err: shown(err) },
      { code: input.code, out: input.out ?? "", err: input.err },
    );
    assert.deepEqual(await contents(folder.path), before);
    const json = await call([...args, "--json"], { cwd: folder.path, env: input.env ?? {} });
    assert.equal(json.code, input.code);
    assert.equal(json.err, "");
    assert.equal(typeof JSON.parse(json.out), "object");
  });
}

badInput({
  name: "no configuration",
  files: {},
  code: 2,
  err: "Error: delembic.ini not found in FOLDER or any folder above\nHint: Run 'delembic init' first.\n",
});

badInput({
  name: "a named configuration that is not there",
  args: ["-c", "nope.ini", "current"],
  code: 2,
  err: "Error: nope.ini not found\nHint: Name an ini file with -c, or run 'delembic init'.\n",
});

badInput({
  name: "a section that is not there",
  files: { ...PROJECT, "delembic.ini": `${INI}[prod]\n` },
  args: ["-n", "prd", "upgrade"],
  code: 2,
  err: `Error: Section [prd] not found in FOLDER/delembic.ini
  at delembic.ini
Hint: Did you mean [prod]? The file has [delembic], [prod]; name one with -n.
`,
});

badInput({
  name: "a section with a slip of the finger (defect 36)",
  files: { ...PROJECT, "delembic.ini": INI.replace("[delembic]", "[delembik]") },
  code: 2,
  err: `Error: Section [delembic] not found in FOLDER/delembic.ini
  at delembic.ini
Hint: Did you mean [delembik]? The file has [delembik]; name one with -n.
`,
});

badInput({
  name: "an environment variable that is not set",
  files: { ...PROJECT, "delembic.ini": INI.replace("sqlite:///app.db", "${APP_URL}") },
  code: 2,
  err: `Error: The environment variable APP_URL is not set; 'sqlalchemy.url' in [delembic] needs it
  at delembic.ini:3
Hint: Set it, or give --url.
`,
});

badInput({
  name: "no database URL",
  files: { ...PROJECT, "delembic.ini": "[delembic]\n" },
  code: 2,
  err: `Error: No database URL is set
  at delembic.ini
Hint: Set sqlalchemy.url in [delembic] of delembic.ini (\${NAME} takes an environment variable), or DELEMBIC_URL, ` +
    "or give --url.\n",
});

badInput({
  name: "a database of another kind",
  args: ["upgrade", "--url", "oracle://scott:t1ger@localhost/x"],
  code: 2,
  err: "Error: Databases of the kind 'oracle' are not supported (from --url)\n" +
    "Hint: Supported are postgresql://, mysql://, mariadb:// and sqlite:///, each also with +driver as in SQLAlchemy.\n",
});

badInput({
  name: "sqlite:///:memory:",
  args: ["upgrade", "--url", "sqlite:///:memory:"],
  code: 2,
  err: "Error: SQLite in memory cannot be used: each connection would have a database of its own (from --url)\n" +
    "Hint: Name a file: sqlite:///app.db.\n",
});

badInput({
  name: "a wrong password on PostgreSQL",
  needs: ["postgres"],
  args: () => ["upgrade", "--url", (outside.postgres ?? "").replace(/:[^:@/]+@/, ":wr0ng-passw0rd@")],
  code: 3,
  err: `Error: password authentication failed for user "postgres"
Hint: Check the user and the password in the database's URL, and that the server lets that user in from here.
`,
});

badInput({
  name: "a host on which nobody listens",
  needs: ["postgres"],
  args: ["upgrade", "--url", "postgresql://app:s0-s3cret@127.0.0.1:1/app"],
  code: 3,
  err: `Error: Cannot connect to PostgreSQL at 127.0.0.1:1: connection refused
Hint: Is the server running and is the port right?
`,
});

badInput({
  name: "a host that is not there",
  args: ["upgrade", "--url", "postgresql://app:s0-s3cret@db.invalid/app"],
  code: 3,
  err: `Error: Cannot connect to PostgreSQL at db.invalid:5432: the host's name has no address
Hint: Is 'db.invalid' written right, and does name resolution work here?
`,
});

badInput({
  name: "a database that is not on the server",
  needs: ["postgres"],
  args: () => ["upgrade", "--url", (outside.postgres ?? "").replace(/[^/]*$/, "no_such_database")],
  code: 3,
  err: `Error: database "no_such_database" does not exist
Hint: Create the database, or correct its name in the database's URL.
`,
});

badInput({
  name: "a wrong password on MySQL",
  needs: ["mysql"],
  args: () => ["upgrade", "--url", (outside.mysql ?? "").replace(/:[^:@/]+@/, ":wr0ng-passw0rd@")],
  code: 3,
  err: "Error: Access denied for user 'delembic'@'localhost' (using password: YES)\n" +
    "Hint: Check the user and the password in the database's URL, and that the server lets that user in from here.\n",
});

badInput({
  name: "a host on which no MySQL listens",
  args: ["upgrade", "--url", "mysql://app:s0-s3cret@127.0.0.1:1/app"],
  code: 3,
  err: `Error: Cannot connect to MySQL at 127.0.0.1:1: connection refused
Hint: Is the server running and is the port right?
`,
});

badInput({
  name: "a server whose certificate is of another authority",
  needs: ["postgres", "tls"],
  args: () => {
    const url = new URL(outside.postgres ?? "");
    url.search = `?sslmode=verify-full&sslrootcert=${outside.tls}/other.crt`;
    return ["upgrade", "--url", url.href];
  },
  code: 3,
  err: `Error: Cannot connect to PostgreSQL at ${hostOf(outside.postgres)}: self-signed certificate in certificate chain
Hint: Is the server's certificate of an authority in ${outside.tls}/other.crt?
`,
});

badInput({
  name: "a file that cannot be read",
  prepare: (folder) => Deno.symlinkSync("D002_loop.sql", `${folder}/delembic/versions/D002_loop.sql`),
  code: 2,
  err: "Error: Cannot read the file: Too many levels of symbolic links\n" +
    "  at delembic/versions/D002_loop.sql\nHint: Is it a file that this user may read?\n",
});

badInput({
  name: "a syntax error in TypeScript",
  files: { ...PROJECT, "delembic/versions/D002_x.ts": "export default {\n  revision: 'D002',\n  upgrade( {\n}\n" },
  code: 2,
  err: `Error: Syntax error: Expected ',', got '<eof>'
  at delembic/versions/D002_x.ts:4:2
    3 |   upgrade( {
    4 | }
      |  ^
`,
});

badInput({
  name: "a syntax error in JavaScript",
  files: { ...PROJECT, "delembic/versions/D002_x.js": "export default {\n  upgrade() { const = 1; }\n}\n" },
  code: 2,
  err: `Error: Syntax error: Unexpected token \`=\`. Expected yield, an identifier, [ or {
  at delembic/versions/D002_x.js:2:21
    1 | export default {
    2 |   upgrade() { const = 1; }
      |                     ^
`,
});

badInput({
  name: "a syntax error in SQL that can be seen without a server",
  files: { ...PROJECT, "delembic/versions/D002_x.sql": D001.replace("D001", "D002").replace("1;", "'abc;") },
  code: 2,
  err: `Error: The string that begins here never ends
  at delembic/versions/D002_x.sql:3:8
    2 | -- delembic upgrade
    3 | select 'abc;
      |        ^
Hint: Close it; in a text, a quote is written twice: 'it''s'.
`,
});

badInput({
  name: "a file without an export",
  files: { ...PROJECT, "delembic/versions/D002_x.ts": "const x = 1;\n" },
  code: 2,
  err: `Error: The file has no default export
  at delembic/versions/D002_x.ts
Hint: Write 'export default { revision: …, upgrade(conn) { … } }'; name a helper file with '_' at the beginning.
`,
});

badInput({
  name: "two files with one revision (defect 9)",
  files: { ...PROJECT, "delembic/versions/D001_too.sql": D001 },
  code: 2,
  err: `Error: Revision D001 is in 2 places: delembic/versions/D001_start.sql:1, delembic/versions/D001_too.sql:1
  at delembic/versions/D001_too.sql:1
    1 | -- delembic revision: D001
Hint: Give one of them another id: delembic rename D001 NEW_ID delembic/versions/D001_too.sql
`,
});

badInput({
  name: "a circle",
  files: {
    ...PROJECT,
    "delembic/versions/D002_x.sql": "-- delembic revision: D002\n-- delembic depends_on: D003\n-- delembic upgrade\n",
    "delembic/versions/D003_x.sql": "-- delembic revision: D003\n-- delembic depends_on: D002\n-- delembic upgrade\n",
  },
  code: 2,
  err: `Error: Migrations depend on each other in a circle: D002 → D003 → D002
  at delembic/versions/D002_x.sql
Hint: Take one of these dependencies out.
`,
});

badInput({
  name: "a migration that depends on itself",
  files: {
    ...PROJECT,
    "delembic/versions/D002_x.sql": "-- delembic revision: D002\n-- delembic depends_on: D002\n-- delembic upgrade\n",
  },
  code: 2,
  err: `Error: Migration D002 depends on itself
  at delembic/versions/D002_x.sql
Hint: Take one of these dependencies out.
`,
});

badInput({
  name: "several things at once are all told",
  files: {
    ...PROJECT,
    "delembic/versions/D002_x.ts": "const x = 1;\n",
    "delembic/versions/D003_x.js": "export default {\n  revision: 'D003',\n  upgrade() {},\n  depends_on: [],\n};\n",
  },
  code: 2,
  err: `Error: 2 problems in the migration files

  The file has no default export
    at delembic/versions/D002_x.ts
    Hint: Write 'export default { revision: …, upgrade(conn) { … } }'; name a helper file with '_' at the beginning.

  Unknown member 'depends_on'
    at delembic/versions/D003_x.js:4
      3 |   upgrade() {},
      4 |   depends_on: [],
    Hint: Did you mean 'dependsOn'?
`,
});

badInput({
  name: "an unknown dependency (defect 41)",
  files: { ...PROJECT, "delembic/versions/D002_x.sql": D001.replace("D001", "D002\n-- delembic depends_on: D00l") },
  code: 2,
  err:
    `Error: Migration D002 depends on 'D00l', which is no data revision, and alembic_config is not set in FOLDER/delembic.ini
  at delembic/versions/D002_x.sql
Hint: Did you mean D001? If it is an Alembic revision, set 'alembic_config = alembic.ini' there.
`,
});

badInput({
  name: "no Alembic configuration",
  files: Object.fromEntries(Object.entries(ALEMBIC).filter(([name]) => name !== "alembic.ini")),
  code: 2,
  err: `Error: Alembic's configuration FOLDER/alembic.ini is not there
  at alembic.ini
Hint: Set 'alembic_config' in delembic.ini to your alembic.ini or pyproject.toml.
`,
});

badInput({
  name: "a file that is no SQLite database",
  prepare: (folder) => Deno.writeTextFileSync(`${folder}/app.db`, "this is no database at all, only some text"),
  code: 3,
  err: `Error: file is not a database
Hint: The file is something else, or is encrypted: check the path in the URL.
`,
});

badInput({
  name: "a folder for the SQLite database that is not there",
  args: ["upgrade", "--url", "sqlite:///nowhere/app.db"],
  code: 3,
  err: `Error: The folder of the SQLite database does not exist: FOLDER/nowhere
Hint: Create the folder, or correct the path in the URL.
`,
});

badInput({
  name: "a target that nothing has (defect 19)",
  args: ["upgrade", "D999"],
  code: 2,
  err: "Error: Unknown target revision: D999\nHint: Run 'delembic history' to see what there is.\n",
});

badInput({
  name: "an Alembic script that cannot be read, where an answer depends on it",
  files: { ...ALEMBIC, "migrations/versions/a.py": "revision = make_id()\ndown_revision = None\n" },
  code: 2,
  err: `Error: The 'revision' of this Alembic script cannot be known without running it: it is the result of a call
  at migrations/versions/a.py:1
    1 | revision = make_id()
Hint: Write it there as a string.
`,
});

Deno.test("bad input: a database that is ahead of this checkout (defect 42)", async () => {
  await using folder = await temporaryFolder(ALEMBIC);
  const db = new DatabaseSync(`${folder.path}/app.db`);
  db.exec("create table alembic_version (version_num varchar(32)); insert into alembic_version values ('fff999')");
  db.close();
  const { code, err } = await call(["upgrade"], { cwd: folder.path });
  assert.equal(code, 1);
  assert.match(err, /fff999/);
  assert.match(err, /ahead of this checkout/);
});

testWith(["postgres"], "bad input: a role that may not create tables (defect 50)", async () => {
  await using db = await freshDatabase("postgresql");
  await using folder = await temporaryFolder(PROJECT);
  const role = `r${db.name}`;
  await administer("postgresql", `create role ${role} login password 'pw-of-the-r0le'`);
  try {
    const url = new URL(db.url);
    url.username = role;
    url.password = "pw-of-the-r0le";
    const env = { DELEMBIC_URL: url.href };
    assert.deepEqual(await call(["current"], { cwd: folder.path, env }), {
      code: 0,
      out: "No migrations applied yet.\n",
      err: "",
    });
    const { code, out, err } = await call(["upgrade"], { cwd: folder.path, env });
    assert.deepEqual({ code, out }, { code: 3, out: "" });
    assert.match(err, /^Error: permission denied for schema public\nHint: .*delembic init --sql/);
  } finally {
    await administer("postgresql", `drop role ${role}`);
  }
});

Deno.test("bad input: a disk that is full is a failure, with nothing left of the migration", async () => {
  await using folder = await temporaryFolder({
    ...PROJECT,
    "delembic/versions/D002_big.js": `export default { revision: "D002", dependsOn: ["D001"], async upgrade(conn) {
  await conn.sql\`create table big (x)\`;
  await conn.execute("pragma max_page_count = 20");
  await conn.sql\`insert into big select randomblob(1000000)\`;
} };
`,
  });
  assert.deepEqual(await call(["upgrade", "-q"], { cwd: folder.path }), {
    code: 1,
    out: "",
    err: `  FAILED: database or disk is full
    at delembic/versions/D002_big.js:4:17
      3 |   await conn.execute("pragma max_page_count = 20");
      4 |   await conn.sql\`insert into big select randomblob(1000000)\`;
        |                 ^
    Hint: The disk is full, or the database has reached its 'pragma max_page_count'. Make room and try again.
`,
  });
  const { out } = await call(["history"], { cwd: folder.path });
  assert.equal(out, "applied   D001\nfailed    D002\n");
});

const isRoot = Deno.build.os === "linux" && Deno.uid() === 0;

Deno.test({
  name: `bad input: a SQLite file on a read-only file system${isRoot ? "" : " (needs root on Linux)"}`,
  ignore: !isRoot,
  fn: async () => {
    await using folder = await temporaryFolder(PROJECT);
    await call(["upgrade"], { cwd: folder.path });
    await Deno.writeTextFile(`${folder.path}/delembic/versions/D002_more.sql`, D001.replace("D001", "D002"));
    const main = new URL("../../main.ts", import.meta.url).pathname;
    // a namespace of its own: the mount is gone with the process
    const script = 'mount --bind "$PWD" "$PWD" && mount -o remount,ro,bind "$PWD" && cd "$PWD" && "$@"';
    const inside = (...args: string[]) =>
      run("unshare", [
        "-m",
        "sh",
        "-c",
        script,
        "sh",
        Deno.execPath(),
        "run",
        "-A",
        "--quiet",
        "--no-check",
        main,
        ...args,
      ], {
        cwd: folder.path,
        env: { NO_COLOR: "1" },
      });
    assert.deepEqual(await inside("history"), { code: 0, out: "applied   D001\npending   D002\n", err: "" });
    const { code, out, err } = await inside("upgrade");
    assert.deepEqual({ code, out }, { code: 3, out: "" });
    assert.match(err, /^Error: .*[Rr]ead-?only.*\nHint: /);
  },
});
