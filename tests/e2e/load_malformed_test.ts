/**
 * Malformed files of rows: each is an error that names the line, ends the program with 1, and leaves nothing behind.
 *
 * @module
 */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { loadTable } from "../../src/bulk_load.ts";
import type { LoadEnvironment, LoadOptions } from "../../src/bulk_options.ts";
import type { Session } from "../../src/db/database.ts";
import { DelembicError, formatPlace } from "../../src/errors.ts";
import { Ground } from "../contract/contract_ground.ts";
import { type Kind, onEachDatabase, temporaryFolder } from "../support.ts";

const TABLES: Readonly<Record<Kind, readonly string[]>> = {
  postgresql: [
    "create type mood as enum ('happy', 'sad')",
    `create table person (id integer primary key, name varchar(10) not null, age smallint, big bigint,
      price numeric(6,2), ratio double precision, born date, seen timestamp, at_time time, ok boolean, ref uuid,
      doc jsonb, mood mood, email varchar(30) unique, team_id integer references team (id),
      twice integer generated always as (id * 2) stored, constraint adult check (age < 200))`,
  ],
  mysql: [
    `create table person (id integer primary key, name varchar(10) not null, age smallint, big bigint,
      price decimal(6,2), ratio double, born date, seen datetime, at_time time, ok tinyint(1), ref uuid,
      doc json, mood enum('happy', 'sad'), email varchar(30) unique, team_id integer,
      twice integer as (id * 2) stored, constraint adult check (age < 200), foreign key (team_id) references team (id))`,
  ],
  sqlite: [
    `create table person (id integer primary key, name varchar(10) not null, age smallint, big bigint,
      price numeric(6,2), ratio double, born date, seen timestamp, at_time time, ok boolean, ref uuid,
      doc json, mood text check (mood in ('happy', 'sad')), email varchar(30) unique,
      team_id integer references team (id), twice integer as (id * 2) stored, constraint adult check (age < 200))`,
  ],
};

/** A type as each database names it. */
const TYPES: Readonly<Record<string, Readonly<Record<Kind, string>>>> = {
  SMALLINT: { mysql: "smallint(6)", sqlite: "smallint", postgresql: "smallint" },
  BIGINT: { mysql: "bigint(20)", sqlite: "bigint", postgresql: "bigint" },
  VARCHAR: { postgresql: "character varying(10)", mysql: "varchar(10)", sqlite: "varchar(10)" },
  NUMERIC: { mysql: "decimal(6,2)", postgresql: "numeric(6,2)", sqlite: "numeric(6,2)" },
  DOUBLE: { mysql: "double", postgresql: "double precision", sqlite: "double" },
  TIMESTAMP: { mysql: "datetime", postgresql: "timestamp without time zone", sqlite: "timestamp" },
  TIME: { mysql: "time", postgresql: "time without time zone", sqlite: "time" },
};

interface Malformed {
  readonly what: string;
  readonly file?: string;
  readonly text: string | Uint8Array | undefined;
  readonly options?: LoadOptions;
  /** `place: message`; types stand in angle brackets. */
  readonly says: string | Readonly<Record<Kind, string>>;
  /** Databases where there is no such mistake. */
  readonly not?: readonly Kind[];
}

const HEAD = "id,name\n1,Ada\n";

