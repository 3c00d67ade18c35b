/** What is read of Alembic scripts in the styles of real projects, and what the data needs of it. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { readOperations } from "../../src/alembic/operation_reader.ts";
import { readChanges } from "../../src/draft_changes.ts";
import { sentenceOf } from "../../src/draft_need.ts";
import { fixtureNames, readFixture, scriptsOf } from "../schema_changes.ts";

/**
 * For each fixture what is needed: where, between which Alembic revisions, and why; a condition stands behind `?`. Then
 * what has no room, what needs nothing, and what cannot be read.
 */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  add_column: [
    "1.py:18 (add_column_1..) person.nickname is added without a server default",
  ],
  aliases: [
    "1.py:18 (aliases_1..) team.motto is added without a server default",
  ],
  check: [
    "1.py:16 (base00000000..check_1) visit gets a check: score >= 0",
  ],
  constants: [
    "1.py:21 (base00000000..constants_1) person_id of visit becomes unique",
    "1.py:22 (constants_1..) visit.extra_1 is added without a server default",
    "1.py:22 (constants_1..) visit.extra_2 is added without a server default",
  ],
  copy_column: [
    "1.py:15 (copy_column_1..copy_column_2) person.email_address looks like person.email under a new name, which is dropped in 2.py:16",
  ],
  copy_in_one: [
    "1.py:16 (copy_in_one_1..) person.email_address is added without a server default",
    "1.py:17 (base00000000..copy_in_one_1) person.email is dropped",
    "no room 1.py:17 person.email is dropped in the revision that adds person.email_address: nothing can be put between to copy it",
  ],
  default: [
    "1.py:15 (default_1..default_2) person.locale is added without a server default, and becomes NOT NULL in 2.py:16",
  ],
  dialects: [
    "1.py:17 (dialects_1..) team.only_sqlite is added without a server default",
  ],
  drop_columns: [
    "1.py:20 (base00000000..drop_columns_1) person.fax is dropped",
    "1.py:20 (base00000000..drop_columns_1) person.age is dropped",
  ],
  drop_table: [
    "1.py:16 (base00000000..drop_table_1) the table legacy is dropped",
  ],
  dynamic: [
    "unread 1.py:21 op.drop_table: its table_name cannot be known without running it",
    "unread 1.py:23 op.add_column: its column cannot be known without running it",
    "unread 1.py:24 SQL that is not looked into: ALTER TABLE team ADD COLUMN size_of integer",
    "unread 1.py:26 SQL that is no literal",
    'unread 1.py:27 add_audit_trigger("team"): the function is of another module, which is not read',
  ],
  enum_column: [
    "1.py:16 (enum_column_1..enum_column_2) person.mood is added without a server default, and becomes NOT NULL in 2.py:16",
  ],
  enum_table: [
    "1.py:15 (enum_table_1..) person_role looks like reference data, and is created empty",
  ],
  existing_not_null: [
    "1.py:16 (base00000000..existing_not_null_1) person.email becomes NOT NULL",
  ],
  expand_contract: [
    "1.py:15 (expand_contract_1..expand_contract_2) person.status is added without a server default, and becomes NOT NULL in 2.py:16",
  ],
  foreign_key: [
    "1.py:16 (base00000000..foreign_key_1) visit gets a foreign key: person_id to person",
  ],
  foreign_key_by_name: [
    "1.py:15 (base00000000..foreign_key_by_name_1) person gets a foreign key: team_id to team",
  ],
  grown_tables: [
    "1.py:23 (grown_tables_1..) legacy.colour_of_team is added without a server default",
    "1.py:23 (grown_tables_1..) legacy.colour_of_visit is added without a server default",
    "unread 1.py:18 op.add_column: its table_name and column cannot be known without running it",
  ],
  guarded: [
    "none 1.py:11 the script has a guard of its own",
  ],
  helper_function: [
    "1.py:15 (helper_function_1..) team.changed_at is added without a server default",
    "1.py:15 (helper_function_1..) visit.changed_at is added without a server default",
    "1.py:17 (helper_function_1..) visit.changed_by_visit is added without a server default",
  ],
  inherited_key: [
    "2.py:10 (inherited_key_2..) membership.since is added without a server default",
  ],
  join_columns: [
    "1.py:15 (join_columns_1..join_columns_2) legacy.part looks as if it is made of legacy.first_part and legacy.last_part, which are dropped in 2.py:18",
  ],
  keyless: [
    "2.py:10 (keyless_2..) reading.place is added without a server default",
  ],
  keywords: [
    "1.py:15 (keywords_1..) visit.place is added without a server default",
    "1.py:16 (base00000000..keywords_1) person_id of visit becomes unique",
  ],
  may_happen: [
    '1.py:20 (may_happen_1..) team.city is added without a server default ?if not has_column("team", "city")',
    '1.py:23 (may_happen_1..) team.zip is added without a server default ?not \'if has_column("team", "zip")\'',
  ],
  named_schema: [
    "2.py:10 (named_schema_2..named_schema_3) app.item.label is added without a server default, and becomes NOT NULL in 3.py:11",
    "3.py:12 (named_schema_2..named_schema_3) app.item.old is dropped",
    "3.py:13 (named_schema_2..named_schema_3) label of app.item becomes unique",
    "none 1.py:12 the script puts rows into item by itself",
  ],
  no_data: [
    "none 1.py:15 no data, says the script",
    "none 1.py:18 no data, says the script",
    "none 1.py:19 no data, says the script",
  ],
  no_data_at_all: [
    "none 1.py:16 no data, says the script",
  ],
  not_null_at_once: [
    "no room 1.py:16 person.code is added as NOT NULL without a server default, which a table with rows refuses",
  ],
  not_null_in_one: [
    "no room 1.py:17 person.slug is added and becomes NOT NULL in one revision: nothing can be put between",
  ],
  opaque_update: [
    "none 1.py:14 the script updates team by itself",
    "none 1.py:20 team.code becomes NOT NULL; SQL of the script that is not read may fill it",
    "unread 1.py:17 SQL that is no literal",
  ],
  own_update: [
    "none 1.py:16 the script updates person by itself",
  ],
  postgresql_enum: [
    "1.py:20 (postgresql_enum_1..) person.mood is added without a server default",
  ],
  reference_rows: [
    "none 1.py:20 the script puts rows into visit_status by itself",
  ],
  reference_table: [
    "1.py:15 (reference_table_1..) country looks like reference data, and is created empty",
    "1.py:20 (reference_table_1..) team.country_code is added without a server default",
  ],
  rename_column: [
    "none 1.py:16 person.fax becomes fax_number, and keeps its values",
  ],
  rename_table: [
    "2.py:15 (rename_table_2..) old_parts.note is added without a server default",
    "none 1.py:15 legacy becomes old_parts, and keeps its rows",
  ],
  reserved_names: [
    "1.py:15 (reserved_names_1..reserved_names_2) visit.order is added without a server default, and becomes NOT NULL in 2.py:16",
    "2.py:17 (reserved_names_1..reserved_names_2) order of visit becomes unique",
    "2.py:18 (reserved_names_1..reserved_names_2) visit.Group is dropped",
  ],
  server_default: [
    "none 1.py:15 person.visits is added with a value from the database",
    "none 1.py:16 person.rank_no is added with a value from the database",
  ],
  shorter_text: [
    "1.py:16 (base00000000..shorter_text_1) person.name becomes sa.String(length=20), and was sa.String(50)",
  ],
  split_column: [
    "1.py:16 (split_column_1..split_column_2) person.first_name looks as if it is made of person.name, which is dropped in 2.py:15",
    "1.py:16 (split_column_1..split_column_2) person.last_name looks as if it is made of person.name, which is dropped in 2.py:15",
  ],
  text_to_number: [
    "1.py:16 (base00000000..text_to_number_1) person.age becomes sa.Integer(), and was sa.String(10)",
  ],
  text_to_number_plain: [
    "1.py:16 (base00000000..text_to_number_plain_1) person.age becomes sa.Integer(), and was sa.String(10)",
  ],
  tutorial: [
    "2.py:17 (ae1027a6acf..) account.last_transaction_date is added without a server default",
  ],
  unique_expression: [
    "1.py:15 (base00000000..unique_expression_1) lower(email) of person becomes unique",
  ],
  unique_index: [
    "1.py:15 (base00000000..unique_index_1) email of person becomes unique",
  ],
  unique_pair: [
    "1.py:16 (base00000000..unique_pair_1) person_id, seen_on of visit becomes unique",
  ],
  unique_partial: [
    "1.py:15 (base00000000..unique_partial_1) email of person becomes unique",
  ],
  wider_types: [
    "none 1.py:16 person.name becomes sa.Text(), which takes every value",
    "none 1.py:17 person.team_id becomes sa.BigInteger(), which takes every value",
  ],
};

