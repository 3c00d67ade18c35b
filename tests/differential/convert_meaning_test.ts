/** Python that is easily taken for something else: what is converted of it does the same, and the rest is told. */

import { deepEqual, equal } from "node:assert/strict";
import { sqliteDialect } from "../../src/db/sqlite_dialect.ts";
import { readPythonFile, renderConversion, unconvertedOf } from "../../src/conversion.ts";
import { testWith } from "../support.ts";
import { pythonProject } from "../python_project.ts";

interface Case {
  readonly head?: string;
  readonly members?: readonly string[];
  readonly upgrade: readonly string[];
  readonly validate?: readonly string[];
}

/** A statement that keeps a value, as all cases do. */
const keep = (value: string) => `conn.execute(text("insert into got values ('CASE', :v)"), {"v": ${value}})`;

/** What is converted, and leaves what Python leaves. */
const SAME: Readonly<Record<string, Case>> = {
  "numbers as keys": { upgrade: ["for k in {7: 'x', -8: 'y', '7': 'z'}:", `    ${keep("k")}`] },
  "a number that is a key": { upgrade: [keep('{1: "number", "1": "text"}[1]')] },
  "a float in a text": { upgrade: [keep('f"{1.10} {1e5} {0.00001} {1e16} {-2.50}"'), keep("'%s' % 100.0")] },
  "floats as values": { upgrade: ["1.10", "2.0", "1e3", "-5.50", "123456789.123456789", "1e-7"].map(keep) },
  "floats as values of many rows": {
    upgrade: ["conn.execute(text(\"insert into got values ('CASE', :v)\"), [{'v': 2.50}, {'v': 2.0}, {'v': None}])"],
  },
  "a division by a float": {
    upgrade: ["conn.execute(text(\"insert into got select 'CASE', 7 / :by\"), {'by': 2.0})"],
  },
  "minus a negative value": {
    upgrade: ["conn.execute(text(\"insert into got select 'CASE', 5-:v\"), {'v': -7})"],
  },
  "texts without their indentation": {
    head: "import inspect\nfrom textwrap import dedent",
    upgrade: [
      keep('dedent("""\\\n            Hello\n              World\n""")'),
      keep('inspect.cleandoc("""Hello\n            to\n              all\n\n            """)'),
      'conn.execute(text(dedent("""\n            insert into got values (\'CASE\', \'one\n              two\')\n""")))',
    ],
  },
  "a text that is quoted otherwise, over lines": {
    upgrade: ['conn.execute(text("""\n            insert into got select \'CASE\', 1 as "a\n              b"\n"""))'],
  },
  "values of other kinds are not equal": {
    head: "FLAG, NAME = True, None",
    upgrade: ["if FLAG == 'True' or 1 == 1:", "    pass"].slice(1).concat([
      "if FLAG == 'True':",
      `    ${keep("1")}`,
      "if NAME == 'None':",
      `    ${keep("2")}`,
      "if FLAG != 'True':",
      `    ${keep("3")}`,
    ]).slice(1),
  },
  "a copy of a list": {
    head: "ROWS = [1, 2]",
    upgrade: ["rows = list(ROWS)", "rows.append(3)", "for v in ROWS:", `    ${keep("v")}`],
  },
  "a comment at the end of a statement": {
    upgrade: [
      "conn.execute(text(\"insert into got values ('CASE', 1) -- one\"))",
      "conn.execute(text(\"insert into got values ('CASE', 2)\"))",
    ],
  },
  "a function in a function": {
    head: 'name = "outer"',
    upgrade: ['name = "inner"', "def f(c):", `    ${keep("name").replace("conn", "c")}`, "f(conn)"],
  },
  "a static method": {
    members: ["@staticmethod", "def twice(a):", '    return f"{a}{a}"'],
    upgrade: [keep("self.twice('x')")],
  },
  "words of Delembic in messages and comments": {
    upgrade: [keep("1"), 'conn.execute(text("""select 1', "-- delembic downgrade", '"""))', keep("2")],
    validate: ['assert conn.scalar(text("select 1")) == 1, "delembic downgrade"', "# delembic validate"],
  },
  "what only looks at the database is not logged": {
    head: "import logging\nlog = logging.getLogger()",
    upgrade: ['log.info("rows: %s", conn.scalar(text("select count(*) from got")))', keep("1")],
  },
};

