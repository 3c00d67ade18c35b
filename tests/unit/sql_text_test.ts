import assert from "node:assert/strict";
import fc from "fast-check";
import type { SqlLexicon } from "../../src/db/database.ts";
import { SqlLexer, type SqlToken } from "../../src/sql_lexer.ts";
import { splitSql } from "../../src/sql_text.ts";
import { LEXICONS } from "../lexicons.ts";
import type { Kind } from "../support.ts";

function split(kind: Kind, text: string): string[] {
  const { items, faults } = splitSql(text, LEXICONS[kind], { file: "x.sql" });
  assert.deepEqual(faults, []);
  return items.flatMap((item) => item.kind === "statement" ? [item.statement.text] : []);
}

function faultsOf(kind: Kind, text: string) {
  return splitSql(text, LEXICONS[kind], { file: "x.sql" }).faults
    .map(({ message, place }) => `${place.line}:${place.column} ${message}`);
}

function tokens(text: string, lexicon: SqlLexicon): SqlToken[] {
  const lexer = new SqlLexer(text, lexicon);
  const all: SqlToken[] = [];
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) all.push(token);
  return all;
}

const KINDS: readonly Kind[] = ["sqlite", "postgresql", "mysql"];

interface Case {
  readonly name: string;
  readonly text: string;
  readonly on?: readonly Kind[];
  readonly gives: readonly string[];
}

