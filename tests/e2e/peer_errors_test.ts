/** Defect 19 of the Python tool: what a user's mistake brings to the screen: a few lines, and no stack. */

import assert from "node:assert/strict";
import { type Kind, outside, temporaryFolder, writeFiles } from "../support.ts";
import { delembic } from "./cli.ts";
import { peer } from "./peer.ts";

const FIRST = "-- delembic revision: D001\n-- delembic upgrade\nselect 1;\n";

interface Mistake {
  readonly files?: Record<string, string>;
  readonly args?: readonly string[];
  readonly url?: string;
}

/** What is told in a project in which somebody made a mistake; `FOLDER` stands for it. */
async function told({ files = {}, args = ["upgrade"], url }: Mistake) {
  await using folder = await temporaryFolder({
    "delembic.ini": "[delembic]\nscript_location = delembic\nsqlalchemy.url = sqlite:///app.db\n",
    "delembic/versions/D001.sql": FIRST,
  });
  await writeFiles(folder.path, files);
  const env = url === undefined ? {} : { DELEMBIC_URL: url };
  const { code, out, err } = await delembic("source", args, { cwd: folder.path, env });
  return { code, out, err: err.replaceAll(folder.path, "FOLDER") };
}

function changed(url: string, change: (url: URL) => void): string {
  const parsed = new URL(url);
  change(parsed);
  return parsed.href;
}

function serverUrl(kind: Kind): string {
  return (kind === "mysql" ? outside.mysql : outside.postgres) ?? "";
}

peer("19: an unreachable server is two lines", ["postgresql", "mysql"], async (kind) => {
  const name = kind === "mysql" ? "MySQL" : "PostgreSQL";
  assert.deepEqual(await told({ url: changed(serverUrl(kind), (url) => url.port = "1") }), {
    code: 3,
    out: "",
    err: `Error: Cannot connect to ${name} at 127.0.0.1:1: connection refused
Hint: Is the server running and is the port right?
`,
  });
});

peer("19: a wrong password is two lines, and is not shown", ["postgresql", "mysql"], async (kind) => {
  const { code, out, err } = await told({ url: changed(serverUrl(kind), (url) => url.password = "wr0ng-passw0rd") });
  assert.deepEqual([code, out], [3, ""]);
  const [first, ...more] = err.split("\n");
  assert.match(
    first ?? "",
    kind === "mysql"
      ? /^Error: Access denied for user '\w+'@'\w+' \(using password: YES\)$/
      : /^Error: password authentication failed for user "\w+"$/,
  );
  assert.deepEqual(more, [
    "Hint: Check the user and the password in the database's URL, and that the server lets that user in from here.",
    "",
  ]);
});

peer("19: a database that is not there is two lines", ["postgresql", "mysql"], async (kind) => {
  assert.deepEqual(await told({ url: changed(serverUrl(kind), (url) => url.pathname = "/no_such_database") }), {
    code: 3,
    out: "",
    err: `Error: ${
      kind === "mysql" ? "Unknown database 'no_such_database'" : 'database "no_such_database" does not exist'
    }
Hint: Create the database, or correct its name in the database's URL.
`,
  });
});

const mistakes: readonly (Mistake & { readonly name: string; readonly code: number; readonly says: string })[] = [
  {
    name: "an unknown target",
    args: ["upgrade", "D999"],
    code: 2,
    says: "Error: Unknown target revision: D999\nHint: Run 'delembic history' to see what there is.\n",
  },
  {
    name: "a target that is for downgrades",
    args: ["upgrade", "base"],
    code: 2,
    says: "Error: Cannot upgrade to base\nHint: Use 'delembic downgrade base'.\n",
  },
  {
    name: "a cycle",
    files: {
      "delembic/versions/D002.sql": FIRST.replace("D001", "D002\n-- delembic depends_on: D003"),
      "delembic/versions/D003.sql": FIRST.replace("D001", "D003\n-- delembic depends_on: D002"),
    },
    code: 2,
    says: `Error: Migrations depend on each other in a circle: D002 → D003 → D002
  at delembic/versions/D002.sql
Hint: Take one of these dependencies out.
`,
  },
  {
    name: "a syntax error",
    files: { "delembic/versions/D002.ts": "export default {\n  revision: ,\n};\n" },
    code: 2,
    says: `Error: Syntax error: Expression expected
  at delembic/versions/D002.ts:2:13
    1 | export default {
    2 |   revision: ,
      |             ^
`,
  },
  {
    name: "an alembic.ini that is missing",
    files: {
      "delembic.ini": "[delembic]\nsqlalchemy.url = sqlite:///app.db\nalembic_config = alembic.ini\n",
      "delembic/versions/D002.sql": FIRST.replace("D001", "D002\n-- delembic depends_on: aaa111"),
    },
    code: 2,
    says: `Error: Alembic's configuration FOLDER/alembic.ini is not there
  at alembic.ini
Hint: Set 'alembic_config' in delembic.ini to your alembic.ini or pyproject.toml.
`,
  },
  {
    name: "a URL that is none",
    args: ["upgrade", "--url", "postgresql//app:s3cr3t-9@localhost/app"],
    code: 2,
    says: "Error: The database URL does not begin with a scheme such as postgresql:// (from --url)\n" +
      "Hint: Supported are postgresql://, mysql://, mariadb:// and sqlite:///, each also with +driver as in " +
      "SQLAlchemy.\n",
  },
  {
    name: "a SQLite file in a folder that is missing",
    args: ["upgrade", "--url", "sqlite:///no/such/app.db"],
    code: 3,
    says: "Error: The folder of the SQLite database does not exist: FOLDER/no/such\n" +
      "Hint: Create the folder, or correct the path in the URL.\n",
  },
  {
    name: "an env.ts without databaseUrl()",
    files: { "delembic.ini": "[delembic]\n", "delembic/env.ts": "export const x = 1;\n" },
    code: 2,
    says: `Error: delembic/env.ts does not export databaseUrl()
  at delembic/env.ts
Hint: It should be: export function databaseUrl() { return "postgresql://…"; }
`,
  },
  {
    name: "an unknown key in filename_template",
    files: {
      "delembic.ini": "[delembic]\nsqlalchemy.url = sqlite:///app.db\nfilename_template = %(rev)s_%(slug)s\n",
    },
    args: ["revision", "-m", "x"],
    code: 2,
    says: `Error: Unknown key 'rev' in filename_template
  at delembic.ini:3
Hint: There are revision, slug, year, month, day, hour, minute, second.
`,
  },
];

for (const { name, code, says, ...mistake } of mistakes) {
  peer(`19: ${name} is told in a few lines`, ["sqlite"], async () => {
    assert.deepEqual(await told(mistake), { code, out: "", err: says });
  });
}
