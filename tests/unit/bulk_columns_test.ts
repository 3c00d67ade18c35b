/**
 * Which value goes into which column, and what is said when that is not clear.
 *
 * @module
 */

import assert from "node:assert/strict";
import { ColumnsError, conflictKey, type NamedSource, planColumns } from "../../src/bulk_columns.ts";
import type { LoadOptions } from "../../src/bulk_options.ts";
import type { ColumnShape, TableShape } from "../../src/db/catalog.ts";
import { DelembicError } from "../../src/errors.ts";

function column(name: string, more: Partial<ColumnShape> = {}): ColumnShape {
  return { name, type: "text", kind: "text", nullable: true, hasDefault: false, generated: false, ...more };
}

const TABLE: TableShape = {
  path: ["app", "person"],
  columns: [
    column("id", { nullable: false }),
    column("Name", { nullable: false }),
    column("age"),
    column("made", { nullable: false, hasDefault: true }),
    column("full", { generated: true }),
  ],
  keys: [
    { name: "person_pkey", columns: ["id"], primary: true },
    { name: "person_name_age", columns: ["Name", "age"], primary: false },
    { name: "rowid", columns: ["rowid"], primary: false },
  ],
};

function source(columns: readonly string[] | undefined, more: Partial<NamedSource> = {}): NamedSource {
  return { name: "p.csv", columns, headerLine: columns === undefined ? undefined : 1, ...more };
}

function planned(columns: readonly string[] | undefined, options: LoadOptions = {}, more: Partial<NamedSource> = {}) {
  const plan = planColumns(TABLE, source(columns, more), options);
  return { columns: plan.columns.map(({ name }) => name), from: plan.from, asIs: plan.asIs };
}

function refused(columns: readonly string[] | undefined, options: LoadOptions = {}, more: Partial<NamedSource> = {}) {
  try {
    planColumns(TABLE, source(columns, more), options);
  } catch (error) {
    assert(error instanceof ColumnsError);
    return [...error.message.split("\n").slice(1), error.hint];
  }
  assert.fail("planned");
}

Deno.test("planColumns() takes names exactly, else without regard to case", () => {
  assert.deepEqual(planned(["ID", "name", "age"]), { columns: ["id", "Name", "age"], from: [0, 1, 2], asIs: true });
  assert.deepEqual(planned(["Name", "id"]), { columns: ["Name", "id"], from: [0, 1], asIs: true });
});

Deno.test("planColumns() leaves out, renames and adds", () => {
  assert.deepEqual(planned(["x", "id", "who"], { ignore: ["X"], columns: { Name: "who" }, defaults: { age: 1 } }), {
    columns: ["id", "Name", "age"],
    from: [1, 2, undefined],
    asIs: false,
  });
});

Deno.test("planColumns() takes a list by name where the names are the source's, else by place", () => {
  assert.deepEqual(planned(["Name", "id"], { columns: ["id", "Name"] }), {
    columns: ["Name", "id"],
    from: [0, 1],
    asIs: true,
  });
  assert.deepEqual(planned(["a", "b"], { columns: ["id", "Name"] }), {
    columns: ["id", "Name"],
    from: [0, 1],
    asIs: true,
  });
  assert.deepEqual(planned(undefined, { columns: ["Name", "id"] }, { width: 2 }), {
    columns: ["Name", "id"],
    from: [0, 1],
    asIs: true,
  });
  assert.deepEqual(planned(undefined, {}, { width: 4 }).columns, ["id", "Name", "age", "made"]);
});

Deno.test("planColumns() names all that is wrong at once, and what to do", () => {
  assert.deepEqual(refused(["id", "nme", "full", "x"]), [
    "  the table has no column 'nme': closest is 'Name'",
    "  'full' is computed by the table, and takes no value",
    "  the table has no column 'x'",
    "  the source has no column 'Name', which the table needs",
    'Say which one is meant with columns: { Name: "nme" }, or leave out with ignore: [ "nme", "full", "x" ], ' +
    "or give a value with defaults: { Name: … }.",
  ]);
  assert.deepEqual(refused(["id", "Name", "NAME"]), ["  'Name' is there twice", undefined]);
  assert.deepEqual(refused(["id", "Name"], { defaults: { id: 1 } }), [
    "  'id' has a default, and is in the source too",
    undefined,
  ]);
  assert.deepEqual(refused(["id", "Name"], { ignore: ["agee"] }), [
    "  there is no column 'agee' to ignore",
    undefined,
  ]);
  assert.deepEqual(refused(["id", "Name"], { columns: { age: "nam" } }), [
    "  the source has no column 'nam', which is meant for 'age': closest is 'Name'",
    undefined,
  ]);
  assert.deepEqual(refused(undefined, {}, { width: 3 }), [
    "  the source has 3 columns without names, and the table has 4",
    undefined,
  ]);
});

Deno.test("planColumns() says where the header is", () => {
  try {
    planColumns(TABLE, source(["id"]), {});
    assert.fail("planned");
  } catch (error) {
    assert(error instanceof ColumnsError);
    assert.equal(error.message.split("\n")[0], "The columns of p.csv do not fit the table app.person:");
    assert.deepEqual(error.place, { file: "p.csv", line: 1 });
  }
});

Deno.test("conflictKey() is the primary key, or the one that is named", () => {
  const all = TABLE.columns;
  assert.equal(conflictKey(TABLE, undefined, all).name, "person_pkey");
  assert.equal(conflictKey(TABLE, ["age", "name"], all).name, "person_name_age");
  const failure = (wanted: string | undefined, table: TableShape, loaded: readonly ColumnShape[]) => {
    try {
      conflictKey(table, wanted, loaded);
    } catch (error) {
      assert(error instanceof DelembicError);
      return `${error.message} (${error.hint})`;
    }
    assert.fail("found");
  };
  assert.equal(
    failure("age", TABLE, all),
    "(age) is no unique key of the table app.person (Its unique keys are (id), (Name, age): name one with 'key'.)",
  );
  assert.equal(
    failure(undefined, { ...TABLE, keys: [] }, all),
    "The table app.person has no primary key, by which rows would be the same (It has no unique key at all: add a " +
      "unique constraint, or load into it without onConflict.)",
  );
  assert.equal(
    failure(undefined, TABLE, all.slice(1)),
    "The key (id) of the table app.person decides, but the source has no column id (Name another unique key with " +
      "'key', or give the column with 'defaults' or 'map'.)",
  );
});
