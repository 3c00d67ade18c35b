/** Files of rows whatever is in them: what is written is read, wherever the pieces end; and the two readers of CSV agree. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { DelembicError } from "../../src/errors.ts";
import type { BadRow } from "../../src/rows.ts";
import { readCsvRecord } from "../../src/rows_csv_record.ts";
import { CsvScanner } from "../../src/rows_csv_scan.ts";
import { BadRows, chunksOf } from "../../src/rows_parser.ts";
import type { RecordSyntax } from "../../src/rows_record.ts";
import { RecordParser } from "../../src/rows_records.ts";
import { joinedBytes, TextPieces } from "../../src/rows_text.ts";
import { readTsvRecord } from "../../src/rows_tsv_record.ts";
import { csvTexts, ndjsonTexts, tsvTexts } from "../../src/rows_write.ts";
import { faultOf, readCsvText, readRows } from "../row_files.ts";

const CSV: RecordSyntax = { delimiter: 0x2c, null: "", special: '"', read: readCsvRecord };
const TSV: RecordSyntax = { delimiter: 0x09, null: "\\N", special: "\\", read: readTsvRecord };

/** Texts of the characters that mean something in CSV, and of some that do not. */
const field = fc.oneof(
  fc.constantFrom("", "x", "12", "NULL", "\\N", "\\.", '"', "é", "😀"),
  fc.array(fc.constantFrom(",", '"', "\n", "\r", "\t", "\\", "a", "b", " ", "é", "😀", ";"), { maxLength: 8 }).map((
    all,
  ) => all.join("")),
);

const table = fc.integer({ min: 1, max: 4 }).chain((width) =>
  fc.array(fc.array(fc.option(field, { nil: null }), { minLength: width, maxLength: width }), {
    minLength: 1,
    maxLength: 12,
  })
);

/** The same bytes, in pieces that end anywhere. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? bytes.length;
    pieces.push(bytes.slice(at, at + size));
    at += size;
  }
  return pieces;
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });

async function parsed(
  pieces: readonly Uint8Array[],
  syntax: RecordSyntax,
  options: { width?: number; collect?: boolean } = {},
): Promise<{ rows: unknown[][]; lines: number[]; bad: BadRow[] }> {
  const text = new TextPieces("utf-8");
  const decoded = (async function* () {
    for (const piece of pieces) yield await Promise.resolve(text.next(piece, false));
    yield text.next(new Uint8Array(0), true);
  })();
  const parser = new RecordParser(
    { syntax, encoding: "utf-8", width: options.width, named: false, line: 1, row: 1 },
    new BadRows("x.csv", options.collect ?? false),
  );
  const all: { rows: unknown[][]; lines: number[]; bad: BadRow[] } = { rows: [], lines: [], bad: [] };
  for await (const { rows, lines, bad } of chunksOf(decoded, parser, "x.csv")) {
    all.rows.push(...rows);
    all.lines.push(...lines ?? []);
    all.bad.push(...bad);
  }
  return all;
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("what is written as CSV or TSV is read back, wherever the pieces end", async () => {
  await fc.assert(
    fc.asyncProperty(table, sizes, fc.boolean(), async (rows, sizes, lastEnd) => {
      for (
        const [syntax, texts] of [
          [CSV, csvTexts({ columns: undefined, delimiter: ",", null: "" })],
          [TSV, tsvTexts({ columns: undefined, null: "\\N" })],
        ] as const
      ) {
        // a last row of one empty field is only there with its end of line
        const text = rows.map((row) => texts.textOf(row)).join("\n") + (lastEnd || rows[0]?.length === 1 ? "\n" : "");
        const read = await parsed(cut(encoded(text), sizes), syntax, { width: rows[0]?.length ?? 0 });
        assert.deepEqual(read.rows, rows);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("what is written as NDJSON is read back", async () => {
  const names = ["a", "b", "constructor"];
  const values = fc.array(
    fc.array(fc.oneof(field, fc.integer(), fc.constant(null), fc.boolean()), { minLength: 3, maxLength: 3 }),
    { minLength: 1, maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(values, async (rows) => {
      const { textOf } = ndjsonTexts(names);
      assert.deepEqual((await readRows("x.ndjson", rows.map(textOf).join("\n"))).rows, rows);
      assert.deepEqual((await readRows("x.json", `[${rows.map(textOf).join(",\n")}]`)).rows, rows);
    }),
    { numRuns: 50 },
  );
});

/** Nearly CSV: bytes that mean something, and some that may not be. */
const soup = fc.array(
  fc.constantFrom(
    0x2c,
    0x2c,
    0x2c,
    0x22,
    0x22,
    0x0a,
    0x0a,
    0x0d,
    0x61,
    0x62,
    0x00,
    0xc3,
    0xa9,
    0xff,
    0x5c,
    0x09,
    0x7b,
    0x5b,
    0x7d,
    0x5d,
    0x3a,
  ),
  { maxLength: 40 },
).map((bytes) => Uint8Array.from(bytes));