const CASES: readonly Case[] = [
  { name: "nothing", text: "", gives: [] },
  { name: "white space, comments and delimiters alone", text: " -- a;\n;; /* b; */ \r\n;", gives: [] },
  {
    name: "a last statement without delimiter",
    text: "select 1;\nselect 2\n-- the end",
    gives: ["select 1", "select 2"],
  },
  {
    name: "delimiters in strings",
    text: "select 'a;b', 'it''s; fine'; select 2;",
    gives: ["select 'a;b', 'it''s; fine'", "select 2"],
  },
  {
    name: "delimiters in quoted names",
    text: 'select 1 as "a;""b"; select 2',
    gives: ['select 1 as "a;""b"', "select 2"],
  },
  {
    name: "delimiters in comments",
    text: "select 1 -- ;\n, 2 /* ; ' */; select 2",
    gives: ["select 1 -- ;\n, 2", "select 2"],
  },
  { name: "comments before a statement", text: "-- first\n/* second */ select 1;", gives: ["select 1"] },
  { name: "parentheses", text: "select (1;2); select 3", gives: ["select (1;2)", "select 3"] },
  { name: "a parenthesis that nobody opened", text: "select 1); select 3", gives: ["select 1)", "select 3"] },
  {
    name: "CASE … END",
    text: "select case when 1 = 1 then 2 end; select 3",
    gives: ["select case when 1 = 1 then 2 end", "select 3"],
  },
  { name: "transactions", text: "begin; select 1; end; select 2", gives: ["begin", "select 1", "end", "select 2"] },
  {
    name: "a table with columns begin and end",
    text: "create table t (begin int, end int); select 1",
    gives: ["create table t (begin int, end int)", "select 1"],
  },
  {
    name: "backslashes in plain strings",
    on: ["sqlite", "postgresql"],
    text: "select 'a\\'; select 2",
    gives: ["select 'a\\'", "select 2"],
  },
  {
    name: "backslash escapes",
    on: ["mysql"],
    text: `select 'a\\';b', "c\\";d", 'e\\\\'; select 2`,
    gives: [`select 'a\\';b', "c\\";d", 'e\\\\'`, "select 2"],
  },
  {
    name: "no escapes in backticks",
    on: ["mysql"],
    text: "select 1 as `a\\`; select 2",
    gives: ["select 1 as `a\\`", "select 2"],
  },
  {
    name: "names in backticks and brackets",
    on: ["sqlite"],
    text: "select 1 as `a;b`, 2 as [c;'d]; select 3",
    gives: ["select 1 as `a;b`, 2 as [c;'d]", "select 3"],
  },
  {
    name: "array subscripts",
    on: ["postgresql"],
    text: "select a[1]; select '{1}'::int[]; select 3",
    gives: ["select a[1]", "select '{1}'::int[]", "select 3"],
  },
  {
    name: "E strings",
    on: ["postgresql"],
    text: "select E'a\\';b', e'c'';d'; select 2",
    gives: ["select E'a\\';b', e'c'';d'", "select 2"],
  },
  {
    name: "E strings that go on over a line break",
    on: ["postgresql"],
    text: "select E'a'\n -- why\n 'b\\';c'; select 2",
    gives: ["select E'a'\n -- why\n 'b\\';c'", "select 2"],
  },
  {
    name: "a name that ends with e before a string",
    on: ["postgresql"],
    text: "select date'a\\'; select 2",
    gives: ["select date'a\\'", "select 2"],
  },
  {
    name: "dollar quotes",
    on: ["postgresql"],
    text: "do $$ begin; end $$; do $a$ $$;' $b$ $a$; select 3",
    gives: ["do $$ begin; end $$", "do $a$ $$;' $b$ $a$", "select 3"],
  },
  {
    name: "dollar quotes with a tag of other letters",
    on: ["postgresql"],
    text: "do $é1$ ; $é1$; select 3",
    gives: ["do $é1$ ; $é1$", "select 3"],
  },
  {
    name: "dollars within names and for parameters",
    on: ["postgresql"],
    text: "select a$$, b$$; prepare x as select $1; select 3",
    gives: ["select a$$, b$$", "prepare x as select $1", "select 3"],
  },
  {
    name: "nested comments",
    on: ["postgresql"],
    text: "select 1 /* a /* b; */ c; */; select 2",
    gives: ["select 1", "select 2"],
  },
  {
    name: "comments that do not nest",
    on: ["sqlite", "mysql"],
    text: "select 1 /* a /* b; */; select 2",
    gives: ["select 1", "select 2"],
  },
  {
    name: "hash comments",
    on: ["mysql"],
    text: "select 1 # ; '\n, 2; # x\nselect 2",
    gives: ["select 1 # ; '\n, 2", "select 2"],
  },
  { name: "hash operators", on: ["postgresql"], text: "select a #> b; select 2", gives: ["select a #> b", "select 2"] },
  {
    name: "two minus signs",
    on: ["mysql"],
    text: "select 1--2; select 3 --\n;",
    gives: ["select 1--2", "select 3"],
  },
  {
    name: "a comment without a space at the beginning",
    on: ["mysql"],
    text: "--it's\nselect 1; --it's\nselect 2",
    gives: ["select 1", "select 2"],
  },
  {
    name: "executable comments",
    on: ["mysql"],
    text: "/*!40101 SET NAMES 'a;b' */; /*M! select 1 */; select 2",
    gives: ["/*!40101 SET NAMES 'a;b' */", "/*M! select 1 */", "select 2"],
  },
  {
    name: "DELIMITER",
    on: ["mysql"],
    text: "DELIMITER //\nselect 1; select 2//\n-- x\ndelimiter ;\nselect 3;",
    gives: ["select 1; select 2", "select 3"],
  },
  {
    name: "DELIMITER $$ behind a word",
    on: ["mysql"],
    text: "delimiter $$\nbegin not atomic select 1; end$$ delimiter ;\nselect 3;",
    gives: ["begin not atomic select 1; end", "select 3"],
  },
  {
    name: "a DELIMITER that looks like a comment",
    on: ["mysql"],
    text: "delimiter #\nselect 1; select 2#\ndelimiter ;\nselect 3 # x",
    gives: ["select 1; select 2", "select 3"],
  },
  {
    name: "a statement that DELIMITER ends",
    on: ["mysql"],
    text: "delimiter //\nselect 1;\ndelimiter ;\nselect 3;",
    gives: ["select 1;", "select 3"],
  },
  {
    name: "mysqldump's triggers",
    on: ["mysql"],
    text:
      "DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN SET @a = 1; END */;;\nDELIMITER ;\nselect 1;",
    gives: [
      "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN SET @a = 1; END */",
      "select 1",
    ],
  },
  {
    name: "a column named delimiter",
    on: ["mysql"],
    text: "select delimiter from t; select 2",
    gives: ["select delimiter from t", "select 2"],
  },
  {
    name: "triggers",
    on: ["sqlite", "mysql"],
    text:
      "create trigger t after insert on x for each row begin insert into y values (1); update y set a = case when b then 1 end; end; select 1",
    gives: [
      "create trigger t after insert on x for each row begin insert into y values (1); update y set a = case when b then 1 end; end",
      "select 1",
    ],
  },
  {
    name: "a trigger with columns named begin and end",
    on: ["sqlite", "mysql"],
    text: "create trigger t after insert on x for each row begin update y set begin = 1, end = new.end; end; select 1",
    gives: [
      "create trigger t after insert on x for each row begin update y set begin = 1, end = new.end; end",
      "select 1",
    ],
  },
  {
    name: "temporary triggers",
    on: ["sqlite"],
    text: "create temp trigger if not exists t after insert on x begin select 1; end; select 1",
    gives: ["create temp trigger if not exists t after insert on x begin select 1; end", "select 1"],
  },
  {
    name: "routines with all that ends",
    on: ["mysql"],
    text:
      "create procedure p() begin declare exit handler for sqlexception begin end; if a then select 1; end if; case b when 1 then select 2; else begin end; end case; l: loop leave l; end loop; while 0 do select 3; end while; repeat set c = 1; until 1 end repeat; select case when 1 then 2 end; end; select 1",
    gives: [
      "create procedure p() begin declare exit handler for sqlexception begin end; if a then select 1; end if; case b when 1 then select 2; else begin end; end case; l: loop leave l; end loop; while 0 do select 3; end while; repeat set c = 1; until 1 end repeat; select case when 1 then 2 end; end",
      "select 1",
    ],
  },
  {
    name: "a routine that is one CASE statement",
    on: ["mysql"],
    text: "create procedure p(x int) case x when 1 then select 1; else select 2; end case; select 3",
    gives: ["create procedure p(x int) case x when 1 then select 1; else select 2; end case", "select 3"],
  },
  {
    name: "a definer",
    on: ["mysql"],
    text: "create definer=`a`@`b` event e on schedule every 1 day do begin select 1; end; select 3",
    gives: ["create definer=`a`@`b` event e on schedule every 1 day do begin select 1; end", "select 3"],
  },
  {
    name: "SQL-standard bodies",
    on: ["postgresql"],
    text:
      "create or replace function f() returns int language sql begin atomic select 1; select case when true then 2 end; end; select 1",
    gives: [
      "create or replace function f() returns int language sql begin atomic select 1; select case when true then 2 end; end",
      "select 1",
    ],
  },
  {
    name: "rules",
    on: ["postgresql"],
    text: "create rule r as on insert to t do also (delete from a; delete from b); select 1",
    gives: ["create rule r as on insert to t do also (delete from a; delete from b)", "select 1"],
  },
  { name: "CR LF", text: "select 1;\r\n-- it's\r\nselect 2;\r\n", gives: ["select 1", "select 2"] },
  { name: "characters beyond the basic plane", text: "select '😀;é'; select 2", gives: ["select '😀;é'", "select 2"] },
];

