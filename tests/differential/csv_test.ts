/** CSV as Python's csv module reads and writes it. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { BadRows } from "../../src/rows_parser.ts";
import { readCsvRecord } from "../../src/rows_csv_record.ts";
import { RecordParser } from "../../src/rows_records.ts";
import { DelembicError } from "../../src/errors.ts";
import { outside, testWith } from "../support.ts";

async function pythonRows(texts: readonly string[]): Promise<(string[][] | string)[]> {
  const child = new Deno.Command(outside.python ?? "python3", {
    args: [new URL("csv_rows.py", import.meta.url).pathname],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(texts)));
  await writer.close();
  const { code, stdout } = await child.output();
  assert.equal(code, 0);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The rows, with NULL as the empty text that Python has for it; or what is wrong. */
function ourRows(text: string): unknown[][] | string {
  const syntax = { delimiter: 0x2c, null: "", special: '"', read: readCsvRecord } as const;
  const parser = new RecordParser(
    { syntax, encoding: "utf-8", width: undefined, named: false, line: 1, row: 1 },
    new BadRows("x.csv", false),
  );
  try {
    return parser.parse({ text, broken: false }, true).rows.map((row) => row.map((value) => value ?? ""));
  } catch (error) {
    if (error instanceof DelembicError) return error.message;
    throw error;
  }
}

/** Of several columns: with one, an empty line is a row here and none there. */
const texts = fc.array(
  fc.array(fc.constantFrom('"', '"', '""', ",", ",", "\n", "\r\n", "a", "é", " ", '"x"', '"y\nz"'), { maxLength: 14 })
    .map((
      parts,
    ) => `p,q\n${parts.join("")}`),
  { minLength: 3000, maxLength: 3000 },
);

testWith(["python"], "CSV has the rows that Python reads; what Python refuses is refused", async () => {
  const [all = []] = fc.sample(texts, { numRuns: 1, seed: 7 });
  let equal = 0, refused = 0;
  for (const [index, theirs] of (await pythonRows(all)).entries()) {
    const text = all[index] ?? "";
    const ours = ourRows(text);
    if (typeof theirs === "string") {
      refused++;
      assert.equal(typeof ours, "string", text);
    } else if (typeof ours !== "string") {
      equal++;
      assert.deepEqual(ours, theirs, text);
    } else {
      // only these are refused here and not there
      assert.match(ours, /in the middle of field|; the first row has 2$/, text);
    }
  }
  assert.ok(equal > 100 && refused > 100, `${equal} equal, ${refused} refused`);
});
