/** Migrations of the Python tool, run by us: what a user sees, and what is in the database afterwards. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type Kind, outside, run, testWith } from "../support.ts";
import { until } from "../project.ts";
import { pythonMigration, type PythonProject, pythonProject } from "../python_project.ts";

function onEach(name: string, fn: (kind: Kind) => Promise<void>): void {
  testWith(["python"], `sqlite: ${name}`, () => fn("sqlite"));
  testWith(["python", "postgres"], `postgresql: ${name}`, () => fn("postgresql"));
  testWith(["python", "mysql"], `mysql: ${name}`, () => fn("mysql"));
}

const START = pythonMigration("D001", {
  upgrade: [
    'print("creating")',
    'conn.execute(text("create table seen (id int primary key, name varchar(20))"))',
    'conn.execute(text("insert into seen values (:id, :name)"), [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}])',
  ],
  validate: ['assert conn.execute(text("select count(*) from seen")).scalar() == 2, "two are expected"'],
});

const SQL = `-- delembic revision: D002
-- delembic depends_on: D001
-- delembic description: in SQL
-- delembic upgrade
insert into seen values (3, 'c');
`;

const LAST = pythonMigration("D003", {
  dependsOn: ["D002"],
  upgrade: ["conn.execute(text(\"update seen set name = 'x' where id = 3\"))"],
});

async function ran(project: PythonProject, args: readonly string[], code = 0, env: Record<string, string> = {}) {
  const result = await project.delembic(args, env);
  equal(result.code, code, result.out + result.err);
  return { ...result, out: result.out.replace(/\(\d+\.\d\ds\)/g, "(0.00s)") };
}

onEach("Python and SQL in one order; prints are told, the record is that of any migration", async (kind) => {
  await using project = await pythonProject(kind, { "D001.py": START, "D002.sql": SQL, "D003.py": LAST });
  const planned = await ran(project, ["upgrade", "--dry-run"]);
  ok(!planned.out.includes("BLOCKED"), planned.out);
  const { out, err } = await ran(project, ["upgrade"]);
  equal(
    out,
    "Running D001: step D001\n  OK (0.00s)\nRunning D002: in SQL\n  OK (0.00s)\nRunning D003: step D003\n  OK (0.00s)\n",
  );
  equal(err, "  creating\n");
  deepEqual(await project.rows("select id, name from seen order by id"), ["1 | a", "2 | b", "3 | x"]);
  deepEqual(
    await project.rows("select revision, status, ended_at is not null from delembic_run_history order by id"),
    ["D001", "D002", "D003"].map((id) => `${id} | success | ${kind === "postgresql" ? "true" : "1"}`),
  );
  deepEqual(await project.rows("select revision from delembic_checksum order by revision"), ["D001", "D002", "D003"]);
  equal((await ran(project, ["upgrade"])).out, "Already up to date.\n");
  equal((await ran(project, ["check"])).out, "Everything is applied.\n");
  equal((await project.tool("history")).out, (await ran(project, ["history"])).out.replace(/^.*D002.*\n/m, ""));
});

onEach("a failing validate undoes the work; error, place and traceback are told and kept", async (kind) => {
  await using project = await pythonProject(kind, {
    "D001.py": START,
    "D002.py": pythonMigration("D002", {
      dependsOn: ["D001"],
      upgrade: ["conn.execute(text(\"insert into seen values (3, 'c')\"))"],
      validate: ['n = conn.execute(text("select count(*) from seen")).scalar()', "assert n == 2"],
    }),
  });
  const { out, err } = await ran(project, ["upgrade"], 1);
  match(out, /Running D002: step D002\n$/);
  equal(
    err,
    `  creating
  FAILED: AssertionError: assert n == 2
    at delembic/versions/D002.py:15
      14 |         n = conn.execute(text("select count(*) from seen")).scalar()
      15 |         assert n == 2
`,
  );
  deepEqual(await project.rows("select id from seen order by id"), ["1", "2"]);
  const [exception = ""] = await project.rows("select exception from delembic_run_history where status = 'failed'");
  match(exception, /Traceback \(most recent call last\):\n {2}File ".*D002\.py", line 15, in validate\n/);
  ok(!exception.includes("<string>"), exception);
});

onEach(
  "an error of the database is told as it says it; a syntax error in another file is no obstacle",
  async (kind) => {
    await using project = await pythonProject(kind, {
      "D001.py": START,
      "D002.py": pythonMigration("D002", {
        dependsOn: ["D001"],
        upgrade: ['conn.execute(text("insert into nosuch values (1)"))'],
      }),
      "E001.py": "import nothing_of_this_name\n" + pythonMigration("E001", { upgrade: ["pass"] }),
    });
    const { err } = await ran(project, ["upgrade", "D002"], 1);
    match(err, /FAILED: \(\w+(\.\w+)*\) .*nosuch/);
    match(err, /\[SQL: insert into nosuch values \(1\)\]\n/);
    ok(!err.includes("Background on this error"), err);
    match(err, /at delembic\/versions\/D002\.py:11\n/);
    const other = await ran(project, ["upgrade", "E001"], 1);
    match(
      other.err,
      /FAILED: ModuleNotFoundError: No module named 'nothing_of_this_name'\n {4}at delembic\/versions\/E001\.py:4\n/,
    );
  },
);

onEach("commit() of the migration waits for the end, so that a failing validate undoes all of it", async (kind) => {
  await using project = await pythonProject(kind, {
    "D001.py": START,
    "D002.py": pythonMigration("D002", {
      dependsOn: ["D001"],
      upgrade: [
        "conn.execute(text(\"insert into seen values (3, 'c')\"))",
        "conn.commit()",
        "with conn.begin():",
        "    conn.execute(text(\"insert into seen values (4, 'd')\"))",
        "raw = conn.connection.driver_connection",
        "raw.cursor().execute(\"insert into seen values (5, 'e')\")",
        "raw.commit()",
      ],
      validate: ['import os; assert os.environ.get("FINE"), "not fine"'],
    }),
  });
  const { err } = await ran(project, ["upgrade"], 1);
  match(
    err,
    /Warning: D002 calls commit\(\): that waits for the end, where its record is committed too\n {2}FAILED: not fine\n/,
  );
  deepEqual(await project.rows("select id from seen order by id"), ["1", "2"]);
  await ran(project, ["upgrade"], 0, { FINE: "1" });
  deepEqual(await project.rows("select id from seen order by id"), ["1", "2", "3", "4", "5"]);
});

onEach(
  "a transaction that the migration ends by SQL is a partial one; rolled back by it, a failed one",
  async (kind) => {
    await using project = await pythonProject(kind, {
      "D001.py": START,
      "D002.py": pythonMigration("D002", {
        dependsOn: ["D001"],
        upgrade: ["conn.execute(text(\"insert into seen values (3, 'c')\"))", "conn.rollback()"],
      }),
      "D003.py": pythonMigration("D003", {
        dependsOn: ["D001"],
        upgrade: [
          "conn.execute(text(\"insert into seen values (3, 'c')\"))",
          "raw = conn.connection.driver_connection",
          'raw.cursor().execute("commit")',
        ],
      }),
    });
    const rolledBack = await ran(project, ["upgrade", "D002"], 1);
    match(
      rolledBack.err,
      /FAILED: The migration rolled back the transaction that it runs in\n {4}at delembic\/versions\/D002\.py\n/,
    );
    deepEqual(await project.rows("select id from seen order by id"), ["1", "2"]);
    const ended = await ran(project, ["upgrade", "D003"], 1);
    match(ended.err, /FAILED: The migration ended the transaction that it runs in\n/);
    equal((await ran(project, ["upgrade", "D003"], 5)).code, 5);
    await ran(project, ["repair", "D003", "--applied"]);
  },
);

testWith(
  ["python", "postgres"],
  "postgresql: COPY is part of the transaction, with and without raw.commit()",
  async () => {
    const copy = (id: number, ...more: string[]) => [
      "raw = conn.connection.driver_connection",
      "with raw.cursor() as cur:",
      '    with cur.copy("COPY seen FROM STDIN WITH (FORMAT csv)") as copy:',
      `        copy.write("${id},copied\\n")`,
      ...more,
    ];
    await using project = await pythonProject("postgresql", {
      "D001.py": START,
      "D002.py": pythonMigration("D002", { dependsOn: ["D001"], upgrade: copy(3) }),
      "D003.py": pythonMigration("D003", {
        dependsOn: ["D002"],
        upgrade: copy(4, "raw.commit()"),
        validate: ["assert False"],
      }),
    });
    await ran(project, ["upgrade"], 1);
    deepEqual(await project.rows("select id, name from seen order by id"), ["1 | a", "2 | b", "3 | copied"]);
  },
);

testWith(["python"], "sqlite: a script of statements is part of the transaction, too", async () => {
  const script = "insert into seen values (3, 'c;''d'); create trigger t after insert on seen begin select 1; end; " +
    "insert into seen values (4, 'd') -- last";
  await using project = await pythonProject("sqlite", {
    "D001.py": START,
    "D002.py": pythonMigration("D002", {
      dependsOn: ["D001"],
      upgrade: [
        "raw = conn.connection.driver_connection",
        `raw.executescript("${script}")`,
        "with raw:",
        "    raw.execute(\"insert into seen values (5, 'e')\")",
      ],
      validate: ['import os; assert os.environ.get("FINE"), "not fine"'],
    }),
  });
  await ran(project, ["upgrade"], 1);
  deepEqual(await project.rows("select id from seen order by id"), ["1", "2"]);
  await ran(project, ["upgrade"], 0, { FINE: "1" });
  deepEqual(await project.rows("select id, name from seen where id > 2 order by id"), ["3 | c;'d", "4 | d", "5 | e"]);
  deepEqual(await project.rows("select name from sqlite_master where type = 'trigger'"), ["t"]);
});

testWith(["python", "mysql"], "mysql: DDL that cannot be undone is noted before it runs", async () => {
  await using project = await pythonProject("mysql", {
    "D001.py": pythonMigration("D001", {
      upgrade: [
        'conn.execute(text("create table seen (id int primary key)"))',
        'conn.execute(text("insert into seen values (1)"))',
        'raise RuntimeError("half way")',
      ],
    }),
  });
  const { err } = await ran(project, ["upgrade"], 1);
  match(err, /FAILED: half way/);
  deepEqual(await project.rows("select id from seen"), []);
  deepEqual(await project.rows("select status from delembic_run_history"), ["partial"]);
  match((await ran(project, ["upgrade"], 5)).err, /delembic repair D001/);
});

for (
  const [what, text, message] of [
    ["async def", "    async def upgrade(self, conn):\n        pass\n", "upgrade() is 'async': nothing would run it"],
    [
      "a generator",
      "    def upgrade(self, conn):\n        yield 1\n",
      "upgrade() is a generator: nothing would run it",
    ],
    ["sys.exit", "    def upgrade(self, conn):\n        import sys; sys.exit(7)\n", "The migration called sys.exit(7)"],
    ["no upgrade", "    pass\n", "TypeError: Can't instantiate abstract class M"],
    [
      "the end of the process",
      "    def upgrade(self, conn):\n        import os; os._exit(7)\n",
      "Python ended while the migration was at work (exit code 7)",
    ],
  ] as const
) {
  testWith(["python"], `${what} in place of a migration fails, and is recorded`, async () => {
    await using project = await pythonProject("sqlite", {
      "D001.py": `class M(DataMigration):\n    revision = "D001"\n${text}`,
    });
    const { err } = await ran(project, ["upgrade"], 1);
    ok(err.includes(`FAILED: ${message}`), err);
    deepEqual(await project.rows("select revision, status from delembic_version"), ["D001 | failed"]);
    deepEqual(await project.rows("select count(*) from delembic_run_history where ended_at is null"), ["0"]);
  });
}

onEach("an engine of another database is refused before anything ran", async (kind) => {
  await using project = await pythonProject(kind, { "D001.py": START });
  await using other = await pythonProject(kind, {});
  const { err } = await ran(project, ["upgrade", "--url", other.db.url], 1);
  match(err, /FAILED: The Python tool's engine connects to another database than Delembic\n/);
  match(err, /Hint: Give both the same: /);
  deepEqual(await other.rows("select status from delembic_run_history"), ["failed"]);
});

testWith(["python", "postgres"], "an engine of another kind is refused before the first migration", async () => {
  await using project = await pythonProject("sqlite", { "D001.py": START });
  await using other = await pythonProject("postgresql", {});
  const { err } = await ran(project, ["upgrade", "--url", other.db.url], 2);
  match(err, /Error: The Python tool's engine is one of sqlite, and Delembic's database is PostgreSQL\n/);
});

for (
  const [what, command, message] of [
    [
      "no such file",
      "./nowhere/python",
      /Error: Cannot start Python: \.\/nowhere\/python: not found\nHint: Set 'python'/,
    ],
    ["no such command", "no-such-python-at-all", /Error: Cannot start Python: no-such-python-at-all: not found\n/],
    [
      "no packages",
      "PYTHON -S",
      /Error: Python 3\.[\d.]+ \(.* -S\) has no package 'sqlalchemy'\nHint: Install it there: python -m pip/,
    ],
    ["no Python", "echo hello", /Error: Python ended before it began: echo hello\n/],
    [
      "a quote that is open",
      "'python",
      /Error: The value of 'python' in \[delembic\] has a quote that is never closed\n/,
    ],
  ] as const
) {
  testWith(["python"], `${what}: told before anything ran`, async () => {
    const first = SQL.replace("D002", "B001").replace("-- delembic depends_on: D001\n", "").replace(
      "insert into seen values (3, 'c')",
      "create table early (id int)",
    );
    await using project = await pythonProject(
      "sqlite",
      { "B001.sql": first, "D001.py": START },
      `python = ${command.replace("PYTHON", outside.python ?? "")}\n`,
    );
    const { err } = await ran(project, ["upgrade"], 2);
    match(err, message);
    deepEqual(await project.rows("select name from sqlite_master where name = 'early'"), []);
  });
}

/** A project whose engine is made by its `env.py`. */
async function withEngine(kind: Kind, engine: readonly string[]): Promise<PythonProject> {
  const project = await pythonProject(kind, { "D001.py": START });
  await project.write({
    "/delembic.ini": `[delembic]\nscript_location = delembic\npython = ${outside.python}\n`,
    "/delembic/env.py": `import os\nfrom sqlalchemy import create_engine\n\n\ndef get_engine():\n${
      engine.map((line) => `    ${line}\n`).join("")
    }`,
  });
  return project;
}

