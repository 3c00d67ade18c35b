/**
 * What is drafted from Alembic scripts runs: real Alembic makes each schema in turn, rows are put in, and 'upgrade' runs
 * the drafts at their place between.
 */

import assert from "node:assert/strict";
import { ALEMBIC_ENV, type AlembicSteps, alembicSteps } from "../alembic_steps.ts";
import { type TestProject, testProject } from "../project.ts";
import { fixtureNames, scriptsOf } from "../schema_changes.ts";
import { type Kind, run, temporaryFolder, testWith } from "../support.ts";
import { call } from "../unit/cli_recorder.ts";

/** Styles that only some databases take. */
const ONLY: Readonly<Record<string, readonly Kind[]>> = {
  // on PostgreSQL the type has to be made first: see postgresql_enum
  enum_column: ["sqlite", "mysql"],
  foreign_key_by_name: ["postgresql", "mysql"],
  postgresql_enum: ["postgresql"],
  named_schema: ["postgresql"],
  unique_expression: ["sqlite", "postgresql"],
  unique_partial: ["sqlite", "postgresql"],
  text_to_number_plain: ["sqlite", "mysql"],
};
/** There is nothing to be drafted, or what the scripts do cannot be done with rows in the table. */
const WITHOUT_ROWS = new Set(["not_null_in_one", "not_null_at_once", "dynamic"]);
/** These need modules of their project, or a migration that a guard waits for. */
const NOT_RUN = new Set(["dynamic", "guarded"]);

const ROWS = [
  "insert into team (id, title) values (1, 'A'), (2, 'B')",
  "insert into person (id, name, email, fax, age, team_id) values (1, 'Ada King', 'ada@x.org', '1', '36', 1), " +
  "(2, 'Alan', 'alan@x.org', null, '41', null), (3, 'Grace Hopper', 'grace@x.org', '7', null, 2)",
  "insert into visit (id, person_id, seen_on, score) values (1, 1, '2020-01-01', 3), (2, 2, '2020-01-01', 0), (3, null, null, null)",
  "insert into legacy (id, first_part, last_part) values (1, 'a', 'b'), (2, 'c', null)",
];
const TUTORIAL_ROWS = ["insert into account (id, name) values (1, 'a'), (2, 'b')"];

/** What people choose, by the marks of the drafts. */
const CHOICES: Readonly<Record<string, string>> = {
  personStatus: '"new"',
  personMood: '"glad"',
  personFirstName: "conn.sql`substr(name, 1, 2)`",
  personLastName: "conn.sql`substr(name, 3)`",
  legacyPart: "conn.sql`coalesce(last_part, first_part)`",
  visitOrder: "conn.sql`id * 10`",
  itemLabel: "conn.sql`concat('label ', id)`",
};
const SQL_CHOICES: Readonly<Record<string, string>> = {
  status: "'new'",
  mood: "'glad'",
  first_name: "substr(name, 1, 2)",
  last_name: "substr(name, 3)",
  part: "coalesce(last_part, first_part)",
  order: "id * 10",
  label: "concat('label ', id)",
};

/** What the drafts leave behind, once all schemas are there. */
const RESULTS: Readonly<Record<string, readonly (readonly [query: string, rows: readonly string[]])[]>> = {
  expand_contract: [["select status from person", ["new", "new", "new"]]],
  default: [["select distinct locale from person", ["en"]]],
  copy_column: [["select email_address from person order by id", ["ada@x.org", "alan@x.org", "grace@x.org"]]],
  split_column: [["select first_name, last_name from person where id = 2", ["Al | an"]]],
  join_columns: [["select part from legacy order by id", ["b", "c"]]],
  drop_columns: [
    ["select id, fax from person_fax_archive order by id", ["1 | 1", "3 | 7"]],
    ["select id, age from person_age_archive order by id", ["1 | 36", "2 | 41"]],
  ],
  drop_table: [["select id, first_part, last_part from legacy_archive order by id", ["1 | a | b", "2 | c | NULL"]]],
  named_schema: [
    ["select label from app.item order by id", ["label 1", "label 2"]],
    ["select id, old from app.item_old_archive order by id", ["1 | a", "2 | b"]],
  ],
  enum_table: [["select name from person_role order by name", ["admin", "guest"]]],
};