function told(name: string, dialect?: "postgresql"): string[] {
  const { needs, obstacles, remarks, unread } = readFixture(name, dialect);
  const at = ({ file, line }: { readonly file: string; readonly line: number }) => `${file}:${line}`;
  return [
    ...needs.map((need) => {
      const condition = need.onlyIf === undefined ? "" : ` ?${need.onlyIf}`;
      return `${at(need.place)} (${need.after}..${need.before}) ${sentenceOf(need)}${condition}`;
    }),
    ...obstacles.map(({ place, message }) => `no room ${at(place)} ${message}`),
    ...remarks.map(({ place, message }) => `none ${at(place)} ${message}`),
    ...unread.map(({ place, message }) => `unread ${at(place)} ${message}`),
  ];
}

Deno.test("what scripts of many styles change is what the table says", () => {
  assert.deepEqual(Object.fromEntries(fixtureNames().map((name) => [name, told(name)])), EXPECTED);
});

Deno.test("a branch of the script is taken by the database's kind", () => {
  assert.deepEqual(told("dialects", "postgresql"), [
    "1.py:21 (dialects_1..) team.only_postgresql is added without a server default",
  ]);
  assert.deepEqual(told("text_to_number", "postgresql"), [
    "none 1.py:16 person.age becomes sa.Integer(), converted by postgresql_using",
  ]);
});