onEach("the engine of env.py is the one that is used", async (kind) => {
  await using project = await withEngine(kind, ['return create_engine(os.environ["ENGINE_URL"])']);
  await ran(project, ["upgrade"], 0, { ENGINE_URL: project.db.pythonUrl });
  deepEqual(await project.rows("select id from seen order by id"), ["1", "2"]);
});

onEach("a variable in the URL of the ini is put in for Python, too", async (kind) => {
  await using project = await pythonProject(kind, { "D001.py": START });
  await project.write({
    "/delembic.ini":
      `[delembic]\nscript_location = delembic\nsqlalchemy.url = \${ENGINE_URL}\npython = ${outside.python}\n`,
  });
  await ran(project, ["upgrade"], 0, { ENGINE_URL: project.db.pythonUrl });
  deepEqual(await project.rows("select id from seen order by id"), ["1", "2"]);
});

for (
  const [what, engine, message] of [
    [
      "no engine",
      'return "engine"',
      /Error: get_engine\(\) of env\.py gives no SQLAlchemy Engine but str\nHint: Return what/,
    ],
    [
      "a mistake in env.py",
      'return create_engine(os.environ["NOT_SET_AT_ALL"])',
      /Error: The Python tool's engine cannot be made: KeyError: 'NOT_SET_AT_ALL'\n {2}at delembic\/env\.py:6\n/,
    ],
    [
      "no driver",
      'return create_engine("mysql+nosuchdriver://localhost/x")',
      /Error: The Python tool's engine cannot be made: NoSuchModuleError: /,
    ],
  ] as const
) {
  testWith(["python"], `env.py with ${what}: told before anything ran`, async () => {
    await using project = await withEngine("sqlite", [engine]);
    match((await ran(project, ["upgrade"], 2)).err, message);
  });
}

