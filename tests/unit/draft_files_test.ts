/** Into which files drafts go, and that these are sound whatever the names are. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { plainWriter, templateWriter } from "../../src/draft_sql_text.ts";
import { planFiles } from "../../src/draft_files.ts";
import type { Need, NeedWork } from "../../src/draft_need.ts";
import { draftSql } from "../../src/draft_sql.ts";
import { draftTypeScript } from "../../src/draft_typescript.ts";
import { readSqlMigration } from "../../src/sql_migration.ts";
import { dialectOf } from "../../src/db/connect.ts";

const ORDER = Array.from({ length: 12 }, (_, at) => `rev${at}`);
const PLACE = { file: "a.py", line: 3 };
const FILE = { revision: "D001", dependsOn: ["rev1"], requiresBefore: ["rev2"], description: "a 'draft'" };

function need(work: NeedWork, more: Partial<Need> = {}): Need {
  return {
    place: PLACE,
    revision: "rev2",
    onlyIf: undefined,
    table: { schema: undefined, name: "person" },
    primaryKey: ["id"],
    keyless: false,
    after: ["rev1"],
    before: ["rev2"],
    ...work,
    ...more,
  } as Need;
}

function fill(column: string, more: Partial<Need> = {}): Need {
  const type = undefined, notNull = PLACE, standard = undefined;
  return need(
    { kind: "fill", column, type, notNull, added: true, unique: false, standard, sources: [], renamed: false },
    more,
  );
}

Deno.test("planFiles() puts what has one window into one file, but each walk into its own", () => {
  const check = need({ kind: "violations", condition: "a > 0" });
  const plans = planFiles([
    check,
    fill("a"),
    fill("b"),
    fill("c", { table: { schema: undefined, name: "visit" } }),
    fill("d", { before: ["rev5"] }),
    fill("e", { keyless: true }),
  ], ORDER);
  assert.deepEqual(plans.map(({ title, walk, after, before, behind }) => [title, walk?.table, after, before, behind]), [
    ["backfill person.a, b", "person", ["rev1"], ["rev2"], []],
    ["backfill visit.c", "visit", ["rev1"], ["rev2"], []],
    ["check person, backfill person.e", undefined, ["rev1"], ["rev2"], [0]],
    ["backfill person.d", "person", ["rev1"], ["rev5"], [0, 2]],
  ]);
});

Deno.test("drafts depend on earlier ones of the same table, and never so that none could run", () => {
  const table = fc.constantFrom("a", "b", "c").map((name) => ({ schema: undefined, name }));
  const window = fc.tuple(fc.nat(10), fc.nat(11)).filter(([from, to]) => from < to);
  const needs = fc.array(
    fc.tuple(table, window, fc.boolean(), fc.boolean()).map(([table, [from, to], open, walks]) => {
      const span = { table, after: [`rev${from}`], before: open ? [] : [`rev${to}`] };
      return walks ? fill("x", span) : need({ kind: "violations", condition: "x" }, span);
    }),
    { maxLength: 20 },
  );
  fc.assert(fc.property(needs, (needs) => {
    const plans = planFiles(needs, ORDER);
    assert.equal(plans.reduce((sum, plan) => sum + plan.needs.length, 0), needs.length);
    const at = (ids: readonly string[]) => ids.map((id) => ORDER.indexOf(id));
    for (const [index, { behind, before }] of plans.entries()) {
      for (const other of behind) {
        assert.ok(other < index);
        // what the other one needs is there before this one has to be done
        assert.ok(Math.max(-1, ...at(plans[other]?.after ?? [])) < Math.min(Infinity, ...at(before)));
      }
    }
  }));
});

const NAME = fc.oneof(
  fc.constantFrom("order", "Group", "a b", "it's", 'say "x"', "`", "${x}", "\\", "a\nb", "--", "é", "*/", "?"),
  fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" }).filter((name) =>
    name.trim() !== "" && !name.includes(".")
  ),
);

const NEED = fc.tuple(NAME, NAME, NAME).chain(([table, column, other]) => {
  const type = { kind: "text", text: other, length: 9, values: [other] } as const;
  const sources = [{ name: other, place: PLACE }];
  const works: NeedWork[] = [
    {
      kind: "fill",
      column,
      type,
      notNull: PLACE,
      added: true,
      unique: true,
      standard: other,
      sources: [],
      renamed: false,
    },
    {
      kind: "fill",
      column,
      type,
      notNull: undefined,
      added: true,
      unique: false,
      standard: undefined,
      sources,
      renamed: true,
    },
    {
      kind: "fill",
      column,
      type,
      notNull: undefined,
      added: true,
      unique: false,
      standard: undefined,
      sources,
      renamed: false,
    },
    { kind: "archive", column },
    { kind: "archive", column: undefined },
    {
      kind: "orphans",
      columns: [column],
      target: { schema: other, name: table },
      targetColumns: [other],
      nullable: true,
    },
    { kind: "duplicates", parts: [{ text: column, isColumn: true }], primary: false, where: undefined },
    { kind: "conversion", column, from: undefined, to: type },
    { kind: "violations", condition: "a > 'x`${y}'" },
    { kind: "seed", columns: [{ name: column, values: [other], required: true }] },
  ];
  return fc.constantFrom(...works).map((work) =>
    need(work, { table: { schema: undefined, name: table }, primaryKey: [column] })
  );
});

Deno.test("a draft in SQL is a sound migration, whatever the names are", async () => {
  for (const name of ["postgresql", "mysql", "sqlite"] as const) {
    const dialect = await dialectOf(name);
    fc.assert(fc.property(fc.array(NEED, { minLength: 1, maxLength: 3 }), (needs) => {
      for (const plan of planFiles(needs, ORDER)) {
        const { found, faults } = readSqlMigration(draftSql(FILE, plan, name), {
          file: "a.sql",
          checksum: "",
          dialect,
        });
        assert.deepEqual(faults, []);
        assert.equal(found[0]?.migration.description, FILE.description);
        assert.deepEqual(found[0]?.migration.requiresBefore, ["rev2"]);
      }
    }));
  }
});

Deno.test("a draft in TypeScript is sound code, whatever the names are", () => {
  fc.assert(fc.property(fc.array(NEED, { minLength: 1, maxLength: 3 }), (needs) => {
    for (const plan of planFiles(needs, ORDER)) {
      const text = draftTypeScript(FILE, plan, "postgresql");
      const plain = text.replace(/^import .*\n/gm, "").replace(" satisfies Migration;", ";")
        .replaceAll("(conn: Connection): unknown", "(conn)").replaceAll(": Record<string, unknown>[]", "")
        .replace("export default", "return");
      const { revision, description, batch } = new Function(plain)();
      assert.deepEqual([revision, description], [FILE.revision, FILE.description]);
      assert.deepEqual(batch?.table, plan.walk?.table);
    }
  }));
});

Deno.test("names are quoted where they have to be, for each kind of file", () => {
  assert.equal(plainWriter("postgresql").id("staging", "Order"), 'staging."Order"');
  assert.equal(plainWriter("mysql").id("order", "a`b"), "`order`.`a``b`");
  assert.equal(plainWriter("sqlite").id("person", "full_name"), "person.full_name");
  assert.equal(templateWriter("sqlite").id("person"), "person");
  assert.equal(templateWriter("sqlite").id("s", "user"), '${conn.sql.id("s", "user")}');
  assert.equal(templateWriter("sqlite").foreign("a `b` ${c} \\"), "a \\`b\\` \\${c} \\\\");
});
