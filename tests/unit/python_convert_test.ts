/** Python migrations in many styles, and what each is in SQL or TypeScript. */

import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { type Conversion, unconvertedOf } from "../../src/conversion.ts";
import { convertedScript, convertedSql, fitsSql } from "../../src/converted.ts";
import { mysqlDialect } from "../../src/db/mysql_dialect.ts";
import { postgresDialect } from "../../src/db/postgres_dialect.ts";
import { readSteps } from "../../src/python_convert.ts";

/** A migration with these lines in its `upgrade` and `validate`, below this head of its module. */
function conversionOf(
  { head = "", members = "", upgrade = ["pass"], validate = [] }: Style,
): Conversion {
  const body = (lines: readonly string[]) => lines.map((line) => `        ${line}\n`).join("");
  const before = `${head}${head === "" ? "" : "\n"}`;
  const check = validate.length === 0 ? "" : `\n    def validate(self, conn):\n${body(validate)}`;
  const source = `${before}class M(DataMigration):\n    revision = "D001"\n${members}\n    def upgrade(self, conn):\n${
    body(upgrade)
  }${check}`;
  const steps = readSteps(source, before.split("\n").length);
  return { revision: "D001", dependsOn: [], labels: [], description: "", file: "m.py", ...steps };
}

interface Style {
  readonly head?: string;
  readonly members?: string;
  readonly upgrade?: readonly string[];
  readonly validate?: readonly string[];
}