const SOURCES = fixtureNames().flatMap((name) => [...scriptsOf(name).values()]);
const PIECES = [
  ..."()[]{},:=\n\"'#\\ *",
  "    ",
  "op.",
  "def upgrade():",
  "for x in y:",
  "return ",
  "lambda: ",
  '"""',
  "é",
];

Deno.test("whatever stands in a script, reading it does not fail", () => {
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat(40),
    put: fc.constantFrom(...PIECES),
  });
  const mutated = fc.tuple(fc.constantFrom(...SOURCES), fc.array(edit, { minLength: 1, maxLength: 6 })).map((
    [source, edits],
  ) =>
    edits.reduce((text, { at, cut, put }) => {
      const from = Math.floor(at * text.length);
      return text.slice(0, from) + put + text.slice(from + cut);
    }, source)
  );
  fc.assert(
    fc.property(mutated, (source) => {
      const { operations } = readOperations({ source, file: "a.py", dialect: "sqlite", imported: () => undefined });
      const lines = source.split("\n").length;
      assert.ok(operations.every(({ place }) => place.line >= 1 && place.line <= lines));
    }),
    { numRuns: 3000 },
  );
});

function operations(body: string) {
  const source = `from alembic import op\nimport sqlalchemy as sa\n${body}`;
  return readOperations({ source, file: "a.py", dialect: "sqlite", imported: () => undefined }).operations;
}

Deno.test("a function that calls itself, and a loop over many, come to an end", () => {
  assert.deepEqual(
    operations("def again():\n    again()\n    op.drop_table('a')\ndef upgrade():\n    again()\n").length,
    11,
  );
  const many = `MANY = [${
    "1, ".repeat(3000)
  }]\ndef upgrade():\n    for a in MANY:\n        for b in MANY:\n            op.drop_table('a')\n`;
  assert.ok(operations(many).length <= 20_000);
  const [deep] = operations(`def upgrade():\n    op.execute(${"(".repeat(9000)}1${")".repeat(9000)})\n`);
  // whether the parser takes it or not, it is among what was not read
  assert.ok(deep?.kind === "execute" || deep?.kind === "unread");
});

Deno.test("a script that is no Python in the middle is told so, with what was read of it", () => {
  const [first, ...more] = operations("def upgrade():\n    op.drop_table('a')\n    x = = 3\n    op.drop_table('b')\n");
  assert.deepEqual(first?.kind === "unread" && [first.place.line, first.why], [5, "a part of it is no Python"]);
  assert.deepEqual(more.map((change) => change.kind === "drop-table" ? change.table.name : change.kind), ["a", "b"]);
});

Deno.test("on branches each need has the window of its own line", () => {
  const step = (revision: string, down: readonly string[], body: string) => ({
    revision,
    down,
    inSpan: true,
    guarded: false,
    operations: operations(`def upgrade():\n    ${body}\n`),
  });
  const column = (name: string) => `sa.Column("${name}", sa.String(50))`;
  const { needs } = readChanges([
    step(
      "base",
      [],
      `op.create_table("person", sa.Column("id", sa.Integer(), primary_key=True), ${column("full_name")})`,
    ),
    step("left", ["base"], `op.add_column("person", ${column("first_name")})`),
    step("right", ["base"], `op.drop_column("person", "full_name")`),
    step("merge", ["left", "right"], `op.alter_column("person", "first_name", nullable=False)`),
    step("end", ["merge"], `op.create_unique_constraint("u", "person", ["first_name"])`),
  ], "postgresql");
  assert.deepEqual(needs.map((need) => [sentenceOf(need), need.after, need.before]), [
    ["person.first_name is added without a server default, and becomes NOT NULL in a.py:4", ["left"], ["merge"]],
    ["person.full_name is dropped", ["base"], ["right"]],
    ["first_name of person becomes unique", ["merge"], ["end"]],
  ]);
});
