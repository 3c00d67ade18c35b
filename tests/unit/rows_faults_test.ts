/** Files of rows in which something is wrong: exactly what is told, and of which line. */

import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { drained, faultOf, type Options, readCsvText, readRows, type Told, withFile } from "../row_files.ts";
import { openRowFile } from "../../src/rows_file.ts";
import { rowsOf } from "../../src/rows_iterable.ts";

interface Case {
  readonly name?: string;
  readonly text: string | Uint8Array;
  readonly options?: Options;
  readonly line?: number;
  readonly message: string;
  readonly hint?: string;
  readonly code?: "bad-row" | "data-file";
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const DECLARE = 'Declare the encoding of the file, as by `encoding: "windows-1252"`, or write the file as UTF-8.';
const FIRST_LINE = "The first line names the columns; declare `header: false` if it does not.";
const NUL_HINT = 'No database takes it in a text. A file of UTF-16 is declared by `encoding: "utf-16le"`.';
const COPY_AGAIN = "Copy it again from where it comes from.";

const CASES: Readonly<Record<string, Case>> = {
  "a quote that is never closed": {
    text: 'a,b\n1,2\n3,"x\n4,5\n',
    line: 3,
    message: "A quote that opens field 2 on line 3 is never closed",
  },
  "a quote in the second line of a row that is never closed": {
    text: 'a,b\n"1\n2","x\n',
    line: 2,
    message: "A quote that opens field 2 on line 3 is never closed",
  },
  "text behind a closing quote": {
    text: 'a,b\n"x"y,2\n',
    line: 2,
    message: "There is text behind the closing quote of field 1",
  },
  "a blank behind a closing quote": {
    text: 'a,b\n1,"x" \n',
    line: 2,
    message: "There is text behind the closing quote of field 2",
  },
  "an open quote that the next quote closes": {
    text: 'a,b\n1,"x\n2,y\n3,"z"\n',
    line: 2,
    message: "There is text behind the closing quote of field 2, which opens on line 2",
  },
  "a quote in the middle of a field": {
    text: 'a,b\n1,5" nails\n',
    line: 2,
    message: "There is a quote in the middle of field 2, which is not quoted",
  },
  "a quote behind a blank": {
    text: 'a,b\n1, "x"\n',
    line: 2,
    message: "There is a quote in the middle of field 2, which is not quoted",
  },
  "too few fields": { text: "a,b,c\n1,2,3\n1,2\n", line: 3, message: "The row has 2 fields; the header has 3" },
  "one field": { text: "a,b\n1,2\nx\n", line: 3, message: "The row has 1 field; the header has 2" },
  "too many fields": { text: "a,b\n1,2,3\n", line: 2, message: "The row has 3 fields; the header has 2" },
  "too many fields with quotes, behind a row of several lines": {
    text: 'a,b\n"1\n\n1",2\n"1",2,3\n',
    line: 5,
    message: "The row has 3 fields; the header has 2",
  },
  "too few fields without a header": {
    text: "1,2\n3\n",
    options: { header: false },
    line: 2,
    message: "The row has 1 field; the first row has 2",
  },
  "a NUL": { text: "a,b\n1,2\n3,\0\n", line: 3, message: "There is a NUL character in the row", hint: NUL_HINT },
  "a NUL in quotes": {
    text: 'a,b\n"1\n","\0"\n',
    line: 2,
    message: "There is a NUL character in the row",
    hint: NUL_HINT,
  },
  "bytes that are not UTF-8": {
    text: latin1("a,b\n1,2\n3,caf\xe9\n"),
    line: 3,
    message: "There are bytes in the row that are not UTF-8",
    hint: DECLARE,
  },
  "bytes that are not UTF-8 in quotes": {
    text: latin1('a,b\n1,2\n"3\n","\xe9\xe9"\n5,6\n'),
    line: 3,
    message: "There are bytes in the row that are not UTF-8",
    hint: DECLARE,
  },
  "a character that is cut off at the end": {
    text: latin1("a,b\n1,2\n3,\xe2\x82"),
    line: 3,
    message: "There are bytes in the row that are not UTF-8",
    hint: DECLARE,
  },
  "half of a surrogate pair as bytes": {
    text: latin1("a,b\n1,\xed\xa0\x80\n"),
    line: 2,
    message: "There are bytes in the row that are not UTF-8",
    hint: DECLARE,
  },
  "bytes that are not of the declared encoding": {
    text: latin1("a,b\n1,\x81\xff\n"),
    options: { encoding: "shift_jis" },
    line: 2,
    message: "There are bytes in the row that are not SHIFT_JIS",
    hint: DECLARE,
  },
  "an empty file": {
    text: "",
    code: "data-file",
    message: "The data file is empty",
    hint: "Its first line names the columns.",
  },
  "an empty header": { text: "\n1,2\n", code: "data-file", line: 1, message: "The header is empty", hint: FIRST_LINE },
  "a header that names a column twice": {
    text: "a,b,a\n1,2,3\n",
    code: "data-file",
    line: 1,
    message: 'The header names the column "a" twice',
    hint: FIRST_LINE,
  },
  "a header with an empty name": {
    text: 'a,"",c\n1,2,3\n',
    code: "data-file",
    line: 1,
    message: "The header has no name for column 2",
    hint: FIRST_LINE,
  },
  "a header that is not closed": {
    text: 'a,"b\n1,2\n',
    code: "data-file",
    line: 1,
    message: "A quote that opens field 2 on line 1 is never closed",
    hint: FIRST_LINE,
  },
  "a header in another encoding": {
    text: latin1("a,\xe9\n1,2\n"),
    code: "data-file",
    line: 1,
    message: "There are bytes in the row that are not UTF-8",
    hint: DECLARE,
  },
  "semicolons": {
    text: "a;b\n1;2\n",
    code: "data-file",
    line: 1,
    message: 'The first line has no "," between fields, but ";"',
    hint: 'Declare it: `delimiter: ";"`; or `delimiter: ","` if it is one column indeed.',
  },
  "tabs": {
    text: "a\tb\n1\t2\n",
    code: "data-file",
    line: 1,
    message: 'The first line has no "," between fields, but tabs',
    hint: 'Declare it: `delimiter: "\\t"`; or `delimiter: ","` if it is one column indeed.',
  },
  "a delimiter of two characters": {
    text: "a,b\n",
    options: { delimiter: "||" },
    code: "data-file",
    message: '"||" cannot be the delimiter of CSV',
    hint: "It is one character, and neither a quote nor an end of line.",
  },
  "a NULL with a delimiter": {
    text: "a,b\n",
    options: { null: "a,b" },
    code: "data-file",
    message: '"a,b" cannot stand for NULL in CSV',
    hint: "It has no quotes, delimiters and ends of lines.",
  },
  "an encoding that nobody knows": {
    text: "a,b\n",
    options: { encoding: "klingon" },
    code: "data-file",
    message: 'There is no encoding "klingon"',
    hint: 'Some that there are: "utf-8", "utf-16le", "windows-1252", "iso-8859-2", "shift_jis", "gb18030".',
  },
  "a name that does not tell the format": {
    name: "data.txt",
    text: "a,b\n",
    code: "data-file",
    message: "The name of the data file does not tell its format",
    hint: 'Files end in .csv, .tsv, .ndjson, .jsonl or .json, also with .gz or .zst; or declare it: `format: "csv"`.',
  },
  "a delimiter of TSV": {
    name: "x.tsv",
    text: "a;b\n",
    options: { delimiter: ";" },
    code: "data-file",
    message: "TSV has tabs between its fields, and no other delimiter",
    hint: 'For fields in quotes, declare `format: "csv"` with `delimiter: ";"`.',
  },
  "too few fields of TSV": {
    name: "x.tsv",
    text: "a\tb\n1\\t2\n",
    line: 2,
    message: "The row has 1 field; the header has 2",
  },
  "a backslash at the end of TSV": {
    name: "x.tsv",
    text: "a\tb\n1\t2\\",
    line: 2,
    message: "The backslash at the end of field 2 escapes nothing",
  },
  "a byte in TSV": {
    name: "x.tsv",
    text: "a\tb\n1\t\\xe9\n",
    line: 2,
    message: "Field 2 has the escape \\x, which is a byte and no character",
  },
  "rows behind the end of TSV": {
    name: "x.tsv",
    text: "a\tb\n1\t2\n\\.\n3\t4\n",
    line: 3,
    message: "There are rows behind the end of the data, which `\\.` marks",
  },
  "NDJSON that is cut off": {
    name: "x.ndjson",
    text: '{"a":1}\n{"a":',
    line: 2,
    message: "The row is not JSON: Unexpected end of JSON input",
  },
  "NDJSON with a comma too many": {
    name: "x.ndjson",
    text: '{"a":1}\n\n{"a":1,}\n',
    line: 3,
    message: "The row is not JSON: Expected double-quoted property name, character 8",
  },
  "NDJSON that is a text": {
    name: "x.ndjson",
    text: '{"a":1}\nhello\n',
    line: 2,
    message: "The row is not JSON: Unexpected token 'h'",
  },
  "a number as a row": {
    name: "x.ndjson",
    text: '{"a":1}\n5\n',
    line: 2,
    message: "The row is a number, and neither an object nor an array",
  },
  "null as a row": {
    name: "x.ndjson",
    text: "null\n",
    line: 1,
    message: "The row is null, and neither an object nor an array",
  },
  "a member that the first row lacks": {
    name: "x.ndjson",
    text: '{"id":1,"name":"x"}\n{"id":2,"nmae":"y"}\n',
    line: 2,
    message: 'The row has a member "nmae" that the first row does not have',
    hint: 'Did you mean "name"? Name all members in `columns`, or those to leave out in `ignore`.',
  },
  "an array of another length": {
    name: "x.ndjson",
    text: "[1,2]\n[1]\n",
    line: 2,
    message: "The row has 1 value; the first row has 2",
  },
  "an object behind arrays": {
    name: "x.ndjson",
    text: '[1,2]\n{"a":1}\n',
    line: 2,
    message: "The row is an object; the first row is an array",
  },
  "a NUL in NDJSON": {
    name: "x.ndjson",
    text: '{"a":1}\n{"a":"\0"}\n',
    line: 2,
    message: "There is a NUL character in the row",
    hint: NUL_HINT,
  },
  "bytes that are not UTF-8 in NDJSON": {
    name: "x.ndjson",
    text: latin1('{"a":1}\n{"a":"\xe9"}\n'),
    line: 2,
    message: "There are bytes in the row that are not UTF-8",
    hint: DECLARE,
  },
  "JSON that is no array": {
    name: "x.json",
    text: '{"a":1}\n',
    code: "data-file",
    line: 1,
    message: 'The file is no JSON array: it begins with "{"',
    hint: 'For a file with an object a line, declare `format: "ndjson"`.',
  },
  "JSON without a comma": {
    name: "x.json",
    text: '[\n{"a":1}\n{"a":2}]',
    code: "data-file",
    line: 3,
    message: 'There is "{" behind row 1, where a "," or "]" belongs',
  },
  "JSON that is cut off": {
    name: "x.json",
    text: '[{"a":1},\n{"a":"',
    code: "data-file",
    line: 2,
    message: "The file ends within the array, behind row 1: it is cut off",
  },
  "JSON that goes on": {
    name: "x.json",
    text: '[{"a":1}]\n]',
    code: "data-file",
    line: 2,
    message: 'There is "]" behind the end of the array',
  },
  "JSON with a bad row": {
    name: "x.json",
    text: '[{"a":1},\n{"a":\nx}]',
    line: 2,
    message: "The row is not JSON: Unexpected token 'x'",
  },
  "an empty file of JSON": {
    name: "x.json",
    text: "\n",
    code: "data-file",
    message: "The data file is empty",
    hint: "An array without rows is `[]`.",
  },
  "gzip that is cut off": {
    name: "x.csv.gz",
    text: gzipSync(`a,b\n${"1,2\n".repeat(100)}`).subarray(0, -9),
    code: "data-file",
    message: "The gzip file ends too early: it is cut off",
    hint: COPY_AGAIN,
  },
  "gzip that is damaged": {
    name: "x.csv.gz",
    text: gzipSync("a,b\n1,2\n").map((byte, at, all) => at === all.length - 6 ? byte ^ 1 : byte),
    code: "data-file",
    message: "The gzip file is damaged: incorrect data check",
    hint: COPY_AGAIN,
  },
  "a .gz that is no gzip": {
    name: "x.csv.gz",
    text: "a,b\n1,2\n",
    code: "data-file",
    message: "The file is not gzip data",
    hint: 'Its compression is taken from its name; another one is declared by `compression: "none"`.',
  },
  "zstd that is cut off": {
    name: "x.csv.zst",
    text: zstdCompressSync(`a,b\n${"1,2\n".repeat(100)}`).subarray(0, -2),
    code: "data-file",
    message: "The zstd file ends too early: it is cut off",
    hint: COPY_AGAIN,
  },
  "a .zst that is no zstd": {
    name: "x.csv.zst",
    text: "a,b\n1,2\n",
    code: "data-file",
    message: "The file is not zstd data",
    hint: 'Its compression is taken from its name; another one is declared by `compression: "none"`.',
  },
};

for (
  const [what, { name = "x.csv", text, options = {}, code = "bad-row", line, message, hint }] of Object.entries(CASES)
) {
  Deno.test(`openRowFile() tells of ${what}`, async () => {
    const expected: Told = {
      code,
      message,
      ...(line === undefined ? {} : { line }),
      ...(hint === undefined ? {} : { hint }),
    };
    assert.deepEqual(await faultOf(readRows(name, text, options)), expected);
    // a database that reads the file by itself is given nothing that the reader of rows refuses
    const outcome = await faultOf(
      (async () => await readCsvText(name, text, options) ?? await readRows(name, text, options))(),
    );
    assert.deepEqual(outcome, expected);
  });
}

Deno.test("openRowFile() tells what is the matter with a file that cannot be opened", async () => {
  await withFile("x.csv", "a\n", async (path) => {
    const folder = path.slice(0, path.lastIndexOf("/"));
    const open = (name: string, options: Options = {}) =>
      faultOf(openRowFile(`${folder}/${name}`, { ...options, shownName: `data/${name}` }));
    assert.deepEqual(await open("y.csv"), {
      code: "data-file",
      message: "There is no such data file",
      hint: "Its path is relative to the folder 'script_location', where 'versions' is.",
    });
    assert.deepEqual(await open("", { format: "csv" }), {
      code: "data-file",
      message: "The data file is a folder",
      hint: "Name a file within it.",
    });
  });
});

Deno.test("bad rows are collected, each as it stands in the source, and the others are read", async () => {
  const text = 'a,b\n1,2\n3\n4,"x"y\n5,6\n"7\n\n7",8,9\n10,"11\n12,13\n\0,14\n15,16\n';
  const { rows, lines, bad } = await readRows("x.csv", text, { collect: true });
  assert.deepEqual(rows, [["1", "2"], ["5", "6"], ["12", "13"], ["15", "16"]]);
  assert.deepEqual(lines, [2, 5, 10, 12]);
  assert.deepEqual(bad.map(({ line, text, problem }) => [line, text, problem]), [
    [3, "3", "The row has 1 field; the header has 2"],
    [4, '4,"x"y', "There is text behind the closing quote of field 2"],
    [6, '"7\n\n7",8,9', "The row has 3 fields; the header has 2"],
    [9, '10,"11', "A quote that opens field 2 on line 9 is never closed"],
    [11, "\0,14", "There is a NUL character in the row"],
  ]);
  const json = await readRows("x.ndjson", '{"a":1}\nx\n{"b":2}\n{"a":3}\n', { collect: true });
  assert.deepEqual([json.rows, json.bad.map(({ line, text }) => [line, text])], [[[1], [3]], [[2, "x"], [
    3,
    '{"b":2}',
  ]]]);
});

Deno.test("rowsOf() takes the names from the first row, and tells the number of a bad one", async () => {
  await using reader = await rowsOf([{ a: 1, b: undefined }, { b: 2 }], { name: "the given rows" });
  assert.deepEqual([reader.columns, (await drained(reader)).rows], [["a", "b"], [[1, null], [null, 2]]]);
  await using bad = await rowsOf([[1, 2], [3]], { name: "the given rows" });
  assert.deepEqual(await faultOf(drained(bad)), {
    code: "bad-row",
    message: "Row 2 of the given rows: The row has 1 value; the first row has 2",
  });
  await using many = await rowsOf(
    (async function* () {
      for (let a = 0; a < 2500; a++) yield { a };
      await Promise.resolve();
    })(),
    { name: "the given rows" },
  );
  assert.equal((await drained(many)).rows.length, 2500);
});