const STYLES: readonly (Style & { readonly name: string; readonly sql: readonly string[] })[] = [
  {
    name: "a statement in one line",
    upgrade: ['conn.execute(text("update t set a = 1"))'],
    sql: ["update t set a = 1;"],
  },
  {
    name: "by the module's name, and with a semicolon",
    upgrade: ['conn.execute(sqlalchemy.text("update t set a = 1;"))', "conn.execute(sa.text('delete from t'))"],
    sql: ["update t set a = 1;", "delete from t;"],
  },
  {
    name: "in triple quotes, indented",
    upgrade: ['conn.execute(text("""', "    update t", "       set a = 1", "     where b = 2", '"""))'],
    sql: ["update t", "   set a = 1", " where b = 2;"],
  },
  {
    name: "in triple quotes that begin with the statement",
    upgrade: ['conn.execute(text("""update t', "    set a = 1", '    where b = 2"""))'],
    sql: ["update t", "set a = 1", "where b = 2;"],
  },
  {
    name: "a quoted text over several lines stays as it is",
    upgrade: ['conn.execute(text("""insert into t values (\'a', '          b\')"""))'],
    sql: ["insert into t values ('a", "                  b');"],
  },
  {
    name: "parameters of a dictionary",
    upgrade: [
      'conn.execute(text("insert into t values (:a, :b, :c, :d, :e)"),',
      '    {"a": 1, "b": "it\'s", "c": None, "d": True, "e": -2.50})',
    ],
    sql: ["insert into t values (1, 'it''s', null, true, -2.5);"],
  },
  {
    name: "casts and times have colons of their own",
    upgrade: ["conn.execute(text(\"update t set a = (:a)::int, b = '12:30', c = '\\\\:x'\"), dict(a='1'))"],
    sql: ["update t set a = ('1')::int, b = '12:30', c = ':x';"],
  },
  {
    name: "many rows",
    upgrade: ["conn.execute(text('insert into t values (:a)'), [{'a': 1}, {'a': 'x'}])"],
    sql: ["insert into t values (1);", "insert into t values ('x');"],
  },
  {
    name: "SQL, rows and names at the top of the module",
    head:
      'TABLE = "t"\nROWS = [\n    (1, "a"),\n    (2, "b"),\n]\nINSERT = text(f"insert into {TABLE} values (:id, :name)")\n',
    upgrade: ["for id_, name in ROWS:", '    conn.execute(INSERT, {"id": id_, "name": name})'],
    sql: ["insert into t values (1, 'a');", "insert into t values (2, 'b');"],
  },
  {
    name: "attributes of the class, and a loop over a dictionary",
    members: '    LABELS = {"a": "Active", "b": "Bye"}\n    SQL = "insert into s values (:c, :l)"\n',
    upgrade: ["for c, l in self.LABELS.items():", '    conn.execute(text(self.SQL), {"c": c, "l": l})'],
    sql: ["insert into s values ('a', 'Active');", "insert into s values ('b', 'Bye');"],
  },
  {
    name: "names bound on the way, one from another",
    upgrade: [
      'sql = "update t set a = " \\',
      '      "1"',
      'where: str = " where b = 2"',
      "stmt = text(sql + where)",
      "conn.execute(stmt)",
    ],
    sql: ["update t set a = 1 where b = 2;"],
  },
  {
    name: "%, format and join of literals",
    upgrade: [
      'conn.execute(text("delete from %s where id = %d" % ("t", 3)))',
      'conn.execute(text("delete from {} where {col} = 1".format("t", col="a")))',
      'conn.execute(text("delete from t where id in (" + ", ".join(["1", "2"]) + ")"))',
    ],
    sql: ["delete from t where id = 3;", "delete from t where a = 1;", "delete from t where id in (1, 2);"],
  },
  {
    name: "a list of statements",
    upgrade: ['for sql in ["delete from a", "delete from b"]:', "    conn.execute(text(sql))"],
    sql: ["delete from a;", "delete from b;"],
  },
  {
    name: "comprehension, range and enumerate",
    upgrade: [
      'conn.execute(text("insert into t values (:n)"), [{"n": i} for i in range(1, 3)])',
      'for at, name in enumerate(["x"]):',
      '    conn.execute(text("insert into t values (:n)"), {"n": f"{name}{at}"})',
    ],
    sql: ["insert into t values (1);", "insert into t values (2);", "insert into t values ('x0');"],
  },
  {
    name: "a list that is filled on the way, under both of its names",
    head: "ROWS = []\n",
    upgrade: [
      "rows = ROWS",
      "for n in range(2):",
      '    rows.append({"n": n})',
      'rows.extend([{"n": 7}])',
      'conn.execute(text("insert into t values (:n)"), ROWS)',
    ],
    sql: ["insert into t values (0);", "insert into t values (1);", "insert into t values (7);"],
  },
  {
    name: "helpers of the module and of the class",
    head: 'def wipe(conn, table):\n    conn.execute(text(f"delete from {table}"))\n',
    members: "    def _more(self, conn):\n        wipe(conn, 'b')\n",
    upgrade: ["wipe(conn, 'a')", "self._more(conn)"],
    sql: ["delete from a;", "delete from b;"],
  },
  {
    name: "bindparams, exec_driver_sql, dates and decimals",
    upgrade: [
      'conn.execute(text("update t set a = :a").bindparams(a=1))',
      'conn.exec_driver_sql("delete from t where b = 5 % 2")',
      'conn.execute(text("update t set d = :d, m = :m, x = :x"),',
      '    {"d": date(2020, 1, 31), "m": datetime(2020, 1, 31, 12, 30), "x": Decimal("1.10")})',
    ],
    sql: [
      "update t set a = 1;",
      "delete from t where b = 5 % 2;",
      "update t set d = '2020-01-31', m = '2020-01-31 12:30:00', x = 1.10;",
    ],
  },
  {
    name: "a transaction around it, logging, commit, docstring and comments",
    upgrade: [
      '"""What it does."""',
      "logger.info('begin %s', 1)",
      "print('x')",
      "# the first",
      "with conn.begin():",
      '    conn.execute(text("delete from t"))  # behind',
      "conn.commit()",
    ],
    sql: [
      "-- the first",
      "delete from t;",
      "-- commit() of the Python migration is left out: all of it is one transaction",
    ],
  },
  {
    name: "a known condition",
    head: "WIPE = False\n",
    upgrade: [
      "if WIPE:",
      '    conn.execute(text("delete from t"))',
      "else:",
      '    conn.execute(text("delete from u"))',
    ],
    sql: ["delete from u;"],
  },
  {
    name: "several statements in one text",
    upgrade: ['conn.execute(text("""', "    delete from a;", "    delete from b;", '"""))'],
    sql: ["delete from a;", "delete from b;"],
  },
  {
    name: "a query for what it does",
    upgrade: ["conn.execute(text(\"select setval('s', 10)\"))"],
    sql: ["select setval('s', 10);"],
  },
];

for (const { name, sql, ...style } of STYLES) {
  Deno.test(`converted to SQL: ${name}`, () => {
    const conversion = conversionOf(style);
    ok(fitsSql(conversion));
    const expected = `-- delembic revision: D001\n\n-- delembic upgrade\n${sql.join("\n")}\n`;
    equal(convertedSql(conversion, postgresDialect.lexicon), expected);
  });
}

