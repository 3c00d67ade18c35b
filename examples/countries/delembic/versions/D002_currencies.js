/** Loads the currencies of ISO 4217, and which countries use them, from `data/currencies.json`. */

const DATA = new URL("../../data/currencies.json", import.meta.url);

/** @type {import("../delembic.d.ts").Migration} */
export default {
  revision: "D002",
  // the countries, which a currency refers to; and the Alembic revision that creates the tables
  dependsOn: ["D001", "9e6d25b8310f"],
  description: "currencies of ISO 4217",

  async upgrade({ sql }) {
    const currencies = JSON.parse(await Deno.readTextFile(DATA));
    const rows = currencies.map(({ code, numeric, name, minorUnits }) =>
      sql`(${code}, ${numeric}, ${name}, ${minorUnits})`
    );
    await sql`insert into currency (code, numeric_code, name, minor_units) values ${sql.list(rows)}`;

    const uses = currencies.flatMap(({ code, countries }) => countries.map((country) => sql`(${country}, ${code})`));
    await sql`insert into country_currency (country, currency) values ${sql.list(uses)}`;
  },

  async validate({ one }) {
    const { currencies } = await one`select count(*) as currencies from currency`;
    const { uses } = await one`select count(*) as uses from country_currency`;
    if (currencies !== 179 || uses !== 263) throw new Error(`${currencies} currencies, ${uses} uses`);
  },

  async downgrade({ sql }) {
    await sql`delete from country_currency`;
    await sql`delete from currency`;
  },
};
