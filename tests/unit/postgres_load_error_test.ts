/** Where a COPY failed, as servers say it in their languages. */

import assert from "node:assert/strict";
import { type BulkLoad, LoadRowError } from "../../src/db/database.ts";
import { CopyRefused, loadError } from "../../src/db/postgres_load_error.ts";

async function* none() {}

const LOAD: BulkLoad = {
  table: ["public", "t 7(x)"],
  columns: ["id", "born", "born on"],
  data: { kind: "rows", chunks: none() },
};

function placeOf(where: string, more: Readonly<Record<string, string>> = {}): unknown[] | undefined {
  const fields = new Map(Object.entries({ C: "22P02", M: "no", W: where, ...more }));
  const error = loadError(new CopyRefused(fields), LOAD, { statement: "copy", ending: undefined });
  return error instanceof LoadRowError ? [error.row, error.column, error.value] : undefined;
}

// src/po/*.po of PostgreSQL
const LANGUAGES: Readonly<Record<string, string>> = {
  English: 'COPY t 7(x), line 12, column born: "x: 3"',
  German: "COPY t 7(x), Zeile 12, Spalte born: »x: 3«",
  French: "COPY t 7(x), ligne 12, colonne born : « x: 3 »",
  Spanish: "COPY t 7(x), línea 12, columna born: «x: 3»",
  Russian: 'COPY t 7(x), строка 12, столбец born: "x: 3"',
  Chinese: 'COPY t 7(x), 行 12, 列 born: "x: 3"',
  Korean: 't 7(x) 복사, 12번째 줄, born 열: "x: 3"',
};

for (const [language, where] of Object.entries(LANGUAGES)) {
  Deno.test(`loadError() reads the row, the column and the value in ${language}`, () => {
    assert.deepEqual(placeOf(where), [12, "born", "x: 3"]);
  });
}

Deno.test("loadError() reads what stands before and behind the place", () => {
  const trigger = 'PL/pgSQL function f(integer) line 3 at RAISE\nCOPY t 7(x), line 2: "1\\t2026-01-01\\tx"';
  assert.deepEqual(placeOf(trigger), [2, undefined, undefined]);
  assert.deepEqual(placeOf('COPY t 7(x), line 5, column born on: "a\nb, column id: 9"'), [
    5,
    "born on",
    "a\nb, column id: 9",
  ]);
  assert.deepEqual(placeOf("COPY t 7(x), line 5, column id: null input"), [5, "id", undefined]);
  assert.deepEqual(placeOf('COPY t 7(x), line 5: "1,2"', { c: "born" }), [5, "born", undefined]);
  assert.deepEqual(placeOf("COPY t 7(x), line 5", { D: "Schlüssel »(id)=(a) b)« existiert" }), [5, "id", "a) b"]);
  assert.deepEqual(placeOf("COPY t 7(x), line 5", { D: "Key (id, born)=(1, 2) already exists." }), [
    5,
    undefined,
    undefined,
  ]);
  assert.equal(placeOf('SQL statement "insert into t 7(x) values (1)"'), undefined);
  assert.equal(placeOf(""), undefined);
});