const CHECKS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [
    "a count",
    ["assert conn.execute(text('select count(*) from t')).scalar() == 3, 'three'"],
    ["-- three", "select (select count(*) from t) = 3;"],
  ],
  ["turned round", ["assert 3 <= conn.scalar(text('select count(*) from t'))"], [
    "select (select count(*) from t) >= 3;",
  ]],
  [
    "a name, a message with values",
    ["n = conn.execute(text('select count(*) from t')).scalar_one()", 'assert n != 0, f"got {n}"'],
    ["-- got …", "select (select count(*) from t) <> 0;"],
  ],
  [
    "if … raise",
    ["n = conn.execute(text('select count(*) from t')).scalar()", "if n > 0:", "    raise ValueError('some')"],
    ["-- some", "select (select count(*) from t) <= 0;"],
  ],
  ["if a count: raise", ["if conn.scalar(text('select count(*) from t')):", "    raise Exception()"], [
    "select (select count(*) from t) = 0;",
  ]],
  ["not a count", ["assert not conn.scalar(text('select count(*) from t'))"], ["select (select count(*) from t) = 0;"]],
  ["exists", ["assert conn.scalar(text('select exists (select 1 from t)'))"], [
    "select (select exists (select 1 from t)) is true;",
  ]],
  [
    "the first of a row, and both of two",
    [
      "row = conn.execute(text('select max(a) from t where b = :b'), {'b': 'x'}).fetchone()",
      "assert row[0] is not None and row[0] < 9",
    ],
    ["select (select max(a) from t where b = 'x') is not null;", "select (select max(a) from t where b = 'x') < 9;"],
  ],
  [
    "a helper that gives it",
    ["assert self._count(conn, 't') == 1"],
    ["select (select count(*) from t) = 1;"],
  ],
  [
    "a loop of expectations",
    ["for table, n in {'a': 1, 'b': 2}.items():", "    assert self._count(conn, table) == n, table"],
    ["-- a", "select (select count(*) from a) = 1;", "-- b", "select (select count(*) from b) = 2;"],
  ],
  ["a text", ["assert conn.scalar(text('select name from t where id = 1')) == 'O\\'Hara'"], [
    "select (select name from t where id = 1 limit 1) = 'O''Hara';",
  ]],
  [
    "as many as a dictionary has",
    ["rows = {'a': 1, 'b': 2}", "assert conn.scalar(text('select count(*) from t')) == len(rows)"],
    ["select (select count(*) from t) = 2;"],
  ],
  [
    "the first of several rows",
    ["assert conn.scalar(text('select a * 2 from t where b in (1, 2) order by a;')) == 1"],
    ["select (select a * 2 from t where b in (1, 2) order by a limit 1) = 1;"],
  ],
  [
    "rows that are counted, or not there",
    [
      "rows = conn.execute(text('select id, a from t where a < :a;'), {'a': 2}).fetchall()",
      "assert len(rows) == 0",
      "assert not rows, 'some'",
    ],
    [
      "select (",
      "  select count(*) from (select id, a from t where a < 2",
      "  ) as counted",
      ") = 0;",
      "-- some",
      "select (",
      "  select count(*) from (select id, a from t where a < 2",
      "  ) as counted",
      ") = 0;",
    ],
  ],
  [
    "a column by its name",
    ["row = conn.execute(text('select count(*) as n from t')).one()", "assert row.n == 2"],
    ["select (select count(*) as n from t) = 2;"],
  ],
  [
    "the only row",
    ["assert conn.execute(text('select coalesce(a, 0) from t where b = 1')).scalar_one() == 1"],
    ["select (select coalesce(a, 0) from t where b = 1) = 1;"],
  ],
  [
    "a comment at the end of the query",
    ["assert conn.scalar(text('''", "    select count(*)  -- all", "    from t", "''')) == 0"],
    ["select (", "  select count(*)  -- all", "  from t", ") = 0;"],
  ],
];

