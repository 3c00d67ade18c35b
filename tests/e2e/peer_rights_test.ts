/** Defect 50 of the Python tool: what reading does to a database, and what a role needs. */

import assert from "node:assert/strict";
import { administer, run, type TestDatabase, testWith } from "../support.ts";
import { type TestProject, testProject } from "../project.ts";
import { ALL, peer, timeless } from "./peer.ts";

const FIRST = "-- delembic revision: D001\n-- delembic upgrade\nselect 1;\n";
const SECOND = "-- delembic revision: D002\n-- delembic depends_on: D001\n-- delembic upgrade\nselect 2;\n";
const READING = [["current"], ["history"], ["heads"], ["show", "D001"], ["log"], ["check"], ["upgrade", "--dry-run"]];
const TABLES = {
  sqlite: "select name from sqlite_master",
  postgresql: "select relname from pg_class join pg_namespace n on n.oid = relnamespace where nspname = 'public'",
  mysql: "select table_name from information_schema.tables where table_schema = database()",
} as const;

peer("50: no command that reads creates a table", ALL, async (kind) => {
  await using project = await testProject(kind, { "D001.sql": FIRST });
  await project.rows("select 1");
  for (const args of READING) {
    const { code, out, err } = await project.delembic(args);
    assert.ok(code === 0 || args[0] === "check", `${args.join(" ")}: ${out}${err}`);
    assert.deepEqual(await project.rows(TABLES[kind]), [], args.join(" "));
  }
});

peer("50: no command that reads creates a SQLite file", ["sqlite"], async (kind) => {
  await using project = await testProject(kind, { "D001.sql": FIRST });
  const folder = project.db.url.replace("sqlite:///", "").replace(/\/[^/]*$/, "");
  for (const args of READING) {
    const { err } = await project.delembic(args);
    const warning = `Warning: The SQLite database does not exist: ${folder}/app.db\n`;
    assert.equal(err, args[0] === "heads" ? "" : warning, args.join(" "));
    assert.deepEqual([...Deno.readDirSync(folder)], [], args.join(" "));
  }
});

interface Role extends AsyncDisposable {
  readonly env: Record<string, string>;
  readonly name: string;
}

/** A role that may log in, and nothing else but what is granted. */
async function role(db: TestDatabase): Promise<Role> {
  const name = `r_${db.name}`;
  const url = new URL(db.url);
  url.username = name;
  url.password = "pw-of-the-r0le";
  await administer(
    "postgresql",
    `create role ${name} login password 'pw-of-the-r0le'`,
  );
  return {
    name,
    env: { DELEMBIC_URL: url.href },
    [Symbol.asyncDispose]: () => administer("postgresql", `drop role ${name}`),
  };
}

/** Everything that reads, with these rights, ends as told. */
async function read(project: TestProject, { env }: Role, current: string): Promise<void> {
  for (const args of READING) {
    const { code, out, err } = await project.delembic(args, env);
    assert.deepEqual([code, err], [args[0] === "check" ? 1 : 0, ""], `${args.join(" ")}: ${out}`);
  }
  assert.equal(timeless((await project.delembic(["current"], env)).out), current);
}

/** A refusal: exit code 3, in two lines. */
async function refused(project: TestProject, { env }: Role, args: readonly string[], told: [string, string]) {
  assert.deepEqual(await project.delembic(args, env), {
    code: 3,
    out: "",
    err: `Error: ${told[0]}\nHint: ${told[1]}\n`,
  });
}

const NO_TABLES =
  "Let somebody who may create tables run what 'delembic init --sql' prints; then this role can do without.";
const NO_RIGHTS = "Let the owner of Delembic's tables give this role the grants that 'delembic init --sql' prints.";

testWith(
  ["postgres"],
  "peer 50: a role gets along with the rights that it needs, and is told which it lacks",
  async () => {
    await using project = await testProject("postgresql", { "D001.sql": FIRST, "D002.sql": SECOND });
    const someone = await role(project.db);
    try {
      await read(project, someone, "No migrations applied yet.\n");
      await refused(project, someone, ["upgrade"], ["permission denied for schema public", NO_TABLES]);
      await project.delembic(["upgrade", "D001"]);
      await refused(project, someone, ["history"], ["permission denied for table delembic_version", NO_RIGHTS]);
      await project.execute(`grant select on all tables in schema public to ${someone.name}`);
      await read(project, someone, "D001  (applied TIME)\n");
      assert.deepEqual(await project.delembic(["upgrade", "D001"], someone.env), {
        code: 0,
        out: "Already up to date.\n",
        err: "",
      });
      await refused(project, someone, ["upgrade"], ["permission denied for table delembic_lock", NO_RIGHTS]);
      const { grants } = JSON.parse((await project.delembic(["init", "--sql", "--json"])).out);
      await project.execute(...grants.map((grant: string) => grant.replace("ROLE", someone.name)));
      const { code, out, err } = await project.delembic(["upgrade"], someone.env);
      assert.deepEqual([code, timeless(out), err], [0, "Running D002\n  OK (0.00s)\n", ""]);
    } finally {
      await project.execute(`drop owned by ${someone.name}`);
      await someone[Symbol.asyncDispose]();
    }
  },
);

const isRoot = Deno.build.os === "linux" && Deno.uid() === 0;

Deno.test({
  name: `peer 50: a SQLite file that may not be written can be read${isRoot ? "" : " (needs root on Linux)"}`,
  ignore: !isRoot,
  fn: async () => {
    await using project = await testProject("sqlite", { "D001.sql": FIRST, "D002.sql": SECOND });
    await project.delembic(["upgrade", "D001"]);
    const folder = project.db.url.replace("sqlite:///", "").replace(/\/[^/]*$/, "");
    const main = new URL("../../main.ts", import.meta.url).pathname;
    // a namespace of its own: the mount is gone with the process
    const script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"';
    const program = [Deno.execPath(), "run", "-A", "--quiet", "--no-check", main];
    const inside = (...args: string[]) =>
      run("unshare", ["-m", "sh", "-c", script, folder, ...program, ...args], {
        cwd: project.folder,
        env: { NO_COLOR: "1", DELEMBIC_URL: project.db.url },
      });
    for (const args of READING) {
      const { code, out, err } = await inside(...args);
      assert.deepEqual([code, err], [args[0] === "check" ? 1 : 0, ""], `${args.join(" ")}: ${out}`);
    }
    assert.deepEqual(await inside("upgrade", "D001"), { code: 0, out: "Already up to date.\n", err: "" });
    assert.deepEqual(await inside("upgrade"), {
      code: 3,
      out: "",
      err: `Error: Cannot open the lock file: Read-only file system (os error 30): open '${folder}/app.db.delembic-lock'
Hint: A run needs to write into the folder of the SQLite database: give it the right to, or move the database.
`,
    });
  },
});
