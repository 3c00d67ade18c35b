/** Files of rows, as they should be: what each format, name and option means. */

import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { openRowFile } from "../../src/rows_file.ts";
import { type Options, readCsvText, readRows, withFile } from "../row_files.ts";

interface Case {
  readonly what: string;
  readonly name?: string;
  readonly text: string | Uint8Array;
  readonly options?: Options;
  readonly columns?: readonly string[] | undefined;
  readonly rows: readonly (readonly unknown[])[];
  readonly lines?: readonly number[];
}

function bytes(...parts: (string | number)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]),
  );
}

function utf16(text: string, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let at = 0; at < text.length; at++) view.setUint16(at * 2, text.charCodeAt(at), littleEndian);
  return new Uint8Array(view.buffer);
}

const CASES: readonly Case[] = [
  { what: "lines that end with LF", text: "a,b\n1,2\n3,4\n", rows: [["1", "2"], ["3", "4"]], lines: [2, 3] },
  { what: "lines that end with CR LF", text: "a,b\r\n1,2\r\n3,4\r\n", rows: [["1", "2"], ["3", "4"]], lines: [2, 3] },
  { what: "lines that end with CR", text: "a,b\r1,2\r3,4\r", rows: [["1", "2"], ["3", "4"]], lines: [2, 3] },
  {
    what: "lines that end in different ways",
    text: "a,b\n1,2\r\n3,4\r5,6\n",
    rows: [["1", "2"], ["3", "4"], ["5", "6"]],
    lines: [2, 3, 4],
  },
  { what: "a last line without an end", text: "a,b\n1,2", rows: [["1", "2"]] },
  { what: "a last line that ends with a delimiter", text: "a,b\n1,", rows: [["1", null]] },
  { what: "a header alone", text: "a,b\n", rows: [], lines: [] },
  { what: "a header alone without an end of line", text: "a,b", rows: [] },
  { what: "an empty field and an empty text", text: 'a,b\n,""\n"",\n', rows: [[null, ""], ["", null]] },
  {
    what: "quotes, delimiters and ends of lines in quotes",
    text: 'a,b\n"x ""y"" z","1,2"\n"p\nq\r\nr",5\n6,7\n',
    rows: [['x "y" z', "1,2"], ["p\nq\r\nr", "5"], ["6", "7"]],
    lines: [2, 3, 6],
  },
  { what: "all quoted, with CR LF", text: '"a","b"\r\n"1","2"\r\n', rows: [["1", "2"]], lines: [2] },
  { what: "quotes alone", text: 'a,b\n"""",""""""\n', rows: [['"', '""']] },
  {
    what: "a header in quotes, with an end of line",
    text: '"a\nx",b\n1,2\n',
    columns: ["a\nx", "b"],
    rows: [["1", "2"]],
    lines: [3],
  },
  { what: "blanks as part of the values", text: "a,b\n 1 ,\t2\n", rows: [[" 1 ", "\t2"]] },
  {
    what: "empty lines between rows of several columns",
    text: "a,b\n\n1,2\n\r\n3,4\n\n",
    rows: [["1", "2"], ["3", "4"]],
    lines: [3, 5],
  },
  {
    what: "empty lines of one column as NULL",
    text: 'a\n1\n\n""\n',
    rows: [["1"], [null], [""]],
    lines: [2, 3, 4],
    columns: ["a"],
  },
  { what: "a byte order mark", text: "\uFEFFa,b\n1,2\n", rows: [["1", "2"]] },
  { what: "a byte order mark before quotes", text: '\uFEFF"a","b"\n1,2\n', rows: [["1", "2"]] },
  {
    what: "no header",
    text: "1,2\n3,4\n",
    options: { header: false },
    columns: undefined,
    rows: [["1", "2"], ["3", "4"]],
    lines: [1, 2],
  },
  { what: "no header and no rows", text: "", options: { header: false }, columns: undefined, rows: [] },
  { what: "a declared delimiter", text: 'a;b\n1;"2;3"\n', options: { delimiter: ";" }, rows: [["1", "2;3"]] },
  {
    what: "tabs and quotes, as spreadsheets write them",
    name: "x.tsv",
    text: 'a\tb\n1\t"2\t3"\n',
    options: { format: "csv", delimiter: "\t" },
    rows: [["1", "2\t3"]],
  },
  {
    what: "one column that has semicolons",
    text: "a;b\n1;2\n",
    options: { delimiter: "," },
    columns: ["a;b"],
    rows: [["1;2"]],
  },
  {
    what: "a declared text for NULL",
    text: 'a,b\nNA,"NA"\n,x\n',
    options: { null: "NA" },
    rows: [[null, "NA"], ["", "x"]],
  },
  { what: "characters of all lengths", text: "a,b\né,€\n😀,\u0001\n", rows: [["é", "€"], ["😀", "\u0001"]] },
  { what: "a replacement character that was meant", text: "a,b\n\uFFFD,2\n", rows: [["\uFFFD", "2"]] },
  { what: "UTF-16 by its byte order mark", text: utf16("\uFEFFa,b\né,2\n", true), rows: [["é", "2"]] },
  { what: "UTF-16 of the other order", text: utf16("\uFEFFa,b\né,2\n", false), rows: [["é", "2"]] },
  {
    what: "UTF-16 as declared",
    text: utf16("a,b\né,2\n", true),
    options: { encoding: "utf-16le" },
    rows: [["é", "2"]],
  },
  {
    what: "a declared encoding",
    text: bytes("a,b\n", 0xe9, 0x80, ",2\n"),
    options: { encoding: "windows-1252" },
    rows: [["é€", "2"]],
  },
  {
    what: "TSV as COPY writes it",
    name: "x.tsv",
    text: 'a\tb\n1\tx\\ty\\nz\\\\\n\\N\t\n"q"\t2\n',
    rows: [["1", "x\ty\nz\\"], [null, ""], ['"q"', "2"]],
    lines: [2, 3, 4],
  },
  {
    what: "TSV as mysqldump writes it",
    name: "x.tsv",
    text: "a\tb\n1\tx\\\ty\\\nz\n2\tq\\Zr\n",
    rows: [["1", "x\ty\nz"], ["2", "q\x1ar"]],
    lines: [2, 4],
  },
  {
    what: "all escapes of TSV",
    name: "x.tsv",
    text: "a\tb\n\\b\\f\\n\\r\\t\\v\t\\q\\N\n",
    rows: [["\b\f\n\r\t\v", "qN"]],
  },
  { what: "TSV that ends with the mark of pg_dump", name: "x.tsv", text: "a\tb\n1\t2\n\\.\n", rows: [["1", "2"]] },
  {
    what: "TSV with CR LF and a declared NULL",
    name: "x.tsv",
    text: "a\tb\r\n\t\\N\r\n",
    options: { null: "" },
    rows: [[null, "N"]],
  },
  {
    what: "NDJSON",
    name: "x.ndjson",
    text: '{"a":1,"b":"x"}\r\n\n{"b":null,"a":true}\n{"a":{"x":[1]}}',
    rows: [[1, "x"], [true, null], [{ x: [1] }, null]],
    lines: [1, 3, 4],
  },
  { what: "NDJSON with a byte order mark", name: "x.jsonl", text: '\uFEFF{"a":1,"b":2}\n', rows: [[1, 2]] },
  { what: "NDJSON of arrays", name: "x.ndjson", text: "[1,2]\n[3,4]\n", columns: undefined, rows: [[1, 2], [3, 4]] },
  {
    what: "NDJSON of arrays with declared columns",
    name: "x.ndjson",
    text: "[1,2]\n",
    options: { columns: ["a", "b"] },
    rows: [[1, 2]],
  },
  {
    what: "numbers that a double cannot hold",
    name: "x.ndjson",
    text: '{"a":12345678901234567890,"b":0.1234567890123456789}\n',
    rows: [[12345678901234567890n, "0.1234567890123456789"]],
  },
  {
    what: "members that were named beforehand",
    name: "x.ndjson",
    text: '{"a":1}\n{"b":2,"c":3}\n',
    options: { columns: ["a", "b"], ignore: ["c"] },
    rows: [[1, null], [null, 2]],
  },
  {
    what: "members that columns of the table are mapped to",
    name: "x.ndjson",
    text: '{"a":1}\n{"b":2}\n',
    options: { columns: { id: "b" } },
    rows: [[1, null], [null, 2]],
  },
  {
    what: "members named as those that every object has",
    name: "x.ndjson",
    text: '{"constructor":1,"__proto__":2}\n{}\n',
    columns: ["constructor", "__proto__"],
    rows: [[1, 2], [null, null]],
  },
  {
    what: "JSON",
    name: "x.json",
    text: '[\n  {"a": 1, "b": "]}\\"["},\n  {"a": 2,\n   "b": [{}]}\n]\n',
    rows: [[1, ']}"['], [2, [{}]]],
    lines: [2, 3],
  },
  { what: "JSON without rows", name: "x.json", text: " [ ] ", columns: undefined, rows: [] },
  {
    what: "JSON of arrays",
    name: "x.json",
    text: "[[1,2],[3,4]]",
    columns: undefined,
    rows: [[1, 2], [3, 4]],
    lines: [1, 1],
  },
  {
    what: "NDJSON by declaration",
    name: "x.json",
    text: '{"a":1,"b":2}\n',
    options: { format: "ndjson" },
    rows: [[1, 2]],
  },
  { what: "what was rejected of another file", name: "x.csv.rejected", text: "a,b\n1,2\n", rows: [["1", "2"]] },
  { what: "names in capitals", name: "X.CSV", text: "a,b\n1,2\n", rows: [["1", "2"]] },
  { what: "gzip", name: "x.csv.gz", text: gzipSync("a,b\n1,2\n"), rows: [["1", "2"]] },
  {
    what: "gzip of several members",
    name: "x.csv.gz",
    text: new Uint8Array([...gzipSync("a,b\n1,"), ...gzipSync("2\n")]),
    rows: [["1", "2"]],
  },
  { what: "zstd", name: "x.ndjson.zst", text: zstdCompressSync('{"a":1,"b":2}\n'), rows: [[1, 2]] },
  {
    what: "zstd of several frames",
    name: "x.csv.zst",
    text: new Uint8Array([...zstdCompressSync("a,b\n1,"), ...zstdCompressSync("2\n")]),
    rows: [["1", "2"]],
  },
  {
    what: "a declared format and compression",
    name: "dump",
    text: gzipSync("a\tb\n1\t2\n"),
    options: { format: "tsv", compression: "gzip" },
    rows: [["1", "2"]],
  },
  {
    what: "a name of gzip without gzip",
    name: "x.csv.gz",
    text: "a,b\n1,2\n",
    options: { compression: "none" },
    rows: [["1", "2"]],
  },
];

