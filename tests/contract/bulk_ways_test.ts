/**
 * The two ways of a load, the file as it is and row by row, end in the same values, or in the same error.
 *
 * @module
 */

import assert from "node:assert/strict";
import { loadTable } from "../../src/bulk_load.ts";
import type { LoadOptions } from "../../src/bulk_options.ts";
import { DelembicError } from "../../src/errors.ts";
import { type Kind, onEachDatabase, temporaryFolder } from "../support.ts";
import { Ground } from "./contract_ground.ts";

const BOOLEAN: Readonly<Record<Kind, string>> = { sqlite: "boolean", postgresql: "boolean", mysql: "tinyint(1)" };
const MOMENT: Readonly<Record<Kind, string>> = { sqlite: "timestamp", postgresql: "timestamp", mysql: "datetime(6)" };

const TEXTS: Readonly<Record<string, readonly string[]>> = {
  id: ["+3", " 4", "1.0", "1e2", "99999999999999999999", "٣"],
  ok: ["true", "T", "0", "1", "yes", " on ", "maybe", "2"],
  price: ["1e3", " 5 ", "NaN", "0x10", "1,5", "Infinity", "1_0", "-.5", "5."],
  ratio: ["nan", "1e400", "-0", "+.5", "1e-400"],
  born: ["2024-02-29", "2023-02-29", "20240101", "2024-1-1", "infinity", "0000-00-00"],
  seen: ["2024-01-01T10:00:00", "2024-01-01 10:00:00.5", "2024-01-01 24:00:01", "soon"],
  doc: ["1", "{}", "nul", "'a'", '{"a": 1'],
  note: ["", " ", "NULL", "\\N", "\\.", "a\nb", "a\r\nb", 'say "x"', "ä€😀", "0", "0x00", "'", "\\", "\t"],
};

onEachDatabase("a file goes in as it is with the same values and errors as row by row", async (kind) => {
  await using ground = await Ground.make(kind);
  await using folder = await temporaryFolder();
  const session = await ground.open();
  await session.query(`create table person (id integer primary key, ok ${BOOLEAN[kind]}, price numeric(6,2),
    ratio double precision, born date, seen ${MOMENT[kind]}, doc json, note varchar(50))`);
  const outcome = async (column: string, options: LoadOptions): Promise<unknown> => {
    const environment = {
      folder: folder.path,
      shownFrom: folder.path,
      signal: new AbortController().signal,
      progress: () => {},
      warn: () => {},
      record: () => {},
    };
    await session.begin();
    try {
      await loadTable(session, environment, { table: "person", source: "p.csv", options });
      const { rows } = await session.query(`select ${column} as v from person`);
      return rows.map((row) => row["v"]);
    } catch (error) {
      if (!(error instanceof DelembicError)) throw error;
      return [error.place, error.message];
    } finally {
      await session.rollback();
    }
  };
  for (const [column, texts] of Object.entries(TEXTS)) {
    for (const text of texts) {
      const id = column === "id" ? ["price", "1"] : ["id", "1"];
      const field = `"${text.replaceAll('"', '""')}"`;
      await Deno.writeTextFile(`${folder.path}/p.csv`, `${id[0]},${column}\n${id[1]},${field}\n`);
      const asItIs = await outcome(column, {});
      const byRow = await outcome(column, { map: (row) => row });
      assert.deepEqual(asItIs, byRow, `${column}: ${JSON.stringify(text)}`);
    }
  }
});
