/** The reference of migrations has all that there is: what is exported, and what a SQL file may say. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { checkBatch, WORD_NAMES } from "../../src/batch_options.ts";
import { postgresDialect } from "../../src/db/postgres_dialect.ts";
import { readSqlMigration } from "../../src/sql_migration.ts";
import { run, temporaryFolder } from "../support.ts";
import { delembic } from "./cli.ts";
import { blocksOf, ROOT } from "./page.ts";

/** The words of the page that stand as code: in its blocks, and between backticks. */
async function codeWords(path: string): Promise<ReadonlySet<string>> {
  const page = await Deno.readTextFile(ROOT + path);
  const code = [...page.matchAll(/^```[^]*?^```|(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)/gm)].map(([text]) => text).join(" ");
  return new Set(code.match(/\w+/g));
}

interface Documented {
  readonly name: string;
  readonly declarations: readonly {
    readonly kind: string;
    readonly def?: {
      readonly properties?: readonly { name: string }[];
      readonly methods?: readonly { name: string }[];
    };
  }[];
}

/** What `mod.ts` exports, with the members of its classes and interfaces, by `deno doc`. */
async function exported(): Promise<readonly (readonly [name: string, members: readonly string[]])[]> {
  const { code, out, err } = await run(Deno.execPath(), ["doc", "--json", `${ROOT}mod.ts`]);
  ok(code === 0, err);
  const { nodes } = JSON.parse(out) as { nodes: Record<string, { symbols: Documented[] }> };
  const symbols = Object.values(nodes).flatMap(({ symbols }) => symbols);
  return symbols.map(({ name, declarations }) => [
    name,
    declarations.flatMap(({ def }) => [...def?.properties ?? [], ...def?.methods ?? []].map((member) => member.name)),
  ]);
}

Deno.test("every export of mod.ts, and every member of it, is named in docs/reference/migration-api.md", async () => {
  const words = await codeWords("docs/reference/migration-api.md");
  const all = await exported();
  const members = new Map(all);
  // what these tests would not find otherwise
  ok(members.get("Migration")?.includes("apply") && members.get("LoadOptions")?.includes("maxBadRows"));
  const missing = all.flatMap(([name, members]) => [
    ...(words.has(name) ? [] : [name]),
    // one that begins with a bracket has no name: a symbol
    ...members.filter((member) => !member.startsWith("[") && !words.has(member)).map((member) => `${name}.${member}`),
  ]);
  deepEqual(missing, []);
});

/** What the program itself lists when it does not know a word. */
function known(hint: string | undefined): string[] {
  const [, list = ""] = /Known are (.*?)[;.](?: |$)/.exec(hint ?? "") ?? [];
  return list.split(", ").filter((name) => name !== "");
}

function faultHint(text: string): string | undefined {
  const { faults } = readSqlMigration(`-- delembic revision: D001\n-- delembic upgrade\n${text}\n`, {
    file: "a.sql",
    checksum: "",
    dialect: postgresDialect,
  });
  return faults[0]?.hint;
}

function throttleHint(): string | undefined {
  let told: string | undefined;
  checkBatch({ table: "a", throttle: { xyzzyxyzzy: 1 } }, (_, hint) => told = hint);
  return told;
}

Deno.test("every line and option of a SQL file is named in docs/reference/sql-files.md, and no other header", async () => {
  const page = await Deno.readTextFile(`${ROOT}docs/reference/sql-files.md`);
  const words = await codeWords("docs/reference/sql-files.md");
  const directives = known(faultHint("-- delembic xyzzyxyzzy: 1"));
  const options = known(faultHint("-- delembic load: a from b.csv xyzzyxyzzy"));
  const throttles = known(throttleHint()).map((name) =>
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  );
  ok(directives.includes("requires_before") && options.includes("no header") && throttles.includes("replica_lag"));
  const all = [
    ...directives,
    ...options.flatMap((option) => option.split(" ")),
    ...throttles,
    ...Object.keys(WORD_NAMES),
  ];
  deepEqual(all.filter((name) => !words.has(name)), []);
  const [header = ""] = /^## The header$[^]*?(?=^## )/m.exec(page) ?? [];
  const rows = [...header.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = ""]) => name);
  const sections = ["load", "upgrade", "validate", "downgrade"];
  deepEqual(rows.toSorted(), directives.filter((name) => !sections.includes(name)).toSorted());
});

const TABLES = `-- delembic revision: D001
-- delembic upgrade
create table person (
  id integer primary key, name text, email text unique, source text, kind text, registered text, deleted_at text,
  updated_at text
);
create table person_new (
  id integer primary key, name text, email text, source text, kind text, registered text, deleted_at text, updated_at text
);
create table tag (name text);
create table country (code text primary key, name text);
create table visit (id integer primary key, at text);
create table visit_archive as select * from visit;
create table audit (person_id integer);
create table import_log (at text, rows_read integer);
insert into person (name, email, updated_at) values ('Ada', 'ADA@example.org', '2026'), ('A. L.', 'Ada@Example.org', '2025');
insert into visit values (1, '2019-01-01'), (2, '2024-01-01');
`;

Deno.test("the examples of docs/reference/migration-api.md do what they say", async () => {
  const blocks = blocksOf(await Deno.readTextFile(`${ROOT}docs/reference/migration-api.md`));
  const pieces = blocks.filter(({ language, text }) => language === "ts" && !/^(?:import|export|async) /m.test(text));
  ok(pieces.length > 8);
  await using folder = await temporaryFolder({
    "delembic.ini": "[delembic]\nsqlalchemy.url = sqlite:///app.db\n" +
      "[delembic.source.legacy]\nurl = sqlite:///legacy.db\n",
    "delembic/versions/D001_tables.sql": TABLES,
    "delembic/versions/D002_examples.ts": 'import * as recipes from "delembic";\n' +
      "const { archiveRows, copyTable, mergeDuplicates, upsertRows } = recipes;\n" +
      'export default { revision: "D002", dependsOn: ["D001"], async upgrade(conn, run) {\n' +
      // SQLite has no schemas
      pieces.map(({ text }) => `{\n${text.replace('"staging", ', "")}\n}\n`).join("") + "} };\n",
    "delembic/data/person.csv.gz": await gzipped(
      "E-Mail,Name\nGRACE@example.org,Grace\n,Nobody\nZed@example.org,Zed\n",
    ),
  });
  const legacy = new DatabaseSync(`${folder.path}/legacy.db`);
  legacy.exec(
    "create table customers (name text, email text); create table users (id integer primary key, login text)",
  );
  legacy.exec("insert into customers values ('Alan', 'alan@example.org'); insert into users values (77, 'barbara')");
  legacy.close();
  const { code, err } = await delembic("source", ["upgrade"], { cwd: folder.path });
  equal(code, 0, err);
  const lines = err.split("\n").map((line) => line.trim());
  for (const line of ["1 changed", "2 people", "2 of 3; 1 left out, 0 bad", "2 new, 0 changed"]) {
    ok(lines.includes(line), `${line} in ${err}`);
  }
  using app = new DatabaseSync(`${folder.path}/app.db`);
  const names = (query: string) => app.prepare(query).all().map((row) => Object.values(row).join());
  deepEqual(names("select name from person order by id"), ["Ada", "Grace", "Zed", "Alan", "barbara"]);
  deepEqual(names("select name from country order by 1"), ["Chad", "Peru"]);
  deepEqual(names("select id from visit"), ["2"]);
  deepEqual(names("select id from visit_archive"), ["1"]);
});

async function gzipped(text: string): Promise<Uint8Array> {
  return await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
}
