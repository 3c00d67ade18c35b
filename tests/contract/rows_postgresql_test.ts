/** CSV that is handed on as it stands: PostgreSQL reads of it what we read of it. */

import assert from "node:assert/strict";
import { openRowFile } from "../../src/rows_file.ts";
import { csvTexts } from "../../src/rows_write.ts";
import { drained, withFile } from "../row_files.ts";
import { testWith } from "../support.ts";
import { Ground } from "./contract_ground.ts";

const VALUES = ["", null, "x", '"', "\n", "\r", "\r\n", ",", "\\.", "\\.\n", "\\", "é", "😀", " ", "\t", "\\N", 'a"b'];
const ROWS = VALUES.flatMap((a) => VALUES.map((b) => [a, b]));

for (const [title, end] of Object.entries({ LF: "\n", "CR LF": "\r\n", CR: "\r", "LF and CR LF": undefined })) {
  testWith(
    ["postgres"],
    `postgresql: COPY reads the same rows of CSV as we do, lines ending with ${title}`,
    async () => {
      const texts = csvTexts({ columns: undefined, delimiter: ",", null: "" });
      const lines = ROWS.map((row, index) => `${texts.textOf(row)}${end ?? (index % 3 === 0 ? "\r\n" : "\n")}`);
      await withFile("x.csv", `a,b${end ?? "\n"}${lines.join("")}`, async (path) => {
        await using read = await openRowFile(path, { shownName: "x.csv" });
        assert.deepEqual((await drained(read)).rows, ROWS);
        await using handed = await openRowFile(path, { shownName: "x.csv" });
        assert.ok(handed.csv);
        await using ground = await Ground.make("postgresql");
        const session = await ground.open();
        await session.query("create table t (n serial, a text, b text)");
        const { delimiter, null: nullText } = handed.csv;
        const data = {
          kind: "csv" as const,
          delimiter,
          null: nullText,
          chunks: handed.csv.chunks(),
          lineOf: handed.csv.lineOf,
        };
        assert.equal(await session.load({ table: ["t"], columns: ["a", "b"], data }), ROWS.length);
        const { rows } = await session.query("select a, b from t order by n");
        assert.deepEqual(rows.map(({ a, b }) => [a, b]), ROWS);
      });
    },
  );
}