for (const [name, validate, sql] of CHECKS) {
  Deno.test(`converted to a validate in SQL: ${name}`, () => {
    const members =
      "    def _count(self, conn, table):\n        return conn.execute(text(f'select count(*) from {table}')).scalar()\n";
    const conversion = conversionOf({ members, validate });
    deepEqual(unconvertedOf(conversion), []);
    const text = convertedSql(conversion, postgresDialect.lexicon);
    equal(text.slice(text.indexOf("-- delembic validate\n")), `-- delembic validate\n${sql.join("\n")}\n`);
  });
}

const LEFT: readonly (readonly [string, readonly string[], string])[] = [
  [
    "rows that are read",
    ["for row in conn.execute(text('select 1')):", "    print(row)"],
    "what it goes through is not known",
  ],
  [
    "a value of the time",
    ["conn.execute(text('update t set a = :a'), {'a': time.time()})"],
    "one of its parameters is not known",
  ],
  ["a driver's own ways", ["raw = conn.connection.driver_connection"], "an attribute: driver_connection"],
  [
    "a list for IN",
    ["conn.execute(text('delete from t where a in :a'), {'a': [1]})"],
    "one of its parameters is not known",
  ],
  ["a construct of SQLAlchemy", ["conn.execute(t.insert().values(a=1))"], "the call of values() is not followed"],
  [
    "try",
    ["try:", "    conn.execute(text('x'))", "except Exception:", "    pass"],
    "statements of this kind are not converted",
  ],
  [
    "a condition of the database",
    ["if conn.scalar(text('select 1')) == 1:", "    conn.execute(text('delete from t'))"],
    "only a run tells which way it goes",
  ],
  [
    "what was read before something changed",
    ["n = conn.scalar(text('select count(*) from t'))", "conn.execute(text('delete from t'))", "assert n == 2"],
    "what it compares was read before other statements ran",
  ],
  ["truth of a value", ["assert conn.scalar(text('select name from t'))"], "what it asserts is not known"],
  [
    "a chain of comparisons",
    ["assert 0 < conn.scalar(text('select 1')) < 3"],
    "a comparison of something that is not known",
  ],
  ["a function of elsewhere", ["from app.seed import seed", "seed(conn)"], "the call of seed() is not followed"],
  [
    "a query whose answer goes elsewhere",
    ["rows = conn.execute(text('select 1'))"],
    "what it reads is used in a way that is not followed",
  ],
  [
    "one of several columns",
    ["row = conn.execute(text('select count(*), max(a) from t')).first()", "assert row[0] == 1"],
    "it takes one of several columns",
  ],
  ["a column of all", ["assert conn.scalar(text('select * from t')) == 1"], "it takes one of several columns"],
  ["what is no Python", ["conn.execute(text('delete from t'), {'a': *})"], "it cannot be read"],
  [
    "a list that is changed in a way that is not followed",
    ["rows = [{'a': 1}]", "rows[0]['a'] = 2", "conn.execute(text('insert into t values (:a)'), rows)"],
    "its parameters are not known",
  ],
  ["a missing value", ["conn.execute(text('update t set a = :a'))"], "one of its parameters is not known"],
];

for (const [name, upgrade, why] of LEFT) {
  Deno.test(`not converted, and told so: ${name}`, () => {
    const conversion = conversionOf({ upgrade });
    equal(unconvertedOf(conversion).at(-1)?.why, why);
    ok(!fitsSql(conversion));
    const [left] = unconvertedOf(conversion);
    const script = convertedScript(conversion, postgresDialect.lexicon);
    ok(script.includes(`throw new Error("not converted yet: see line ${left?.line} of m.py");`), script);
    ok(script.includes(`    //   ${left?.code.split("\n")[0]}`), script);
    ok(
      convertedSql(conversion, postgresDialect.lexicon).includes(`select not_converted_yet_see_line_${left?.line}();`),
    );
  });
}