for (const { name, text, on = KINDS, gives } of CASES) {
  for (const kind of on) {
    Deno.test(`splitSql() on ${kind}: ${name}`, () => assert.deepEqual(split(kind, text), gives));
  }
}

Deno.test("splitSql() says on which line and column each statement begins", () => {
  const { items } = splitSql("-- a\n\n  select\n1; select 'x\ny' ;\n\tselect 3", LEXICONS.postgresql, {
    file: "x.sql",
  });
  const places = items.map((item) => item.kind === "statement" ? [item.statement.line, item.statement.column] : []);
  assert.deepEqual(places, [[3, 3], [4, 4], [6, 2]]);
});

Deno.test("splitSql() keeps the first words of a statement, in lower case and without quoted names", () => {
  const { items } = splitSql('CREATE UNIQUE INDEX "I" on t (a)', LEXICONS.postgresql, { file: "x.sql" });
  assert.deepEqual(items.map((item) => item.kind === "statement" && item.statement.words), [
    ["create", "unique", "index", "on", "t", "a"],
  ]);
});

Deno.test("splitSql() gives the comments that are asked for, and ends statements there", () => {
  const text = "select 1\n  -- mark a\nselect '-- mark b' /* -- mark c */ -- mark d";
  const { items } = splitSql(text, LEXICONS.sqlite, {
    file: "x.sql",
    isMark: (comment) => comment.startsWith("-- mark"),
  });
  assert.deepEqual(
    items.map((item) => item.kind === "statement" ? item.statement.text : item.mark),
    [
      "select 1",
      { text: "-- mark a", line: 2, column: 3, ownLine: true },
      "select '-- mark b'",
      { text: "-- mark d", line: 3, column: 36, ownLine: false },
    ],
  );
});