for (const { what, name = "x.csv", text, options = {}, rows, lines, ...given } of CASES) {
  Deno.test(`openRowFile() reads ${what}`, async () => {
    const read = await readRows(name, text, options);
    assert.deepEqual(read.rows, rows);
    assert.deepEqual(read.columns, "columns" in given ? given.columns : ["a", "b"]);
    if (lines !== undefined) assert.deepEqual(read.lines, lines);
  });
}

const CSV_TEXTS: readonly { what: string; text: string; options?: Options; csv: string; lines?: readonly number[] }[] =
  [
    { what: "without the header", text: "a,b\n1,2\n3,4\n", csv: "1,2\n3,4\n", lines: [2, 3] },
    { what: "without the byte order mark", text: "\uFEFFa,b\r\n1,é\r\n", csv: "1,é\r\n" },
    { what: "without a last end of line, if there is none", text: 'a,b\n1,2\n"3",4', csv: '1,2\n"3",4' },
    {
      what: "with quotes as they are",
      text: 'a;b\n"1;\n2";""\n3;4\n',
      options: { delimiter: ";" },
      csv: '"1;\n2";""\n3;4\n',
      lines: [2, 4],
    },
    { what: "without empty lines", text: "a,b\n\n1,2\n\n\n3,4\n\n", csv: "1,2\n3,4\n", lines: [3, 6] },
    {
      what: "with the first record's end of line",
      text: "a,b\r\n1,2\n3,4\r\n5,6\r7,8",
      csv: "1,2\n3,4\n5,6\n7,8",
      lines: [2, 3, 4, 5],
    },
    { what: "of a header that takes lines", text: '"a\n1",b\n1,2\n', csv: "1,2\n", lines: [3] },
    {
      what: "of a file without a header",
      text: '1,"\r\n"\r3,4\r',
      options: { header: false },
      csv: '1,"\r\n"\r3,4\r',
      lines: [1, 3],
    },
    { what: "of a header alone", text: "a,b\n", csv: "" },
  ];

