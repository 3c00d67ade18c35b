/** Loads the countries and territories of ISO 3166-1 from `data/countries.json`. */

const DATA = new URL("../../data/countries.json", import.meta.url);

/** @type {import("../delembic.d.ts").Migration} */
export default {
  revision: "D001",
  dependsOn: "4b1f0c7a92d3",
  description: "countries of ISO 3166",

  async upgrade({ sql }) {
    const countries = JSON.parse(await Deno.readTextFile(DATA));
    // one statement for a hundred rows: a database is asked three times, not 249 times
    for (let at = 0; at < countries.length; at += 100) {
      const rows = countries.slice(at, at + 100).map(({ alpha2, alpha3, numeric, name }) =>
        sql`(${alpha2}, ${alpha3}, ${numeric}, ${name})`
      );
      await sql`insert into country (alpha2, alpha3, numeric_code, name) values ${sql.list(rows)}`;
    }
  },

  async validate({ value }) {
    return await value`select count(*) from country` === 249;
  },

  async downgrade({ sql }) {
    await sql`delete from country`;
  },
};