/** Rows that are in the way of a schema change. */
const IN_THE_WAY: Readonly<Record<string, string>> = {
  existing_not_null: "update person set email = null where id = 2",
  foreign_key: "insert into visit (id, person_id) values (9, 99)",
  unique_index: "update person set email = 'ada@x.org' where id = 2",
  unique_pair: "update visit set person_id = 1",
  unique_expression: "update person set email = 'ADA@x.org' where id = 2",
  unique_partial: "update person set email = 'a', active = (1 = 1)",
  shorter_text: "update person set name = 'a name of more than twenty characters' where id = 1",
  text_to_number_plain: "update person set age = 'old' where id = 1",
  check: "update visit set score = -1 where id = 1",
};

async function projectOf(kind: Kind, fixture: string): Promise<TestProject> {
  const schema = [...scriptsOf(fixture)].map(([file, text]) => [`/schema/versions/${file}`, text]);
  const made = await testProject(kind, {
    "/alembic.ini": "[alembic]\nscript_location = schema\n",
    "/schema/env.py": ALEMBIC_ENV,
    ...Object.fromEntries(schema),
  });
  await made.write({
    "/delembic.ini":
      `[delembic]\nscript_location = delembic\nsqlalchemy.url = ${made.db.url}\nalembic_config = alembic.ini\n` +
      "filename_template = %(revision)s\n",
  });
  return made;
}