/** What is not converted, since only a run of Python would tell. */
const TOLD: Readonly<Record<string, Case>> = {
  "a statement in what is printed": {
    upgrade: ["print(conn.execute(text(\"insert into got values ('CASE', 1)\")).rowcount)"],
  },
  "a statement in what is logged": {
    head: "import logging\nlog = logging.getLogger()",
    upgrade: ["log.info('%s', conn.execute(text(\"insert into got values ('CASE', 1)\")).rowcount)"],
  },
  "a name that a condition sets": { head: "V = 1\nif len('x') == 1:\n    V = 2", upgrade: [keep("V")] },
  "a name that 'try' sets": { head: "V = 1\ntry:\n    V = 2\nexcept ValueError:\n    pass", upgrade: [keep("V")] },
  "a name that 'with' sets": {
    head: "import contextlib\nV = 1\nwith contextlib.suppress(ValueError):\n    V = 2",
    upgrade: [keep("V")],
  },
  "a name that an import sets": { head: "sep = 1\nfrom os.path import sep", upgrade: [keep("sep")] },
  "a name that an import of all may set": { head: "pi = 1\nfrom math import *", upgrade: [keep("pi")] },
  "an attribute that a condition sets": { members: ["V = 1", "if V:", "    V = 2"], upgrade: [keep("self.V")] },
  "an attribute that __init__ sets": {
    members: ["V = 1", "def __init__(self):", "    self.V = 2"],
    upgrade: [keep("self.V")],
  },
  "a global name that a function sets": {
    head: "V = 1\ndef more():\n    global V\n    V = 2",
    upgrade: ["more()", keep("V")],
  },
  "a list that is changed under another name": {
    head: "ROWS = [1]\nothers = ROWS\nothers.insert(0, 2)",
    upgrade: ["for v in ROWS:", `    ${keep("v")}`],
  },
  "a list that a function of the module changes": {
    head: "ROWS = [1]\ndef more():\n    ROWS.append(2)\nmore()",
    upgrade: ["for v in ROWS:", `    ${keep("v")}`],
  },
  "a row that is changed after it was listed": {
    head: 'ROW = {"v": 1}\nROWS = [ROW]\nROW["v"] = 2',
    upgrade: ["conn.execute(text(\"insert into got values ('CASE', :v)\"), ROWS)"],
  },
  "a decorated function": {
    head: "def twice(f):\n    def g(c):\n        f(c)\n        f(c)\n    return g\n@twice\ndef more(conn):\n    " +
      keep("1"),
    upgrade: ["more(conn)"],
  },
  "a function that takes any number": {
    head: "def more(conn, *values):\n    for v in values:\n        for x in v:\n            " + keep("x"),
    upgrade: ["more(conn, [1, 2])"],
  },
  "a static method with a default": {
    members: ["@staticmethod", "def f(a, b='default'):", "    return b"],
    upgrade: [keep("self.f('x')")],
  },
  "a set": { upgrade: ["for v in {1, 1}:", `    ${keep("v")}`] },
  "keys that are neither texts nor whole numbers": {
    upgrade: ["for v in {None: 1, True: 2}:", `    ${keep("v")}`],
  },
  "a computation with floats": { upgrade: [keep("2.0 * 3")] },
  "a '%' of a list": { upgrade: [keep("'%s' % [1]")] },
  "a '%d' of a float": { upgrade: [keep("'%d' % 1.5")] },
  "a text with a space that JavaScript does not know": { upgrade: [keep("'x\\x1c'.strip()")] },
  "what a driver may fill in": { upgrade: ["conn.exec_driver_sql(\"insert into got values ('CASE', '100%%')\")"] },
};

function fileOf(at: number, name: string, { head = "", members = [], upgrade, validate }: Case): string {
  const body = (lines: readonly string[]) => lines.map((line) => `        ${line}\n`).join("");
  return `${head}

class D${at}(DataMigration):
    revision = "D${at}"
    depends_on = []
    description = "case"
${members.map((line) => `    ${line}\n`).join("")}
    def upgrade(self, conn):
${body(upgrade)}
${validate === undefined ? "" : `    def validate(self, conn):\n${body(validate)}        pass\n`}`.replaceAll(
    "CASE",
    name,
  );
}

const GOT = "create table got (who text, v)";

/** What each case keeps, and which of them are not converted. */
async function ran(cases: Readonly<Record<string, Case>>, form: "python" | "sql" | "ts") {
  const files = Object.entries(cases).map((
    [name, each],
    at,
  ) => [`D${at}.py`, fileOf(at, name.replaceAll("'", ""), each)]);
  await using project = await pythonProject("sqlite", Object.fromEntries(files));
  await project.rows(GOT);
  const told: string[] = [];
  for (const [at, name] of Object.keys(cases).entries()) {
    if (form === "python") break;
    const path = `${project.folder}/delembic/versions/D${at}`;
    const { conversion } = await readPythonFile(`${path}.py`, `D${at}`);
    if (unconvertedOf(conversion).length > 0) told.push(name);
    else await Deno.writeTextFile(`${path}.${form}`, renderConversion(conversion, sqliteDialect.lexicon, form).text);
    await Deno.remove(`${path}.py`);
  }
  const { code, err } = await project.delembic(["upgrade"]);
  equal(code, 0, err);
  return { told, rows: await project.rows("select who, typeof(v) as type, v from got order by who, rowid") };
}

testWith(["python"], "what is converted keeps what Python keeps", async () => {
  const python = await ran(SAME, "python");
  for (const form of ["sql", "ts"] as const) {
    const { told, rows } = await ran(SAME, form);
    deepEqual(told, [], form);
    deepEqual(rows, python.rows, form);
  }
});

testWith(["python"], "what only a run of Python tells is not converted", async () => {
  const { told } = await ran(TOLD, "sql");
  deepEqual(told, Object.keys(TOLD));
});
