/**
 * The databases' own clients, which run what `upgrade --sql` prints.
 *
 * @module
 */

import { type Kind, onEachDatabase, type Ran, run, type TestDatabase, testWith } from "./support.ts";

const CLIENTS: Readonly<Record<Kind, string>> = { sqlite: "sqlite3", postgresql: "psql", mysql: "mariadb" };

/** Whether a client is on this machine. */
async function isThere(client: string): Promise<boolean> {
  return await run(client, ["--version"]).then(({ code }) => code === 0, () => false);
}

const missing = new Set<string>();
for (const client of Object.values(CLIENTS)) if (!await isThere(client)) missing.add(client);

/** As {@link onEachDatabase}, where the database's own client is there, too. */
export function onEachClient(name: string, fn: (kind: Kind) => Promise<void>): void {
  if (missing.size === 0) return onEachDatabase(name, fn);
  const needs = { sqlite: [], postgresql: ["postgres"], mysql: ["mysql"] } as const;
  for (const [kind, client] of Object.entries(CLIENTS) as [Kind, string][]) {
    if (missing.has(client)) Deno.test({ name: `${kind}: ${name} (needs ${client})`, ignore: true, fn: () => {} });
    else testWith(needs[kind], `${kind}: ${name}`, () => fn(kind));
  }
}

/** Runs a script as a person would who has it and nothing of Delembic. */
export async function runScript(db: TestDatabase, script: string): Promise<Ran> {
  const args = callOf(db);
  const url = db.kind === "sqlite" ? undefined : new URL(db.url);
  const password = decodeURIComponent(url?.password ?? "");
  const child = new Deno.Command(CLIENTS[db.kind], {
    args,
    env: { PGPASSWORD: password, MYSQL_PWD: password },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  // a client that stops at an error does not read the rest
  const written = writer.write(new TextEncoder().encode(script)).then(() => writer.close()).catch(() => undefined);
  const { code, stdout, stderr } = await child.output();
  await written;
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

function callOf({ kind, url, name }: TestDatabase): string[] {
  if (kind === "sqlite") return [url.replace("sqlite:///", "")];
  const { hostname, port, username } = new URL(url);
  return kind === "postgresql"
    ? ["-X", "-f", "-", "-h", hostname, "-p", port, "-U", username, name]
    : ["-h", hostname, "-P", port, "-u", username, name];
}