function choose(text: string): string {
  const typescript = text.replace(
    /const (\w+) = \(conn: Connection\): unknown => null;/g,
    (found, name: string) => CHOICES[name] === undefined ? found : found.replace("null", () => CHOICES[name] ?? ""),
  );
  return typescript.replace(
    /set ["`]?(\w+)["`]? = null where/g,
    (found, name: string) =>
      SQL_CHOICES[name] === undefined ? found : found.replace("= null", () => `= ${SQL_CHOICES[name]}`),
  );
}

/** Makes the choices in the drafts; gives their paths. */
async function finishDrafts(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name } of Deno.readDir(`${folder}/delembic/versions`)) {
    if (name.startsWith(".")) continue;
    const path = `${folder}/delembic/versions/${name}`;
    await Deno.writeTextFile(path, choose(await Deno.readTextFile(path)));
    paths.push(path);
  }
  return paths;
}

/** As JavaScript, which this process imports without the check of its types: that takes a second for each file. */
async function withoutTypes(path: string): Promise<void> {
  const text = await Deno.readTextFile(path);
  const plain = text.replace(/^import type .*\n/m, "").replace(" satisfies Migration;", ";")
    .replaceAll("(conn: Connection): unknown", "(conn)").replaceAll(": Record<string, unknown>[]", "");
  await Deno.writeTextFile(path.replace(/ts$/, "js"), plain);
  await Deno.remove(path);
}

/** `revision --autogenerate` for a fixture: behind its base. */
async function autogenerate(made: TestProject, fixture: string, ...flags: string[]): Promise<string[]> {
  const span = fixture === "tutorial" ? [] : ["--from", "base00000000"];
  const context = { cwd: made.folder, env: { DELEMBIC_URL: made.db.url } };
  const { code, err } = await call(["revision", "--autogenerate", ...flags, ...span], context);
  assert.equal(code, 0, `${fixture}: ${err}`);
  return await finishDrafts(made.folder);
}

/** Goes through the schemas one by one, with the drafts that may run at each. */
async function walk(alembic: AlembicSteps, made: TestProject, fixture: string): Promise<void> {
  const { folder, db } = made;
  const context = { cwd: folder, env: { DELEMBIC_URL: db.url } };
  for (const [index, source] of [...scriptsOf(fixture).values()].entries()) {
    const revision = /^revision = ["'](.*)["']$/m.exec(source)?.[1] ?? "";
    assert.equal(
      await alembic.upgrade(folder, db.pythonUrl, revision),
      null,
      `${fixture}: alembic upgrade ${revision}`,
    );
    if (index === 0 && !WITHOUT_ROWS.has(fixture)) {
      await made.execute(...(fixture === "tutorial" ? TUTORIAL_ROWS : ROWS));
    }
    const { out, err } = await call(["upgrade"], context);
    assert.doesNotMatch(out + err, /FAILED|Error:/, `${fixture} at ${revision}: ${out}${err}`);
  }
  const { code, out } = await call(["check", "--json"], context);
  assert.deepEqual([code, JSON.parse(out).problems], [0, []], `${fixture}: ${out}`);
}

async function checkResults(made: TestProject, fixture: string, form: "sql" | "ts"): Promise<void> {
  // rows of reference data are a comment in SQL
  if (form === "sql" && fixture === "enum_table") return;
  for (const [query, rows] of RESULTS[fixture] ?? []) assert.deepEqual(await made.rows(query), rows, fixture);
}

function onEachKind(name: string, fn: (kind: Kind, alembic: AlembicSteps) => Promise<void>): void {
  const runOn = async (kind: Kind) => {
    await using alembic = alembicSteps();
    await fn(kind, alembic);
  };
  testWith(["python"], `sqlite: ${name}`, () => runOn("sqlite"));
  testWith(["python", "postgres"], `postgresql: ${name}`, () => runOn("postgresql"));
  testWith(["python", "mysql"], `mysql: ${name}`, () => runOn("mysql"));
}

function fixturesFor(kind: Kind): string[] {
  return fixtureNames().filter((name) => !NOT_RUN.has(name) && (ONLY[name] ?? [kind]).includes(kind));
}

onEachKind("all drafts in SQL run at their place among the schemas, with rows there", async (kind, alembic) => {
  for (const fixture of fixturesFor(kind)) {
    await using made = await projectOf(kind, fixture);
    await autogenerate(made, fixture, "--sql");
    await walk(alembic, made, fixture);
    await checkResults(made, fixture, "sql");
  }
});

onEachKind("all drafts in TypeScript run at their place among the schemas, with rows there", async (kind, alembic) => {
  for (const fixture of fixturesFor(kind)) {
    await using made = await projectOf(kind, fixture);
    for (const path of await autogenerate(made, fixture)) await withoutTypes(path);
    await walk(alembic, made, fixture);
    await checkResults(made, fixture, "ts");
  }
});

onEachKind("a draft fails while rows are in the way of the schema change", async (kind, alembic) => {
  for (const [fixture, statement] of Object.entries(IN_THE_WAY)) {
    if (!(ONLY[fixture] ?? [kind]).includes(kind)) continue;
    await using made = await projectOf(kind, fixture);
    await autogenerate(made, fixture, "--sql");
    assert.equal(await alembic.upgrade(made.folder, made.db.pythonUrl, "base00000000"), null);
    await made.execute(...ROWS, statement);
    const { code, err } = await call(["upgrade"], { cwd: made.folder, env: { DELEMBIC_URL: made.db.url } });
    assert.equal(code, 1, fixture);
    assert.match(err, /FAILED: Validation gave (?:0|false): select count\(\*\) = 0 from/, fixture);
  }
});

Deno.test("drafts in TypeScript have no errors of types", async () => {
  await using folder = await temporaryFolder({
    "delembic.d.ts": await Deno.readTextFile(new URL("../../versions_template/delembic.d.ts", import.meta.url)),
    "deno.json": JSON.stringify({
      imports: { delembic: new URL("../../mod.ts", import.meta.url).href },
      compilerOptions: JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url))).compilerOptions,
    }),
    "versions/.gitkeep": "",
  });
  let count = 0;
  for (const fixture of fixtureNames()) {
    await using made = await projectOf("sqlite", fixture);
    for (const path of await autogenerate(made, fixture)) {
      await Deno.copyFile(path, `${folder.path}/versions/${fixture}_${path.slice(path.lastIndexOf("/") + 1)}`);
      count++;
    }
  }
  assert.ok(count > 30, String(count));
  const checked = await run(Deno.execPath(), ["check", "--quiet", "versions"], { cwd: folder.path });
  assert.equal(checked.code, 0, checked.err);
});
