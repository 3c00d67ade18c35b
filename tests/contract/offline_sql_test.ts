import assert from "node:assert/strict";
import { type TestProject, testProject } from "../project.ts";
import { onEachClient, runScript } from "../script_client.ts";
import type { Kind } from "../support.ts";

const TYPES: Readonly<Record<Kind, Readonly<Record<"bytes" | "json" | "at" | "text", string>>>> = {
  sqlite: { bytes: "blob", json: "json", at: "datetime", text: "text" },
  postgresql: { bytes: "bytea", json: "jsonb", at: "timestamp with time zone", text: "text" },
  mysql: { bytes: "longblob", json: "json", at: "datetime(6)", text: "longtext" },
};

function schemaOf(kind: Kind): string[] {
  const { bytes, json, at, text } = TYPES[kind];
  return [
    `create table person (id bigint not null primary key, name ${text}, age integer, score double precision,
       amount numeric(20, 4), born date, seen ${at}, active boolean, picture ${bytes}, doc ${json})`,
    `create table visit (country varchar(10) not null, number integer not null, note ${text},
       primary key (country, number))`,
    "create table setting (name varchar(50) not null primary key, value varchar(50))",
  ];
}

const COLUMNS = "id, name, age, score, amount, born, seen, active, picture, doc";
/** What both databases must hold in the end; a length tells of a NUL or a CR that a client would not show. */
function dataQueries(kind: Kind): string[] {
  const hex = kind === "postgresql" ? "encode(convert_to(name, 'UTF8'), 'hex')" : "hex(name)";
  const picture = kind === "postgresql" ? "encode(picture, 'hex')" : "hex(picture)";
  const id = `cast(id as char(20))`;
  return [
    `select ${COLUMNS.replace("picture", picture).replace("name", hex).replace("id", id)} from person order by 1`,
    "select * from visit order by country, number",
    "select * from setting order by name",
  ];
}

/** The ledger but for times, for who it was and how long it took. */
const LEDGER = [
  "select revision, status from delembic_version order by revision",
  "select revision, status, exception, started_at is null, ended_at is null, duration_seconds is null from " +
  "delembic_run_history order by id",
  "select revision, checksum, file, recorded_at is null from delembic_checksum order by revision",
  "select revision, part, kind, status, table_name, detail, lower_key, upper_key, cursor_key, rows_done, rows_total, " +
  "rows_before, rows_after, batches, batch_size, wanted, waiting, message, holder, fence, started_at is null, " +
  "ended_at is null from delembic_batch order by revision, part",
  "select id, holder, fence from delembic_lock",
];

/** A text that each of the clients would trip over if it were not in quotes, or not understood to be. */
const HOSTILE =
  String.raw`it's "quoted" \ back\\slash $$ $tag$ ; :name :'name' -- no comment /* none */ ${"`tick`"} %s {x}` +
  "\n\\! echo no\n\\q\n.quit\n.tables\ngo\n/\ndelimiter //\nquit\n;\n";

function sqlText(kind: Kind, text: string): string {
  const doubled = text.replaceAll("'", "''");
  return `'${kind === "mysql" ? doubled.replaceAll("\\", "\\\\") : doubled}'`;
}