Deno.test("converted to TypeScript: values are parameters, texts are escaped, checks throw", () => {
  const conversion = conversionOf({
    upgrade: [
      "conn.execute(text('update t set a = :a, b = `b`, c = :c, d = :d'), {'a': 'x', 'c': 12345678901234567890, 'd': Decimal('1.10')})",
      "conn.execute(text('insert into t values (:a, :b)'), [{'a': 1, 'b': None}, {'a': 2, 'b': 'y'}])",
      `conn.execute(text("insert into t values ('\${one}\\n  \${two}')"))`,
    ],
    validate: ["assert conn.scalar(text('select count(*) from t')) == 2"],
  });
  equal(
    convertedScript({ ...conversion, dependsOn: ["D000", "abc"], description: 'say "hi"' }, mysqlDialect.lexicon),
    `import type { Migration } from "../delembic.d.ts";

export default {
  revision: "D001",
  dependsOn: ["D000", "abc"],
  description: "say \\"hi\\"",

  async upgrade(conn) {
    await conn.sql\`update t set a = \${"x"}, b = \\\`b\\\`, c = \${12345678901234567890n}, d = \${"1.10"}\`;
    {
      const rows = [
        { a: 1, b: null },
        { a: 2, b: "y" },
      ];
      for (const row of rows) await conn.sql\`insert into t values (\${row.a}, \${row.b})\`;
    }
    await conn.sql\`insert into t values ('\\\${one}\\n  \\\${two}')\`;
  },

  async validate(conn) {
    if (!await conn.value\`select (select count(*) from t) = \${2}\`) throw new Error("m.py line 10 does not hold");
  },
} satisfies Migration;
`,
  );
});

Deno.test("converted for MySQL: a backslash in a value is doubled", () => {
  const conversion = conversionOf({ upgrade: ["conn.execute(text('update t set a = :a'), {'a': 'x\\\\y'})"] });
  ok(convertedSql(conversion, mysqlDialect.lexicon).endsWith("update t set a = 'x\\\\y';\n"));
  ok(convertedSql(conversion, postgresDialect.lexicon).endsWith("update t set a = 'x\\y';\n"));
});

Deno.test("steps of a class that it builds on are read where they are in the file, and told to be left where not", () => {
  const source = (bases: string) =>
    `class Load(DataMigration):
    TABLE = "a"

    def upgrade(self, conn):
        conn.execute(text(f"delete from {self.TABLE}"))


class M(${bases}):
    revision = "D001"
    TABLE = "b"
`;
  deepEqual(readSteps(source("Load"), 8), {
    upgrade: [{ kind: "statement", sql: ["delete from b"], line: 5 }],
    validate: [],
  });
  const { upgrade, validate } = readSteps(source("other.Load"), 8);
  deepEqual([...upgrade, ...validate].map((deed) => "why" in deed ? deed.why : deed.kind), [
    "its upgrade() is not in the file",
    "its validate() is not in the file",
  ]);
});

Deno.test("what the module changes by code is not known in a method", () => {
  for (
    const change of [
      "ROWS.sort()",
      "for r in ROWS:\n    r['a'] = 2",
      "ROWS += other()",
      "ROWS[0] = {}",
      "if x:\n    ROWS.clear()",
    ]
  ) {
    const conversion = conversionOf({
      head: `ROWS = [{"a": 1}]\n${change}\n`,
      upgrade: ["conn.execute(text('insert into t values (:a)'), ROWS)"],
    });
    deepEqual(unconvertedOf(conversion).map(({ why }) => why), ["its parameters are not known"], change);
  }
});

Deno.test("what executes something is in the converted migration, or told to be left", () => {
  const executing = [...STYLES.flatMap(({ upgrade = [] }) => upgrade), ...LEFT.flatMap(([, upgrade]) => upgrade)]
    .filter((line) => /^conn\.(execute|exec_driver_sql)\(.*\)$/.test(line));
  ok(executing.length > 15);
  for (const line of executing) {
    const { upgrade } = conversionOf({ upgrade: [line] });
    ok(upgrade.some(({ kind }) => kind === "statement" || kind === "many" || kind === "unconverted"), line);
  }
});

Deno.test("whatever stands in a method, it is read to its end", () => {
  const lines = [...STYLES.flatMap(({ upgrade = [] }) => upgrade), ...LEFT.flatMap(([, upgrade]) => upgrade)];
  const mixed = fc.array(fc.tuple(fc.constantFrom(...lines), fc.nat(60), fc.nat(3)), { maxLength: 8 });
  fc.assert(
    fc.property(mixed, (chosen) => {
      // a line of any style, now and then with a part cut out
      const upgrade = chosen.map(([line, at, length]) => line.slice(0, at) + line.slice(at + length));
      const conversion = conversionOf({ upgrade });
      convertedSql(conversion, postgresDialect.lexicon);
      convertedScript(conversion, mysqlDialect.lexicon);
    }),
    { numRuns: 2_000 },
  );
});