for (const { what, text, options, csv, lines = [] } of CSV_TEXTS) {
  Deno.test(`RowReader.csv gives the records ${what}`, async () => {
    const read = await readCsvText("x.csv", text, options);
    assert.equal(read?.text, csv);
    for (const [index, line] of lines.entries()) assert.equal(read?.lineOf(index + 1), line);
  });
}

Deno.test("RowReader.csv is not there where rows have to change, or may be bad", async () => {
  assert.equal(await readCsvText("x.csv", "a\n1\n"), undefined);
  assert.equal(await readCsvText("x.csv", "a,b\n1,2\n", { collect: true }), undefined);
  assert.equal(await readCsvText("x.csv", "a,b\n1,2\n", { encoding: "windows-1252" }), undefined);
  assert.equal(await readCsvText("x.csv", utf16("\uFEFFa,b\n1,2\n", true)), undefined);
  assert.equal(await readCsvText("x.tsv", "a\tb\n1\t2\n"), undefined);
});

Deno.test("RowReader.csv hands on a large file in parts that end with a record, and knows each row's line", async () => {
  const rows = Array.from({ length: 60_000 }, (_, index) => index % 7 === 0 ? `"${index}\n\né",x` : `${index},ü`);
  const read = await readCsvText("x.csv", `a,b\n${rows.join("\n")}\n`);
  assert.equal(read?.text, `${rows.join("\n")}\n`);
  assert.ok(read.chunks.length > 1);
  for (const chunk of read.chunks) assert.ok(chunk.endsWith("x\n") || chunk.endsWith("ü\n"));
  let line = 2;
  for (const [index, row] of rows.entries()) {
    if (index % 1009 === 0) assert.equal(read.lineOf(index + 1), line);
    line += row.split("\n").length;
  }
});