testWith(["python", "postgres"], "an engine that cannot connect, or commits by itself, is told", async () => {
  await using away = await withEngine("postgresql", [
    'return create_engine("postgresql+psycopg://u:secret@127.0.0.1:1/x")',
  ]);
  const { err } = await ran(away, ["upgrade"], 1);
  match(err, /FAILED: The Python tool's engine cannot connect: \(psycopg\.OperationalError\) connection failed: /);
  ok(!err.includes("secret"), err);
  await using auto = await withEngine("postgresql", [
    'return create_engine(os.environ["ENGINE_URL"], isolation_level="AUTOCOMMIT")',
  ]);
  const commits = await ran(auto, ["upgrade"], 1, { ENGINE_URL: auto.db.pythonUrl });
  match(commits.err, /FAILED: The Python tool's engine commits each statement by itself \(AUTOCOMMIT\)\n/);
});

testWith(
  ["python"],
  "modules of the project are found, and none is taken for one of Python's or for the package",
  async () => {
    await using project = await pythonProject("sqlite", {
      "D001.py": `from app.names import TABLE\nfrom _shared import ROWS\n${
        pythonMigration("D001", {
          upgrade: [
            'conn.execute(text(f"create table {TABLE} (n int)"))',
            'conn.execute(text(f"insert into {TABLE} values (:n)"), ROWS)',
          ],
        })
      }`,
    });
    await project.write({
      "/app/__init__.py": "",
      "/app/names.py": 'TABLE = "named"\n',
      "/_shared.py": 'ROWS = [{"n": 1}]\n',
      "/queue.py": "raise RuntimeError('not this one')\n",
      "/delembic/__init__.py": "raise RuntimeError('nor this one')\n",
    });
    await ran(project, ["upgrade"]);
    deepEqual(await project.rows("select n from named"), ["1"]);
  },
);

testWith(["python"], "a command around Python may print lines of its own, and have arguments", async () => {
  await using project = await pythonProject(
    "sqlite",
    { "D001.py": START },
    "python = sh tools/inside.sh --rm 'the app' python\n",
  );
  await project.write({
    "/tools/inside.sh":
      `echo "Creating $1 $2"; echo '{"status": 1}'; echo '[1]'; shift 3; exec ${outside.python} "$@"\n`,
  });
  const { err } = await ran(project, ["upgrade"]);
  equal(err, '  Creating --rm the app\n  {"status": 1}\n  [1]\n  creating\n');
});

testWith(["python", "executable"], "the executable runs a migration in Python", async () => {
  await using project = await pythonProject("sqlite", { "D001.py": START });
  const { code, out, err } = await run(outside.executable ?? "", ["upgrade"], { cwd: project.folder });
  equal(code, 0, out + err);
  equal(err, "  creating\n");
});

testWith(["python"], "--json has what was printed as events, and one document", async () => {
  await using project = await pythonProject("sqlite", { "D001.py": START });
  const { out, err } = await ran(project, ["upgrade", "--json"]);
  equal(JSON.parse(out).applied.length, 1);
  const events = err.trim().split("\n").map((line) => JSON.parse(line));
  ok(events.some(({ event, message }) => event === "log" && message === "creating"), err);
});

/** Packages that stand in for those of an environment in which something is wrong. */
const STUBS = {
  "/stub/sqlalchemy/__init__.py": "",
  "/stub/delembic/__init__.py": "",
  "/stub/delembic/config.py": "class Config: pass\n",
  "/stub/delembic/migration.py": "class DataMigration: pass\n",
  "/stub/delembic-2.0.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: delembic\nVersion: 2.0.0\n",
};

testWith(["python"], "a Python without the package, or with another version of it, is told", async () => {
  await using project = await pythonProject("sqlite", { "D001.py": START }, `python = ${outside.python} -S\n`);
  const env = { PYTHONPATH: `${project.folder}/stub` };
  await project.write({ "/stub/sqlalchemy/__init__.py": "" });
  const { err } = await ran(project, ["upgrade"], 2, env);
  match(
    err,
    /Error: Python 3\.[\d.]+ \(.* -S\) has no package 'delembic'\nHint: Install it there: python -m pip install/,
  );
  await project.write(STUBS);
  const other = await ran(project, ["upgrade"], 2, env);
  match(other.err, /Error: The package 'delembic' of .* -S is version 2\.0\.0; migrations run with 1\.2\n/);
});

testWith(["python"], "without 'python' a pending one is blocked, with the way out", async () => {
  await using project = await pythonProject("sqlite", { "D001.py": START }, "");
  const { err } = await ran(project, ["upgrade"], 1);
  equal(
    err,
    `BLOCKED: Migration D001 is a Python file, and no Python is configured that would run it.
Set 'python' in delembic.ini to the Python that has the package delembic ('python = .venv/bin/python'), or turn it into \
TypeScript or SQL with 'delembic convert D001'.
`,
  );
});

const SLEEPING = {
  sqlite: "time.sleep(60)",
  postgresql: 'conn.execute(text("select pg_sleep(60)"))',
  mysql: 'conn.execute(text("select sleep(60)"))',
};

/** Statements of the kind that the server is still at. */
const STILL_RUNNING = {
  sqlite: "select 0",
  postgresql: "select count(*) from pg_stat_activity where datname = current_database() and state = 'active' " +
    "and query like 'select pg_sleep%'",
  mysql: "select count(*) from information_schema.processlist where db = database() and info like 'select sleep%'",
};

onEach("SIGINT, SIGTERM and --max-time end the migration, and its work is rolled back", async (kind) => {
  await using project = await pythonProject(kind, {
    "D001.py": START,
    "D002.py": pythonMigration("D002", {
      dependsOn: ["D001"],
      upgrade: [
        "conn.execute(text(\"insert into seen values (3, 'c')\"))",
        "import time, pathlib; pathlib.Path('begun').write_text('')",
        SLEEPING[kind],
      ],
    }),
  });
  await ran(project, ["upgrade", "D001"]);
  const exists = () => Deno.stat(`${project.folder}/begun`).then(() => true, () => false);
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const child = project.start(["upgrade"]);
    await until("the migration is at work", exists);
    const begun = performance.now();
    child.kill(signal);
    const { code: ended } = await child.output();
    equal(ended, code);
    ok(performance.now() - begun < 8_000);
    await Deno.remove(`${project.folder}/begun`);
  }
  await ran(project, ["upgrade", "--max-time", "2"], 124);
  deepEqual(await project.rows(STILL_RUNNING[kind]), ["0"]);
  deepEqual(await project.rows("select id from seen order by id"), ["1", "2"]);
  deepEqual(
    await project.rows("select status from delembic_run_history where revision = 'D002'"),
    ["interrupted", "interrupted", "interrupted"],
  );
});

onEach("a migration that does not heed the end is killed, and its statement with it", async (kind) => {
  await using project = await pythonProject(kind, {
    "D001.py": START,
    "D002.py": pythonMigration("D002", {
      dependsOn: ["D001"],
      upgrade: [
        "conn.execute(text(\"insert into seen values (3, 'c')\"))",
        "import time, pathlib; pathlib.Path('begun').write_text('')",
        "while True:",
        `    try: ${SLEEPING[kind]}`,
        "    except BaseException: time.sleep(0.1)",
      ],
    }),
  });
  await ran(project, ["upgrade", "D001"]);
  const child = project.start(["upgrade"]);
  await until("the migration is at work", () => Deno.stat(`${project.folder}/begun`).then(() => true, () => false));
  child.kill("SIGINT");
  const { code } = await child.output();
  equal(code, 130);
  deepEqual(await project.rows(STILL_RUNNING[kind]), ["0"]);
  deepEqual(await project.rows("select id from seen order by id"), ["1", "2"]);
});

onEach("verify calls validate again, and rolls back", async (kind) => {
  await using project = await pythonProject(kind, { "D001.py": START, "D002.sql": SQL, "D003.py": LAST });
  await ran(project, ["upgrade", "D001"]);
  match((await ran(project, ["verify"])).out, /Verified 1 migration, 0 failed\.\n$/);
  await ran(project, ["upgrade"]);
  const { out, err } = await ran(project, ["verify"], 1);
  match(err, /FAILED: two are expected\n {4}at delembic\/versions\/D001\.py:16\n/);
  match(out, /Without validate: D002, D003\nVerified 0 migrations, 1 failed\.\n$/);
});

testWith(["python", "postgres"], "an error in a compiled module stands where the migration called it", async () => {
  await using project = await pythonProject("postgresql", {
    "D001.py": pythonMigration("D001", {
      upgrade: ['conn.execute(text("select 1"))', "conn.connection.driver_connection.autocommit = True"],
    }),
  });
  const { err } = await ran(project, ["upgrade"], 1);
  match(err, /can't change 'autocommit' now.*\n {4}at delembic\/versions\/D001\.py:12\n/);
});

/** What a migration does with its surroundings, and how that ends: the code, and what is told. */
const SURROUNDINGS: readonly (readonly [string, readonly string[], number, RegExp])[] = [
  ["asks for input", ['input("sure? ")'], 1, /FAILED: EOFError: EOF when reading a line\n/],
  ["starts a program that reads", ["import subprocess", 'subprocess.run(["cat"], check=True)'], 0, /OK/],
  ["reads where requests come from", ["import os", "assert os.read(0, 1) == b''"], 0, /OK/],
  ["closes what it has not opened", ["import os", "os.closerange(0, 3)"], 0, /OK/],
  [
    "gives its output to a program",
    ["import subprocess, sys", "subprocess.run(['echo', 'said'], stdout=sys.stdout)"],
    0,
    /said/,
  ],
  ["prints bytes", ["import sys", "sys.stdout.buffer.write(b'said\\n')"], 0, /said/],
  ["raises KeyboardInterrupt", ["raise KeyboardInterrupt"], 1, /FAILED: KeyboardInterrupt: raise KeyboardInterrupt\n/],
  ["fails with half a character", ['raise ValueError("\\udc80 \\x00")'], 1, /FAILED: \? .*\n/],
  [
    "fails with an error that fails",
    ["class Odd(Exception):", "    def __str__(self): raise RuntimeError", "raise Odd"],
    1,
    /FAILED: Odd: raise Odd\n/,
  ],
];

onEach("whatever a migration does with its surroundings, it ends, and its failure is recorded", async (kind) => {
  const cases = kind === "sqlite" ? SURROUNDINGS : SURROUNDINGS.filter(([what]) => what.startsWith("fails"));
  for (const [what, upgrade, code, said] of cases) {
    await using project = await pythonProject(kind, { "D001.py": pythonMigration("D001", { upgrade }) });
    const { out, err } = await ran(project, ["upgrade"], code);
    match(out + err, said, what);
    const status = code === 0 ? "success" : "failed";
    deepEqual(await project.rows("select status from delembic_run_history"), [status], what);
  }
});