Deno.test("splitSql() says where something begins that never ends", () => {
  assert.deepEqual(faultsOf("sqlite", "select 1;\n  select 'it"), ["2:10 The string that begins here never ends"]);
  assert.deepEqual(faultsOf("sqlite", 'select "it'), ["1:8 The quoted name that begins here never ends"]);
  assert.deepEqual(faultsOf("sqlite", "select [it"), ["1:8 The quoted name that begins here never ends"]);
  assert.deepEqual(faultsOf("mysql", "select 1;\n/* it"), ["2:1 The comment that begins here never ends"]);
  assert.deepEqual(faultsOf("mysql", "select 'it\\'"), ["1:8 The string that begins here never ends"]);
  assert.deepEqual(faultsOf("postgresql", "/* a /* b */"), ["1:1 The comment that begins here never ends"]);
  assert.deepEqual(faultsOf("postgresql", "do $x$ $$ $y$"), [
    "1:4 The dollar-quoted string that begins here never ends",
  ]);
  assert.deepEqual(faultsOf("postgresql", "select E'a\\'"), ["1:8 The string that begins here never ends"]);
});

Deno.test("splitSql() refuses what only a client program understands", () => {
  assert.deepEqual(faultsOf("postgresql", "\\restrict abc\nselect 1;"), [
    "1:1 \\restrict is a command of the database's client program, not SQL",
  ]);
  assert.deepEqual(faultsOf("sqlite", "select 1;\n.mode csv\n"), [
    "2:1 .mode is a command of the database's client program, not SQL",
  ]);
  assert.deepEqual(faultsOf("mysql", "select 1;\ndelimiter\nselect 1;"), ["2:1 DELIMITER stands without a delimiter"]);
});

Deno.test("splitSql() refuses COPY … FROM STDIN, and reads on behind its rows", () => {
  const text = "copy t (a) from stdin;\n'it\n\\.\nselect 1;\n\\x\n";
  assert.deepEqual(faultsOf("postgresql", text), [
    "1:1 COPY … FROM STDIN takes its rows from the client psql, and cannot be in a migration",
    "5:1 \\x is a command of the database's client program, not SQL",
  ]);
  const { items } = splitSql(text, LEXICONS.postgresql, { file: "x.sql" });
  assert.deepEqual(items.map((item) => item.kind === "statement" && item.statement.text), ["select 1"]);
});

const pieces = fc.constantFrom(
  ...[
    "'",
    '"',
    "`",
    "[",
    "]",
    "$",
    "$$",
    "$a$",
    "/*",
    "*/",
    "/*!50003 ",
    "--",
    "-- ",
    "#",
    ";",
    "//",
    "\\",
    "\n",
    "\r\n",
  ],
  ...[
    " ",
    "(",
    ")",
    "begin",
    "end",
    "case",
    "create trigger",
    "delimiter //\n",
    "delimiter ;\n",
    "E'",
    "1",
    "é",
    "😀",
    ".",
  ],
);
const hostile = fc.array(fc.oneof(pieces, fc.string({ maxLength: 4 })), { maxLength: 40 }).map((parts) =>
  parts.join("")
);