Deno.test("chunks() reads a row that is longer than many pieces of the file", async () => {
  const long = `${'""\n,'.repeat(500_000)}`;
  const { rows, lines } = await readRows("x.csv", `a,b\n"${long}",1\n2,3\n`);
  assert.equal(rows[0]?.[0], long.replaceAll('""', '"'));
  assert.deepEqual([rows[1], lines], [["2", "3"], [2, 500_003]]);
});

Deno.test("progress goes from 0 to 1 with the bytes of the file", async () => {
  const text = `a,b\n${"1,2\n".repeat(300_000)}`;
  for (const [name, content] of [["x.csv", text], ["x.csv.gz", gzipSync(text)]] as const) {
    await withFile(name, content, async (path) => {
      await using reader = await openRowFile(path, { shownName: name });
      const seen: number[] = [];
      for await (const _ of reader.chunks()) seen.push(reader.progress ?? -1);
      assert.ok(seen.every((value, index) => value > 0 && value <= 1 && value >= (seen[index - 1] ?? 0)), String(seen));
      assert.equal(reader.progress, 1);
    });
  }
});

Deno.test("a file that is not read to its end is closed all the same", async () => {
  for (const name of ["x.csv", "x.csv.gz", "x.csv.zst"]) {
    const text = `a,b\n${"1,2\n".repeat(200_000)}`;
    const content = name.endsWith("gz") ? gzipSync(text) : name.endsWith("zst") ? zstdCompressSync(text) : text;
    await withFile(name, content, async (path) => {
      await using reader = await openRowFile(path, { shownName: name });
      for await (const _ of reader.chunks()) break;
    });
    await withFile(name, content, async (path) => {
      const reader = await openRowFile(path, { shownName: name });
      await reader[Symbol.asyncDispose]();
      await reader[Symbol.asyncDispose]();
    });
  }
});

Deno.test("memory stays flat while a large file is read", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/x.csv`;
  try {
    const piece = new TextEncoder().encode("12345678,abcdefgh,2024-01-01\n".repeat(40_000));
    const file = await Deno.open(path, { write: true, create: true });
    for (let i = 0; i < 30; i++) await file.write(piece);
    file.close();
    await using reader = await openRowFile(path, { shownName: "x.csv", header: false });
    let most = 0, rows = 0;
    const before = Deno.memoryUsage().rss;
    for await (const chunk of reader.chunks()) {
      rows += chunk.rows.length;
      most = Math.max(most, Deno.memoryUsage().rss);
    }
    assert.ok(rows >= 30 * 40_000 * 0.99);
    assert.ok(most - before < 150 * 1024 * 1024, `${(most - before) >> 20} MiB more`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("chunks() gives parts of a large file", async () => {
  const { rows } = await readRows("x.ndjson", '{"a":1}\n'.repeat(100_000));
  assert.equal(rows.length, 100_000);
  await withFile("x.json", `[${'{"a":"xyz"},'.repeat(100_000)}{"a":1}]`, async (path) => {
    await using reader = await openRowFile(path, { shownName: "x.json" });
    let chunks = 0;
    for await (const _ of reader.chunks()) chunks++;
    assert.ok(chunks > 3);
  });
});
