/**
 * The table that most benches move: four columns, made by a rule, so that its content is known.
 *
 * @module
 */

import type { Kind } from "../tests/support.ts";

const FIRST = ["Ann", "Bo", "Chloé", "Dmitri", "Émile", "Fatima", "Günther", "Hiroshi", "Íris", "Jörg"];
const LAST = ["Andersson", "Brown", "Çelik", "Dupont", "Eriksen", "Fischer", "García", "Håkansson", "Ito", "Jones"];

/** Its definition on a database. */
export function personTable(kind: Kind): string {
  const text = kind === "sqlite" ? "text" : "varchar(100)";
  return `create table person (id integer not null primary key, name ${text}, email ${text}, born date)`;
}

/** The values of a row, the same ones for the same number; each tenth name has a comma in it. */
function person(id: number): readonly [number, string, string, string] {
  const first = FIRST[id % 10] ?? "", last = LAST[(id * 7) % 10] ?? "";
  const name = id % 10 === 0 ? `"${last}, ${first}"` : `${first} ${last}`;
  const born = `${1940 + (id % 70)}-${String((id % 12) + 1).padStart(2, "0")}-${
    String((id % 28) + 1).padStart(2, "0")
  }`;
  return [id, name, `person${id}@example.com`, born];
}

/** Writes a CSV file with a header; `filler` adds a column of so many characters. */
export async function writePeople(file: string, rows: number, filler = 0): Promise<void> {
  using output = await Deno.open(file, { write: true, create: true, truncate: true });
  const writer = output.writable.getWriter();
  const encoder = new TextEncoder();
  const more = filler === 0 ? "" : `,${"abcdefghij".repeat(Math.ceil(filler / 10)).slice(0, filler)}`;
  let text = `id,name,email,born${filler === 0 ? "" : ",note"}\n`;
  for (let id = 1; id <= rows; id++) {
    text += `${person(id).join()}${more}\n`;
    if (text.length < 1 << 20 && id < rows) continue;
    await writer.write(encoder.encode(text));
    text = "";
  }
  await writer.close();
}
