/**
 * The main job in ten seconds, on an embedded SQLite, in a temporary copy of this example: `deno task demo`. What stands
 * behind `$ delembic` is really run.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const HERE = fileURLToPath(new URL(".", import.meta.url));

function say(text = ""): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

/** Does what `alembic upgrade` would do, by the SQL that it printed. */
async function upgradeSchema(folder: string, wanted: (number: number) => boolean): Promise<void> {
  const files = [...Deno.readDirSync(`${folder}/schema`)].map(({ name }) => name).filter((name) =>
    name.endsWith(".sql")
  );
  const database = new DatabaseSync(`${folder}/countries.db`);
  try {
    for (const name of files.filter((name) => wanted(Number(name.slice(0, 3)))).sort()) {
      say(`$ sqlite3 countries.db < schema/${name}`);
      database.exec(await Deno.readTextFile(`${folder}/schema/${name}`));
    }
  } finally {
    database.close();
  }
  say();
}

/** Runs a command of Delembic in front of the user. */
async function delembic(folder: string, ...args: string[]): Promise<void> {
  say(`$ delembic ${args.join(" ")}`);
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", MAIN, ...args],
    cwd: folder,
    env: { DATABASE_URL: "sqlite:///countries.db" },
  }).spawn().status;
  say(code === 0 ? "" : `[exit code ${code}]\n`);
}

/** Which currencies most countries share. */
function query(folder: string): void {
  const database = new DatabaseSync(`${folder}/countries.db`, { readOnly: true });
  const rows = database.prepare(
    `select currency.code, currency.name, count(*) as countries,
       group_concat(country.flag, ' ' order by country.alpha2) as flags
     from currency
     join country_currency on country_currency.currency = currency.code
     join country on country.alpha2 = country_currency.country
     group by currency.code, currency.name order by countries desc, currency.code limit 5`,
  ).all();
  database.close();
  for (const { code, name, countries, flags } of rows) {
    say(`${code}  ${String(name).padEnd(21)} ${String(countries).padStart(2)} countries  ${flags}`);
  }
}

async function demo(folder: string): Promise<void> {
  await copyFolder(HERE, folder);
  say("A project with Alembic: examples/countries. Its schema has four revisions; one is in the database.");
  say();
  await upgradeSchema(folder, (number) => number === 1);

  say("Its data has four migrations, in JavaScript, SQL and TypeScript. The first one can run; the second one needs a");
  say("table that Alembic has not made yet, so it does not run, and says what it waits for.");
  say();
  await delembic(folder, "upgrade");

  say("The schema goes on.");
  say();
  await upgradeSchema(folder, (number) => number > 1);
  await delembic(folder, "upgrade");
  await delembic(folder, "history");

  say("Which currencies do most countries share, now that Bulgaria has the euro?");
  say();
  query(folder);
}

const folder = await Deno.makeTempDir({ prefix: "delembic_demo_" });
try {
  await demo(folder);
} finally {
  await Deno.remove(folder, { recursive: true });
}