const CASES: readonly Malformed[] = [
  {
    what: "a quote that never ends",
    text: `${HEAD}2,"Grace\n3,x\n`,
    says: "p.csv:3: A quote that opens field 2 on line 3 is never closed",
  },
  {
    what: "text behind a closing quote",
    text: `${HEAD}2,"Grace"x\n`,
    says: "p.csv:3: There is text behind the closing quote of field 2",
  },
  {
    what: "a quote within an unquoted field",
    text: `${HEAD}2,Gra"ce\n`,
    says: "p.csv:3: There is a quote in the middle of field 2, which is not quoted",
  },
  { what: "too few fields", text: `${HEAD}2\n`, says: "p.csv:3: The row has 1 field; the header has 2" },
  { what: "too many fields", text: `${HEAD}2,Grace,x\n`, says: "p.csv:3: The row has 3 fields; the header has 2" },
  { what: "NUL", text: `${HEAD}2,Gr\0ace\n`, says: "p.csv:3: There is a NUL character in the row" },
  {
    what: "bytes that are no UTF-8",
    text: bytes("id,name\n1,Ada\n2,", 0xe9, "\n"),
    says: "p.csv:3: There are bytes in the row that are not UTF-8",
  },
  {
    what: "UTF-16 that is not declared",
    text: utf16(`${HEAD}2,Grace\n`),
    says: "p.csv:1: There is a NUL character in the row",
  },
  {
    what: "a wrong encoding",
    text: HEAD,
    options: { encoding: "utf-99" },
    says: 'p.csv: There is no encoding "utf-99"',
  },
  { what: "an empty file", text: "", says: "p.csv: The data file is empty" },
  { what: "no such file", text: undefined, says: "p.csv: There is no such data file" },
  {
    what: "an unknown column",
    text: "id,nam\n1,Ada\n",
    says:
      "p.csv:1: The columns of p.csv do not fit the table person:\n  the table has no column 'nam': closest is 'name'\n  the source has no column 'name', which the table needs",
  },
  {
    what: "a missing column",
    text: "id,age\n1,3\n",
    says:
      "p.csv:1: The columns of p.csv do not fit the table person:\n  the source has no column 'name', which the table needs",
  },
  {
    what: "a computed column",
    text: "id,name,twice\n1,Ada,2\n",
    says:
      "p.csv:1: The columns of p.csv do not fit the table person:\n  'twice' is computed by the table, and takes no value",
  },
  {
    what: "a header that names a column twice",
    text: "id,name,id\n1,Ada,2\n",
    says: 'p.csv:1: The header names the column "id" twice',
  },
  {
    what: "a header without a name",
    text: "id,,name\n1,2,Ada\n",
    says: "p.csv:1: The header has no name for column 2",
  },
  {
    what: "another delimiter",
    text: "id;name\n1;Ada\n",
    says: 'p.csv:1: The first line has no "," between fields, but ";"',
  },
  {
    what: "no integer",
    text: "id,name,age\n1,Ada,36\n2,Grace,abc\n",
    says: 'p.csv:3: Column age: "abc" is not an integer (<SMALLINT>)',
  },
  {
    what: "a number with text behind it",
    text: "id,name,age\n1,Ada,36\n2,Grace,37x\n",
    says: 'p.csv:3: Column age: "37x" is not an integer (<SMALLINT>)',
  },
  {
    what: "a fraction for an integer",
    text: "id,name,age\n1,Ada,x.5\n",
    says: 'p.csv:2: Column age: "x.5" is not an integer (<SMALLINT>)',
  },
  {
    what: "out of the range of a smallint",
    text: "id,name,age\n1,Ada,40000\n",
    says: 'p.csv:2: Column age: "40000" is out of range for <SMALLINT>',
    not: ["sqlite"],
  },
  {
    what: "out of the range of a bigint",
    text: "id,name,big\n1,Ada,9223372036854775808\n",
    says: 'p.csv:2: Column big: "9223372036854775808" is out of range for <BIGINT>',
  },
  {
    what: "out of the range of a decimal",
    text: "id,name,price\n1,Ada,12345.5\n",
    says: 'p.csv:2: Column price: "12345.5" is out of range for <NUMERIC>',
    not: ["sqlite"],
  },
  {
    what: "no number",
    text: "id,name,price\n1,Ada,1.2.3\n",
    says: 'p.csv:2: Column price: "1.2.3" is not a number (<NUMERIC>)',
  },
  {
    what: "no float",
    text: "id,name,ratio\n1,Ada,one\n",
    says: 'p.csv:2: Column ratio: "one" is not a number (<DOUBLE>)',
  },
  {
    what: "a day that no calendar has",
    text: "id,name,born\n1,Ada,2024-02-30\n",
    says: 'p.csv:2: Column born: "2024-02-30" is not a date (date)',
  },
  { what: "no date", text: "id,name,born\n1,Ada,soon\n", says: 'p.csv:2: Column born: "soon" is not a date (date)' },
  {
    what: "no timestamp",
    text: "id,name,seen\n1,Ada,2024-01-01 25:00:00\n",
    says: 'p.csv:2: Column seen: "2024-01-01 25:00:00" is not a timestamp (<TIMESTAMP>)',
  },
  {
    what: "no time",
    text: "id,name,at_time\n1,Ada,noonish\n",
    says: 'p.csv:2: Column at_time: "noonish" is not a time (<TIME>)',
  },
  {
    what: "no boolean",
    text: "id,name,ok\n1,Ada,maybe\n",
    says: {
      sqlite: 'p.csv:2: Column ok: "maybe" is not a boolean (boolean)',
      postgresql: 'p.csv:2: Column ok: "maybe" is not a boolean (boolean)',
      mysql: 'p.csv:2: Column ok: "maybe" is not an integer (tinyint(1))',
    },
  },
  {
    what: "no UUID",
    text: "id,name,ref\n1,Ada,123-abc\n",
    says: 'p.csv:2: Column ref: "123-abc" is not a UUID (uuid)',
  },
  {
    what: "no JSON",
    text: 'id,name,doc\n1,Ada,"{a"\n',
    says: {
      sqlite: 'p.csv:2: Column doc: "{a" is not valid JSON (json)',
      postgresql: 'p.csv:2: Column doc: "{a" is not valid JSON (jsonb)',
      mysql: 'p.csv:2: Column doc: "{a" is not valid JSON (longtext)',
    },
  },
  {
    what: "no value of an enum",
    text: "id,name,mood\n1,Ada,angry\n",
    says: {
      sqlite: "p.csv:2: The row is not allowed by the check mood in ('happy', 'sad')",
      postgresql: 'p.csv:2: Column mood: "angry" is no value of the type mood',
      mysql: "p.csv:2: Column mood: \"angry\" is no value of the type enum('happy','sad')",
    },
  },
  {
    what: "too long",
    text: `${HEAD}2,Gracegracegrace\n`,
    says: 'p.csv:3: Column name: "Gracegracegrace" is too long for <VARCHAR>',
    not: ["sqlite"],
  },
  {
    what: "NULL where none may be",
    text: `${HEAD}2,\n`,
    says: "p.csv:3: Column name: the value is NULL, and the column takes none",
  },
  {
    what: "a key that is there twice",
    text: `${HEAD}2,Grace\n1,Edsger\n`,
    says: 'p.csv:4: Column id: "1" is there already, and is unique',
  },
  {
    what: "another unique column",
    text: "id,name,email\n1,Ada,a@b\n2,Grace,a@b\n",
    says: 'p.csv:3: Column email: "a@b" is there already, and is unique',
  },
  {
    what: "a reference to nothing",
    text: "id,name,team_id\n1,Ada,1\n2,Grace,7\n",
    says: {
      sqlite: "p.csv:3: The row refers to one that is not there",
      postgresql: 'p.csv:3: Column team_id: "7" refers to a row that is not there',
      mysql: 'p.csv:3: Column team_id: "7" refers to a row that is not there',
    },
  },
  {
    what: "what a check does not allow",
    text: "id,name,age\n1,Ada,1\n2,Grace,300\n",
    says: "p.csv:3: The row is not allowed by the check adult",
  },
  {
    what: "a bad row on its way over a temporary table",
    text: "id,name,age\n1,Ada,abc\n",
    options: { onConflict: "update" },
    says: 'p.csv:2: Column age: "abc" is not an integer (<SMALLINT>)',
  },
  {
    what: "gzip that is cut off",
    file: "p.csv.gz",
    text: cut(gzipSync(`${HEAD}2,Grace\n`)),
    says: "p.csv.gz: The gzip file ends too early: it is cut off",
  },
  { what: "gzip that is none", file: "p.csv.gz", text: HEAD, says: "p.csv.gz: The file is not gzip data" },
  { what: "zstd that is none", file: "p.csv.zst", text: HEAD, says: "p.csv.zst: The file is not zstd data" },
  {
    what: "NDJSON with a line that is none",
    file: "p.ndjson",
    text: '{"id":1,"name":"Ada"}\n{"id":2,\n',
    says: "p.ndjson:2: The row is not JSON: Expected double-quoted property name, character 9",
  },
  {
    what: "NDJSON with a number for a row",
    file: "p.ndjson",
    text: '{"id":1,"name":"Ada"}\n7\n',
    says: "p.ndjson:2: The row is a number, and neither an object nor an array",
  },
  {
    what: "NDJSON with a member of its own",
    file: "p.ndjson",
    text: '{"id":1,"name":"Ada"}\n{"id":2,"nam":"G"}\n',
    says: 'p.ndjson:2: The row has a member "nam" that the first row does not have',
  },
  {
    what: "JSON that is cut off",
    file: "p.json",
    text: '[{"id":1,"name":"Ada"},\n{"id":2,"na',
    says: "p.json:2: The file ends within the array, behind row 1: it is cut off",
  },
  {
    what: "JSON that is no list",
    file: "p.json",
    text: '{"id":1,"name":"Ada"}',
    says: 'p.json:1: The file is no JSON array: it begins with "{"',
  },
  {
    what: "a name that does not tell the format",
    file: "p.dat",
    text: HEAD,
    says: "p.dat: The name of the data file does not tell its format",
  },
  {
    what: "another key than the table has",
    text: HEAD,
    options: { onConflict: "skip", key: "name" },
    says: "(name) is no unique key of the table person",
  },
  {
    what: "an option that is none",
    text: HEAD,
    options: { delimeter: ";" } as LoadOptions,
    says: "A load has no option 'delimeter'",
  },
];

