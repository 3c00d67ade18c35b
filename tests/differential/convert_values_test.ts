/** Values of any kind: what the Python tool brings into a table, the converted migration brings there too. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type Ran, testWith } from "../support.ts";
import { pythonProject } from "../python_project.ts";

/** A text as Python writes it: what JSON escapes, Python does too, but for its pairs of surrogates. */
function literal(text: string): string {
  return JSON.stringify(text);
}

// no database takes NUL in a text, and no driver a lone surrogate
const TEXTS = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.array(
    fc.constantFrom(
      "'",
      '"',
      "\\",
      "`",
      "${x}",
      "$$",
      "{",
      "}",
      ":name",
      "::int",
      "%",
      "%s",
      "--",
      "/*",
      "\n",
      "  ",
      ";",
      "é",
      "😀",
      "?",
      "$1",
    ),
    {
      maxLength: 12,
    },
  ).map((parts) => parts.join("")),
).filter((text) => !/[\0\ud800-\udfff]/u.test(text) && text.isWellFormed());

/** Texts, whole numbers within 64 bits, and numbers that binary fractions hold exactly. */
function samples(count: number): string[] {
  const [texts] = fc.sample(fc.array(TEXTS, { minLength: count, maxLength: count }), { numRuns: 1, seed: 5 });
  return texts ?? [];
}

async function succeeded(ran: Promise<Ran>): Promise<void> {
  const { code, out, err } = await ran;
  assert.equal(code, 0, out + err);
}

for (const kind of ["sqlite", "postgresql", "mysql"] as const) {
  const needs = ["python", ...(kind === "sqlite" ? [] : [kind === "mysql" ? "mysql" : "postgres"] as const)] as const;
  testWith(
    needs,
    `${kind}: 200 texts, and numbers, come out of a converted migration as out of the Python one`,
    async () => {
      const texts = samples(200);
      const file = `
class Values(DataMigration):
    revision = "D001"
    description = "values"

    def upgrade(self, conn):
        conn.execute(text("create table kept (id int primary key, t varchar(200), n numeric(20, 0), f float, b int)"))
        rows = [
${texts.map((text, at) => `            {"id": ${at}, "t": ${literal(text)}},\n`).join("")}        ]
        conn.execute(text("insert into kept (id, t) values (:id, :t)"), rows)
        for id, t in [
${texts.slice(0, 30).map((text, at) => `            (${1000 + at}, ${literal(text)}),\n`).join("")}        ]:
            conn.execute(text("insert into kept (id, t) values (:id, :t)"), {"id": id, "t": t})
        conn.execute(
            text("insert into kept (id, n, f, b) values (:id, :n, :f, :b)"),
            [
                {"id": 2000, "n": 9007199254740993, "f": 0.5, "b": 1},
                {"id": 2001, "n": -1, "f": -2.25, "b": None},
                {"id": 2002, "n": 1_000_000, "f": 1e3, "b": 0x1F},
            ],
        )

    def validate(self, conn):
        assert conn.execute(text("select count(*) from kept")).scalar() == ${texts.length + 33}
${
        texts.slice(0, 10).map((text, at) =>
          `        assert conn.scalar(text("select t from kept where id = :id"), {"id": ${at}}) == ${literal(text)}\n`
        ).join("")
      }`;
      const rows = [];
      for (const way of ["python", "--sql", "--ts"]) {
        await using project = await pythonProject(kind, { "D001.py": file }, way === "python" ? undefined : "");
        if (way !== "python") await succeeded(project.delembic(["convert", "D001", way, "--write"]));
        await succeeded(project.delembic(["upgrade"]));
        rows.push(await project.rows("select id, t, cast(n as char(30)), f, b from kept order by id"));
      }
      assert.equal(rows[0]?.length, texts.length + 33);
      assert.deepEqual(rows[1], rows[0], "in SQL");
      assert.deepEqual(rows[2], rows[0], "in TypeScript");
    },
  );
}
