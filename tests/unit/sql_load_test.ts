/**
 * The directive `load` of SQL migrations.
 *
 * @module
 */

import assert from "node:assert/strict";
import { parseLoadLine } from "../../src/sql_load.ts";

Deno.test("a load is a table and a file", () => {
  assert.deepEqual(parseLoadLine("person from data/person.csv"), {
    table: ["person"],
    source: "data/person.csv",
    options: {},
  });
});

Deno.test("a load has columns and options in any order", () => {
  const line = `staging."Per ""son" (id, "full name") from 'my data/it''s.csv.gz' delimiter ';' null 'NA' ` +
    "encoding windows-1252 format csv compression gzip no header ignore (a, b) on conflict (id) update replace rejects 100";
  assert.deepEqual(parseLoadLine(line), {
    table: ["staging", 'Per "son'],
    source: "my data/it's.csv.gz",
    options: {
      columns: ["id", "full name"],
      delimiter: ";",
      null: "NA",
      encoding: "windows-1252",
      format: "csv",
      compression: "gzip",
      header: false,
      ignore: ["a", "b"],
      key: ["id"],
      onConflict: "update",
      replace: true,
      onBadRow: "collect",
      maxBadRows: 100,
    },
  });
  assert.deepEqual(parseLoadLine("t from x.tsv delimiter tab ON CONFLICT SKIP"), {
    table: ["t"],
    source: "x.tsv",
    options: { delimiter: "\t", onConflict: "skip" },
  });
});

for (
  const [line, problem, hint] of [
    ["", "does not begin with a table", "Write '-- delembic load: person from data/person.csv'."],
    ["person", "needs 'from' behind the table", "Write '-- delembic load: person from data/person.csv'."],
    ["person data/p.csv", "needs 'from' behind the table, not 'data/p.csv'", undefined],
    ["person from", "needs a file behind 'from'", undefined],
    ["person from 'p.csv", "has a quote that never ends: 'p.csv", "Close it."],
    ["person (id from p.csv", "has a list behind the table that is not one", "Write it as (id, name)."],
    ["person from p.csv delimeter ';'", "has an unknown option 'delimeter'", "Did you mean 'delimiter'?"],
    ["person from p.csv format xml", "has 'format xml'", "Known are csv, tsv, ndjson, json."],
    ["person from p.csv on conflict merge", "has 'on conflict merge'", "Known are skip, update."],
    ["person from p.csv replace replace", "says 'replace' twice", "Remove one of them."],
    [
      "person from p.csv rejects many",
      "has 'rejects many'",
      "It is the number of bad rows that are collected: 'rejects 100'.",
    ],
  ] as const
) {
  Deno.test(`a load that is none: ${line}`, () => {
    const read = parseLoadLine(line);
    assert("problem" in read);
    assert.equal(read.problem, problem);
    if (hint !== undefined) assert.equal(read.hint, hint);
  });
}
