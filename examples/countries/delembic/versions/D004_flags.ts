import type { Migration } from "../delembic.d.ts";

/** Emoji have no flags, but letters that are shown as one: F and R of this alphabet are the flag of France. */
const FIRST_LETTER = 0x1f1e6;

export default {
  revision: "D004",
  dependsOn: ["D001", "f83b5d20c69e"],
  description: "flags",

  async upgrade({ sql }) {
    for (const { alpha2 } of await sql<{ alpha2: string }>`select alpha2 from country`) {
      await sql`update country set flag = ${flagOf(alpha2)} where alpha2 = ${alpha2}`;
    }
  },

  async validate({ value }) {
    return await value`select count(*) from country where flag is null` === 0;
  },

  async downgrade({ sql }) {
    await sql`update country set flag = null`;
  },
} satisfies Migration;

function flagOf(alpha2: string): string {
  return String.fromCodePoint(...[...alpha2].map((letter) => FIRST_LETTER + letter.charCodeAt(0) - 65));
}
