/** The reference of migrations has all that there is: what is exported, and what a SQL file may say. */

import { deepEqual, ok } from "node:assert/strict";
import { checkBatch, WORD_NAMES } from "../../src/batch_options.ts";
import { postgresDialect } from "../../src/db/postgres_dialect.ts";
import { readSqlMigration } from "../../src/sql_migration.ts";
import { run } from "../support.ts";
import { ROOT } from "./page.ts";

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