function migrations(kind: Kind): Record<string, string> {
  const trigger = kind === "postgresql"
    ? "create function noted() returns trigger language plpgsql as $$ begin new.note := coalesce(new.note, ';'); return new; end; $$;\n" +
      "create trigger note_visit before insert on visit for each row execute function noted();"
    : kind === "mysql"
    ? "delimiter //\ncreate trigger note_visit before insert on visit for each row begin if new.note is null then set new.note = ';'; end if; end//\ndelimiter ;"
    : "create trigger note_visit after insert on visit when new.note is null begin update visit set note = ';' where country = new.country and number = new.number; end;";
  const bytes = { sqlite: "x'00ff'", postgresql: "'\\x00ff'", mysql: "x'00ff'" }[kind];
  return {
    "D001_texts.sql": `-- delembic revision: D001
-- delembic description: texts; in 'quotes' \\ and $$
-- delembic upgrade
insert into person (id, name, picture) values (1, ${sqlText(kind, HOSTILE)}, ${bytes});
/* a comment
.quit
*/ insert into person (id, name) -- behind it: ' " \\
  values (2, ${sqlText(kind, "; \n.quit\n\\q\n")});
update person set age = 84
/
2 where id = 2;
-- delembic validate
select count(*) = 2 from person;
select name from setting union all select 't';
-- delembic downgrade
delete from person where id < 3;
`,
    "D002_values.ts": `export default {
  revision: "D002", dependsOn: ["D001"], description: "values of every type",
  async upgrade({ sql, execute, dialect }, run) {
    const rows = [
      [10, ${JSON.stringify(HOSTILE)}, 1, 0.1, "12345678901234.5678", "2024-02-29", new Date(1700000000123), true,
        new Uint8Array([0, 1, 255]), { a: [1, "x'y", null, true], "b\\\\": "\\n" }],
      [9007199254740993n, "a\\r\\nb\\rc\\u0001d😀", -5, -1.5e300, "-0.0001", null, null, false, new Uint8Array(), {}],
      [-12, "", 2147483640, 5e-324, null, "0001-01-01", new Date(0), null, null, null],
      [13, dialect === "mysql" ? "nul\\0nul" : "no nul", 0, 123456789012345680000, "1", "9999-12-31", null, true, null, { n: 1 }],
    ];
    for (const row of rows) {
      await sql\`insert into person (${
      COLUMNS.split(", ").map((c) => '${sql.id(\\"' + c + '\\")}').join(", ").replaceAll('\\"', '"')
    }) values (\${sql.list(row)})\`;
    }
    const text = dialect === "postgresql" ? "update person set age = age - $1 where id = $2 and name <> '$1'" :
      "update person set age = age - ? where id = ? and name <> '?'";
    await execute(text, [-3, 10]);
  },
  async validate({ value }) { return Number(await value\`select count(*) from person\`) === 6; },
  async downgrade({ sql }) { await sql\`delete from person where id in (\${sql.list([10, 9007199254740993n, -12, 13])})\`; },
};
`,
    "D003_loads.sql": `-- delembic revision: D003
-- delembic depends_on: D002
-- delembic description: loads
-- delembic upgrade
-- delembic load: visit from data/visits.csv
-- delembic load: setting (name, value) from data/settings.tsv no header on conflict (name) update
-- delembic load: setting from data/more.csv delimiter ';' null 'NA' ignore (extra) on conflict (name) skip
-- delembic validate
select count(*) from visit where note = ';' having count(*) = 1;
`,
    "D004_batches.sql": `-- delembic revision: D004
-- delembic depends_on: D003
-- delembic batch: visit by country, number size 3 target 0
-- delembic upgrade
update visit set note = 'seen; ' || 'it''s' where :range and 1 = 1;
insert into setting (name, value) select 'v-' || v.country || v.number, 'x' from visit v where :range(v);
-- delembic validate
select count(*) = 0 from visit where note <> 'seen; it''s';
`.replaceAll(kind === "mysql" ? /'seen; ' \|\| 'it''s'/g : /$^/g, "concat('seen; ', 'it''s')")
      .replaceAll(kind === "mysql" ? /'v-' \|\| v.country \|\| v.number/g : /$^/g, "concat('v-', v.country, v.number)"),
    "D005_batches.ts": `export default {
  revision: "D005", dependsOn: ["D004"], description: "batches in TypeScript",
  batch: { table: "person", key: "id", size: 2, target: 0 },
  async apply({ sql }, range) {
    await sql\`update person set age = coalesce(age, 0) + \${1} where \${range}\`;
    await sql\`update person p set score = null where \${range.of("p")} and p.name = \${"it's"}\`;
  },
};
`.replaceAll(kind === "sqlite" ? "update person p" : "\0", "update person as p"),
    "D006_windows.sql": `-- delembic revision: D006
-- delembic depends_on: D005
-- delembic upgrade
insert into setting (name, value)
values ('windows', 'a
b');
-- delembic validate
select
  value = 'a
b'
from setting where name = 'windows';
`.replaceAll("\n", "\r\n"),
    "D007_outside.sql": `-- delembic revision: D007
-- delembic depends_on: D006
-- delembic transaction: false
-- delembic upgrade
insert into setting (name, value) values ('outside', 'of a transaction');
`,
    "D008_again.sql": `-- delembic revision: D008
-- delembic depends_on: D007
-- delembic repeatable: true
-- delembic upgrade
delete from setting where name = 'again';
insert into setting (name, value) values ('again', '1');
`,
    "/delembic/data/visits.csv":
      'country,number,note\nde,1,first\nde,2,\nfr,1,"a ""b"", \'c\' \\\nd"\nfr,2,x\nit,1,y\nit,2,z\nit,3,w\n',
    "/delembic/data/settings.tsv": "a\told\nb\tit's\na\tnew\n",
    "/delembic/data/more.csv": 'name;extra;value\na;1;skipped\nc;2;NA\nd;3;"NA"\n',
    "/trigger.sql": trigger,
  };
}

async function projectOf(kind: Kind, files: Record<string, string>): Promise<TestProject> {
  const project = await testProject(kind, files);
  await project.execute(...schemaOf(kind));
  return project;
}

async function contentsOf(project: TestProject, queries: readonly string[]): Promise<string[][]> {
  const contents: string[][] = [];
  for (const query of queries) contents.push(await project.rows(query));
  return contents;
}

/** Prints a script. */
async function printed(project: TestProject, ...args: string[]): Promise<string> {
  const { code, out, err } = await project.delembic([...args, "--sql"]);
  assert.equal(code, 0, err);
  return out;
}

onEachClient("a printed script, run by the database's own client, leaves what a run leaves", async (kind) => {
  const files = migrations(kind);
  await using online = await projectOf(kind, files);
  await using offline = await projectOf(kind, files);
  for (const project of [online, offline]) {
    const ran = await runScript(project.db, files["/trigger.sql"] ?? "");
    assert.deepEqual([ran.code, ran.err], [0, ""]);
  }
  const ran = await online.delembic(["upgrade"]);
  assert.deepEqual([ran.code, ran.err], [0, ""]);

  const script = await printed(offline, "upgrade");
  const client = await runScript(offline.db, script);
  assert.deepEqual([client.code, client.err], [0, ""], client.out);
  assert.deepEqual(await contentsOf(offline, dataQueries(kind)), await contentsOf(online, dataQueries(kind)));
  const ledger = kind === "sqlite" ? LEDGER.slice(0, 4) : LEDGER;
  assert.deepEqual(await contentsOf(offline, ledger), await contentsOf(online, ledger));

  assert.equal((await offline.delembic(["upgrade"])).out, "Already up to date.\n");
  assert.deepEqual(await offline.delembic(["check"]), { code: 0, out: "Everything is applied.\n", err: "" });

  const before = await contentsOf(offline, [...dataQueries(kind), ...LEDGER.slice(0, 4)]);
  const again = await runScript(offline.db, script);
  assert.notEqual(again.code, 0);
  assert.match(again.err, /D001 is applied already, by this script or by a run: print a new script/);
  assert.deepEqual(await contentsOf(offline, [...dataQueries(kind), ...LEDGER.slice(0, 4)]), before);
});
