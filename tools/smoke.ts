/**
 * Tries an executable on the system that it is for, with a migration of each kind on SQLite:
 *
 *     deno run -A tools/smoke.ts EXECUTABLE [KIND …]
 *
 * The kinds are `ts`, `js` and `sql`: all of them, where none is named. Ends with 1, and with what the program said, when
 * anything is not as it should be. The file itself imports nothing but Deno's own, so that any Deno runs it.
 *
 * @module
 */

import { deepEqual, equal } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

const KINDS = ["ts", "js", "sql"] as const;
type Kind = typeof KINDS[number];

const MIGRATIONS: Readonly<Record<Kind, string>> = {
  ts: `import { type Connection, DataMigration } from "delembic";

export default class Greek extends DataMigration {
  override readonly revision = "D001";
  override readonly description = "in TypeScript";

  override async upgrade({ sql }: Connection): Promise<void> {
    await sql\`create table if not exists letter (name text primary key, kind text)\`;
    await sql\`insert into letter values (\${"alpha"}, 'ts')\`;
  }
}
`,
  js: `export default {
  revision: "D002",
  description: "in JavaScript",
  async upgrade({ sql }) {
    await sql\`create table if not exists letter (name text primary key, kind text)\`;
    await sql\`insert into letter values (\${"bêta"}, 'js')\`;
  },
};
`,
  sql: `-- delembic revision: D003
-- delembic description: in SQL

-- delembic upgrade
create table if not exists letter (name text primary key, kind text);
insert into letter values ('gamma', 'sql');

-- delembic validate
select count(*) = 1 from letter where kind = 'sql';
`,
};

async function smoke(executable: string, kinds: readonly Kind[]): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "delembic smoke " });
  const call = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await new Deno.Command(executable, {
      args,
      cwd: folder,
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).replaceAll("\r\n", "\n"));
    equal(code, 0, `delembic ${args.join(" ")} ended with ${code}:\n${out}${err}`);
    return out ?? "";
  };
  try {
    const { version } = JSON.parse(await Deno.readTextFile(new URL("../deno.json", import.meta.url)));
    equal(await call("--version"), `delembic ${version}\n`);
    await call("init");
    await Deno.writeTextFile(
      `${folder}/delembic.ini`,
      "[delembic]\nscript_location = delembic\nsqlalchemy.url = sqlite:///smoke.db\n",
    );
    for (const kind of kinds) {
      await Deno.writeTextFile(`${folder}/delembic/versions/letter.${kind}`, MIGRATIONS[kind]);
    }
    await call("upgrade");
    equal(await call("check"), "Everything is applied.\n");
    equal((await call("history")).match(/^applied /gm)?.length, kinds.length);
    const database = new DatabaseSync(`${folder}/smoke.db`, { readOnly: true });
    const rows = database.prepare("select kind, name from letter order by name").all();
    database.close();
    const names = { ts: "alpha", js: "bêta", sql: "gamma" };
    deepEqual(
      rows.map(({ kind, name }) => `${kind} ${name}`),
      kinds.map((kind) => `${kind} ${names[kind]}`).sort(byName),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function byName(a: string, b: string): number {
  return a.slice(a.indexOf(" ")) < b.slice(b.indexOf(" ")) ? -1 : 1;
}

if (import.meta.main) {
  const [executable, ...named] = Deno.args;
  const kinds = KINDS.filter((kind) => named.length === 0 || named.includes(kind));
  if (executable === undefined || named.some((name) => !KINDS.some((kind) => kind === name))) {
    throw new TypeError(`Usage: smoke.ts EXECUTABLE [${KINDS.join("|")} …]`);
  }
  await smoke(executable, kinds);
  await Deno.stdout.write(new TextEncoder().encode(`${executable}: ${kinds.join(", ")} are fine\n`));
}
