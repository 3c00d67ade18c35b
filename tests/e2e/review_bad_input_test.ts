/**
 * Bad input that only a process can meet: of the system and of the servers. Each with its exit code, the whole message,
 * and that nothing was changed.
 */

import assert from "node:assert/strict";
import { type TestProject, testProject } from "../project.ts";
import { type Kind, onEachDatabase, outside, type Ran, temporaryFolder, testWith } from "../support.ts";
import { delembic } from "./cli.ts";

const INI = "[delembic]\nscript_location = delembic\nsqlalchemy.url = sqlite:///app.db\n";
const D001 = "-- delembic revision: D001\n-- delembic upgrade\ncreate table made (n integer);\n";
const D002 =
  "-- delembic revision: D002\n-- delembic depends_on: D001\n-- delembic upgrade\ninsert into made values (1);\n";

const TABLES: Record<Kind, string> = {
  sqlite: "select name from sqlite_master where type = 'table'",
  postgresql: "select table_name from information_schema.tables where table_schema = 'public'",
  mysql: "select table_name from information_schema.tables where table_schema = database()",
};

async function told(project: TestProject, url: string, ...args: string[]): Promise<Ran> {
  return await delembic("source", [...args, "--url", url], { cwd: project.folder });
}

function withOptions(url: string, options: Record<string, string>): string {
  return `${url}?${new URLSearchParams(options)}`;
}

for (const kind of ["postgresql", "mysql"] as const) {
  const needs = kind === "mysql" ? "mysql" as const : "postgres" as const;

  testWith([needs, "tls"], `${kind}: TLS that is not as asked for is exit 3 or 2, and no table is made`, async () => {
    await using project = await testProject(kind, { "D001.sql": D001 });
    const { host } = new URL(project.db.url);
    const where = `${kind === "mysql" ? "MySQL" : "PostgreSQL"} at ${host}`;
    const cases = [
      [
        { sslmode: "verify-full", sslrootcert: `${outside.tls}/ca.crt` },
        3,
        `Error: Cannot connect to ${where}: its certificate is not for '127.0.0.1'
Hint: Connect by a name that is in the certificate, or check only its authority with sslmode=verify-ca.
`,
      ],
      [
        { sslmode: "verify-ca", sslrootcert: `${outside.tls}/other.crt` },
        3,
        `Error: Cannot connect to ${where}: self-signed certificate in certificate chain
Hint: Is the server's certificate of an authority in ${outside.tls}/other.crt?
`,
      ],
      [
        { sslmode: "verify-ca", sslrootcert: "/nowhere/ca.crt" },
        2,
        `Error: Cannot read the file of the certificate authorities: /nowhere/ca.crt: No such file or directory
Hint: It is named by the TLS settings of the database's URL.
`,
      ],
      [
        { sslmode: "paranoid" },
        2,
        `Error: 'paranoid' is no value of sslmode (from --url)
Hint: There are disable, allow, prefer, require, verify-ca, verify-full.
`,
      ],
      [
        { sslmod: "verify-full" },
        2,
        "Error: The option 'sslmod' is not supported, and without it the connection could be less safe than asked for " +
        "(from --url)\nHint: Did you mean sslmode?\n",
      ],
    ] as const;
    for (const [options, code, err] of cases) {
      assert.deepEqual(await told(project, withOptions(project.db.url, options), "upgrade"), { code, out: "", err });
    }
    assert.deepEqual(await project.rows(TABLES[kind]), []);
  });
}

testWith(["postgres", "pgbouncer"], "TLS that the server does not offer is exit 3 where it is demanded", async () => {
  await using project = await testProject("postgresql", { "D001.sql": D001 });
  const url = new URL(project.db.url);
  url.port = new URL(outside.pgbouncer ?? "").port;
  assert.deepEqual(await told(project, withOptions(url.href, { sslmode: "require" }), "upgrade"), {
    code: 3,
    out: "",
    err: `Error: Cannot connect to PostgreSQL at ${url.host}: the server does not offer TLS
Hint: TLS is demanded by sslmode=require; sslmode=prefer goes on without.
`,
  });
  assert.deepEqual(await project.rows(TABLES.postgresql), []);
});

for (
  const [url, err] of [
    ["nonsense", "The database URL does not begin with a scheme such as postgresql:// (from --url)"],
    [
      "postgresql:/app:s0-s3cret@db/app",
      "The database URL does not begin with a scheme such as postgresql:// (from --url)",
    ],
    [
      "postgresql://app:s0-s3cret@db:port/app",
      "The database URL cannot be read as scheme://user:***@host:port/database?option=value (from --url)",
    ],
    [
      "postgresql://app:s0-s3cret@db:99999/app",
      "The port in the database URL is no number from 1 to 65535 (from --url)",
    ],
    ["mssql+pyodbc://app:s0-s3cret@db/app", "Databases of the kind 'mssql' are not supported (from --url)"],
    [
      "sqlite:///file:x?mode=memory&uri=true",
      "SQLite in memory cannot be used: each connection would have a database of its own (from --url)",
    ],
  ] as const
) {
  Deno.test(`a URL that is none is exit 2: ${url}`, async () => {
    await using folder = await temporaryFolder({ "delembic.ini": INI, "delembic/versions/D001.sql": D001 });
    const ran = await delembic("source", ["upgrade", "--url", url], { cwd: folder.path });
    assert.deepEqual([ran.code, ran.out], [2, ""]);
    const [first, second, ...more] = ran.err.split("\n");
    assert.equal(first, `Error: ${err}`);
    assert.match(second ?? "", /^Hint: /);
    assert.deepEqual(more, [""]);
    assert.ok(!ran.err.includes("s3cret"));
    assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), ["delembic", "delembic.ini"]);
  });
}

onEachDatabase("a syntax error that the server finds is told with its line, and rolled back", async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": D001,
    "D002.sql": D002 + "-- more\ninsert into made\n  valuse (2);\n",
  });
  const { code, out, err } = await project.delembic(["upgrade"]);
  const [first, ...more] = err.split("\n");
  assert.deepEqual([code, out.replace(/\d+\.\d\ds/, "TIME")], [1, "Running D001\n  OK (TIME)\nRunning D002\n"]);
  assert.match(first ?? "", /^ {2}FAILED: .*(syntax|near).*valuse/);
  // PostgreSQL alone says where in the statement
  const [line, lines] = kind === "postgresql"
    ? ["7:3", ["6 | insert into made", "7 |   valuse (2);", "  |   ^"]]
    : ["6:1", ["5 | -- more", "6 | insert into made", "| ^"]];
  assert.deepEqual(more.slice(0, 4).map((text) => text.trim()), [
    `at delembic/versions/D002.sql:${line}`,
    ...lines.map((text) => text.trim()),
  ]);
  assert.deepEqual(await project.rows("select n from made"), []);
  assert.deepEqual(await project.rows("select revision, status from delembic_version order by 1"), [
    "D001 | success",
    "D002 | failed",
  ]);
});
