/** The rows that a load could not take: a file that can be mended and loaded, and a log of what is wrong. */

import assert from "node:assert/strict";
import { DelembicError } from "../../src/errors.ts";
import { openRowFile } from "../../src/rows_file.ts";
import { RejectFile, rejectPathOf } from "../../src/rows_reject.ts";
import { drained, type Options, withFile } from "../row_files.ts";

interface Case {
  readonly name: string;
  readonly text: string;
  readonly options?: Options;
  readonly rejected: string;
  readonly log: string;
}

const CASES: readonly Case[] = [
  {
    name: "x.csv",
    text: 'a,"b,c"\n1,2\n3\n"4\n",5,6\n',
    rejected: 'a,"b,c"\n3\n"4\n",5,6\n',
    log: "x.csv:3: The row has 1 field; the header has 2\nx.csv:4: The row has 3 fields; the header has 2\n",
  },
  {
    name: "x.csv",
    text: "1;2\n3\n",
    options: { header: false, delimiter: ";" },
    rejected: "3\n",
    log: "x.csv:2: The row has 1 field; the first row has 2\n",
  },
  {
    name: "x.tsv",
    text: "a\tb\n1\t2\n\\N\n",
    rejected: "a\tb\n\\N\n",
    log: "x.tsv:3: The row has 1 field; the header has 2\n",
  },
  {
    name: "x.ndjson",
    text: '{"a":1}\n{"a":1,}\n',
    rejected: '{"a":1,}\n',
    log: "x.ndjson:2: The row is not JSON: Expected double-quoted property name, character 8\n",
  },
  {
    name: "x.json",
    text: '[{"a":1},\n{"b":1},\n{"c":\n1}]\n',
    rejected: '[\n{"b":1},\n{"c":\n1}\n]\n',
    log: 'x.json:2: The row has a member "b" that the first row does not have\n' +
      'x.json:3: The row has a member "c" that the first row does not have\n',
  },
];

for (const { name, text, options = {}, rejected, log } of CASES) {
  Deno.test(`RejectFile keeps bad rows of ${name} as they stand${options.header === false ? ", without a header" : ""}`, async () => {
    await withFile(name, text, async (path) => {
      await using reader = await openRowFile(path, { ...options, shownName: name, collect: true });
      const file = new RejectFile(rejectPathOf(path), `${name}.rejected`, reader);
      for (const bad of (await drained(reader)).bad) await file.add(bad);
      await file.finish();
      await file[Symbol.asyncDispose]();
      assert.equal(await Deno.readTextFile(`${path}.rejected`), rejected);
      assert.equal(await Deno.readTextFile(`${path}.rejected.log`), log);
      // mended, it is loaded with the same options
      if (!/sv$/.test(name)) return;
      await using again = await openRowFile(`${path}.rejected`, { ...options, shownName: name, collect: true });
      assert.deepEqual(again.columns, reader.columns);
    });
  });
}

Deno.test("RejectFile writes nothing while no row is bad, and replaces what the load before has left", async () => {
  await withFile("x.csv", "a,b\n1,2\n", async (path) => {
    await using reader = await openRowFile(path, { shownName: "x.csv" });
    await using none = new RejectFile(`${path}.rejected`, "x.csv.rejected", reader);
    await none.finish();
    await assert.rejects(Deno.stat(`${path}.rejected`), Deno.errors.NotFound);
    await Deno.writeTextFile(`${path}.rejected`, "a long text of the load before");
    const bad = {
      line: 2,
      row: 1,
      column: "a",
      value: "1",
      problem: "is not\na date",
      text: reader.texts?.textOf([1, 'x,"']) ?? "",
    };
    {
      await using one = new RejectFile(`${path}.rejected`, "x.csv.rejected", reader);
      await one.add(bad);
      assert.equal(one.count, 1);
    }
    assert.equal(await Deno.readTextFile(`${path}.rejected`), 'a,b\n1,"x,"""\n');
    assert.equal(await Deno.readTextFile(`${path}.rejected.log`), 'x.csv:2: Column a: "1" is not a date\n');
  });
});

Deno.test("RejectFile says when it cannot be written", async () => {
  await withFile("x.csv", "a,b\n1,2\n", async (path) => {
    await using reader = await openRowFile(path, { shownName: "x.csv" });
    await using file = new RejectFile(`${path}/y.rejected`, "y.rejected", reader);
    const adding = file.add({ line: 2, row: 1, column: undefined, value: undefined, problem: "Bad", text: "1,2" });
    await assert.rejects(adding, (error) => {
      assert.ok(error instanceof DelembicError);
      assert.deepEqual([error.message, error.hint, error.place?.file], [
        "Cannot write the file of rejected rows: Not a directory",
        "Name another one by `rejectFile`.",
        "y.rejected",
      ]);
      return true;
    });
  });
});

Deno.test("rejectPathOf() is beside the source, uncompressed", () => {
  assert.equal(rejectPathOf("data/person.csv.gz"), "data/person.csv.rejected");
  assert.equal(rejectPathOf("data/person.ndjson"), "data/person.ndjson.rejected");
});