function bytes(before: string, byte: number, after: string): Uint8Array {
  return new Uint8Array([...new TextEncoder().encode(before), byte, ...new TextEncoder().encode(after)]);
}

function utf16(text: string): Uint8Array {
  return new Uint8Array([...text].flatMap((character) => [character.charCodeAt(0), 0]));
}

function cut(whole: Uint8Array): Uint8Array {
  return whole.subarray(0, whole.length - 12);
}

/** The message with its place, and its exit code. */
async function failure(
  session: Session,
  environment: LoadEnvironment,
  malformed: Malformed,
): Promise<[string, number]> {
  const { file = "p.csv", options = {} } = malformed;
  try {
    await loadTable(session, environment, { table: "person", source: file, options });
  } catch (error) {
    if (!(error instanceof DelembicError)) throw error;
    return [`${error.place === undefined ? "" : `${formatPlace(error.place)}: `}${error.message}`, error.exitCode];
  }
  return ["loaded", 0];
}

onEachDatabase("malformed files are told with their line, and leave nothing behind", async (kind, t) => {
  await using ground = await Ground.make(kind);
  const session = await ground.open();
  await session.query("create table team (id integer primary key)");
  await session.query("insert into team values (1)");
  for (const statement of TABLES[kind]) await session.query(statement);
  for (const malformed of CASES.filter(({ not = [] }) => !not.includes(kind))) {
    await t.step(malformed.what, async () => {
      const { file = "p.csv", text } = malformed;
      await using folder = await temporaryFolder(text === undefined ? {} : { [file]: text });
      const environment: LoadEnvironment = {
        folder: folder.path,
        shownFrom: folder.path,
        signal: new AbortController().signal,
        progress: () => {},
        warn: (message) => assert.fail(message),
        record: () => assert.fail("a load that failed is not recorded"),
      };
      await session.begin();
      const [message, exitCode] = await failure(session, environment, malformed);
      const told = typeof malformed.says === "string" ? malformed.says : malformed.says[kind];
      const says = told.replace(/<(\w+)>/g, (_, name: string) => TYPES[name]?.[kind] ?? name);
      // the transaction goes on as it was, without any of the rows
      const { rows } = await session.query("select count(*) as n from person");
      await session.commit();
      assert.equal(message, says);
      assert.equal(exitCode, 1);
      assert.equal(rows[0]?.["n"], 0);
    });
  }
});