Deno.test("where pieces end changes nothing, whatever the bytes are", async () => {
  await fc.assert(
    fc.asyncProperty(soup, sizes, fc.boolean(), async (bytes, sizes, isCsv) => {
      const options = { width: 2, collect: true };
      const syntax = isCsv ? CSV : TSV;
      assert.deepEqual(await parsed(cut(bytes, sizes), syntax, options), await parsed([bytes], syntax, options));
    }),
    { numRuns: 1500 },
  );
});

Deno.test("bytes of any kind are rows, or an error that is told", async () => {
  await fc.assert(
    fc.asyncProperty(
      soup,
      fc.constantFrom("x.csv", "x.tsv", "x.ndjson", "x.json", "x.csv.gz", "x.csv.zst"),
      async (bytes, name) => {
        await faultOf(readRows(name, bytes, { header: false }));
        await faultOf(readRows(name, bytes, { collect: true }));
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("CSV that is handed on has the same rows and the same faults as CSV that is read", async () => {
  await fc.assert(
    fc.asyncProperty(soup, async (tail) => {
      const bytes = joinedBytes([encoded("a,b\n"), tail]);
      const read = await readRows("x.csv", bytes).catch((error: unknown) => error);
      const handed = await readCsvText("x.csv", bytes).catch((error: unknown) => error);
      if (read instanceof DelembicError || handed instanceof DelembicError) {
        assert.ok(read instanceof DelembicError && handed instanceof DelembicError, `${read} ${handed}`);
        assert.deepEqual([read.message, read.place], [handed.message, handed.place]);
        return;
      }
      const { rows, lines } = read as Awaited<ReturnType<typeof readRows>>;
      const csv = handed as NonNullable<Awaited<ReturnType<typeof readCsvText>>>;
      const again = await parsed([encoded(csv.text)], CSV, { width: 2 });
      assert.deepEqual(again.rows, rows);
      assert.deepEqual(rows.map((_, index) => csv.lineOf(index + 1)), lines);
    }),
    { numRuns: 400 },
  );
});

Deno.test("the scanner of CSV finds the same records, wherever the buffers end", () => {
  fc.assert(
    fc.property(table.filter(([row]) => (row?.length ?? 0) > 1), sizes, (rows, sizes) => {
      const { textOf } = csvTexts({ columns: undefined, delimiter: ",", null: "" });
      const bytes = encoded(rows.map((row) => `${textOf(row)}\n`).join(""));
      const scanner = new CsvScanner({ delimiter: 0x2c, width: rows[0]?.length ?? 0, line: 1 });
      const out: Uint8Array[] = [];
      let rest = new Uint8Array(0) as Uint8Array;
      for (const piece of [...cut(bytes, sizes), new Uint8Array(0)]) {
        const buffer = joinedBytes([rest, piece]);
        const scan = scanner.scan(buffer, piece.length === 0);
        assert.equal(scan.faultAt, undefined);
        out.push(...scan.parts);
        rest = buffer.subarray(scan.consumed);
      }
      assert.deepEqual(joinedBytes(out), bytes);
      assert.equal(scanner.next.row, rows.length + 1);
    }),
    { numRuns: 300 },
  );
});