for (const kind of KINDS) {
  Deno.test(`SqlLexer on ${kind} never loses, repeats or moves a character`, () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const all = tokens(text, LEXICONS[kind]);
        assert.equal(all.map(({ start, end }) => text.slice(start, end)).join(""), text);
        assert.ok(all.every(({ start, end }) => end > start));
      }),
      { numRuns: 2000 },
    );
  });

  Deno.test(`splitSql() on ${kind} gives statements that are in the text, in order, at the place they say`, () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const lines = text.split("\n");
        let from = 0;
        for (const item of splitSql(text, LEXICONS[kind], { file: "x.sql" }).items) {
          if (item.kind === "mark") continue;
          const { text: statement, line, column } = item.statement;
          const at = text.indexOf(statement, from);
          assert.ok(at >= from);
          const offset = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
          assert.equal(text.slice(offset, offset + statement.length), statement);
          from = offset + statement.length;
        }
      }),
      { numRuns: 2000 },
    );
  });

  Deno.test(`splitSql() on ${kind} splits its own statements no further`, () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const first = splitSql(text, LEXICONS[kind], { file: "x.sql" });
        // a custom delimiter is known only to the text that sets it
        fc.pre(first.faults.length === 0 && !/delimiter/i.test(text));
        for (const item of first.items) {
          // two minus signs at the very end are a comment only there
          if (item.kind === "mark" || item.statement.text.endsWith("--")) continue;
          assert.deepEqual(split(kind, item.statement.text), [item.statement.text]);
        }
      }),
      { numRuns: 2000 },
    );
  });
}

/** What may stand in a statement as a whole: texts, names, bodies, comments, each with what would cut a careless reader. */
const WHOLES: Readonly<Record<Kind, readonly string[]>> = {
  sqlite: ["'a;''b'", '"a;""b"', "`;`", "[;']", "/* ;' */ 1", "-- ;'\n 1", "(1; 2)", "x'3b'", "case when 1 then 2 end"],
  postgresql: ["'a\\'", "E'a\\';'", "$$;'$$", "$a$;$$$a$", '";"', "/* ; /* ' */ ; */ 1", "-- ;'\n 1", "(1; 2)", "a$$"],
  mysql: ["'a\\';'", '"a\\";"', "`;\\`", "# ;'\n 1", "-- ;'\n 1", "/* ; */ 1", "/*!50000 ';' */", "1--2", "(1; 2)"],
};

for (const kind of KINDS) {
  Deno.test(`splitSql() on ${kind} gives back the statements that were joined, whatever is in and between them`, () => {
    const statement = fc.array(fc.constantFrom(...WHOLES[kind], "a", "1", ","), { minLength: 1, maxLength: 6 })
      .map((parts) => `select ${parts.join(" ")} z`);
    const between = fc.array(fc.constantFrom(" ", "\n", "\r\n", ";", "-- ;'\n", "/* ;' */"), { maxLength: 4 })
      .map((parts) => `;${parts.join("")}`);
    fc.assert(
      fc.property(fc.array(fc.tuple(statement, between)), (parts) => {
        assert.deepEqual(split(kind, parts.flat().join("")), parts.map(([text]) => text));
      }),
      { numRuns: 2000 },
    );
  });
}

Deno.test("splitSql() reads 20 MB with a million strings in a time that grows with the length alone", () => {
  const text = "insert into t values ('aaa', 'b\\\\b');\n".repeat(500_000);
  const start = performance.now();
  const { items } = splitSql(text, LEXICONS.mysql, { file: "x.sql" });
  assert.equal(items.length, 500_000);
  assert.ok(performance.now() - start < 20_000);
});

Deno.test("splitSql() reads one string of 20 MB", () => {
  const text = `select '${"a''b;".repeat(4_000_000)}'; select 2`;
  assert.equal(split("sqlite", text).length, 2);
});
