import assert from "node:assert/strict";
import { checksumOf } from "../../src/checksum.ts";
import { DelembicError } from "../../src/errors.ts";
import { loadMigrations } from "../../src/load.ts";
import type { SqlRules } from "../../src/sql_steps.ts";
import { LEXICONS } from "../lexicons.ts";
import { temporaryFolder } from "../support.ts";

const RULES: SqlRules = { lexicon: LEXICONS.postgresql, transactionalDdl: true, commitsImplicitly: () => false };

function sql(revision: string, rest = ""): string {
  return `-- delembic revision: ${revision}\n${rest}-- delembic upgrade\nselect 1;\n`;
}

function script(revision: string): string {
  return `export default {\n  revision: "${revision}",\n  upgrade() {},\n};\n`;
}

async function load(files: Record<string, string | Uint8Array>) {
  await using folder = await temporaryFolder(files);
  const { migrations, faults, broken } = await loadMigrations(`${folder.path}/versions`, {
    relativeTo: folder.path,
    dialect: RULES,
  });
  return {
    migrations,
    broken,
    faults: faults.map(({ message, place }) => `${place.file}${place.line ? `:${place.line}` : ""} ${message}`),
  };
}

Deno.test("loadMigrations() reads files of all kinds, in the natural order of their names", async () => {
  const text = sql("D10", "-- delembic depends_on: D2\n");
  const { migrations, faults } = await load({
    "versions/D10_c.sql": text,
    "versions/D2_b.js": script("D2"),
    "versions/D1_a.ts": script("D1"),
    "versions/D3_d.py": `from delembic import DataMigration

class Load(DataMigration):
    revision = "D3"
    depends_on = ["D1"]
    description = "by Python"

    def upgrade(self, conn):
        pass
`,
  });
  assert.deepEqual(faults, []);
  assert.deepEqual(
    migrations.map(({ revision, kind, file, dependsOn }) => [revision, kind, file, dependsOn]),
    [
      ["D1", "ts", "versions/D1_a.ts", []],
      ["D2", "js", "versions/D2_b.js", []],
      ["D3", "py", "versions/D3_d.py", ["D1"]],
      ["D10", "sql", "versions/D10_c.sql", ["D2"]],
    ],
  );
  assert.equal(migrations[3]?.checksum, checksumOf(new TextEncoder().encode(text)));
  assert.deepEqual(migrations[2]?.description, "by Python");
  assert.deepEqual(migrations.map(({ upgrade }) => upgrade !== undefined), [true, true, false, true]);
});

Deno.test("loadMigrations() leaves helpers, types, folders and what editors put beside a file alone", async () => {
  const broken = "this is no migration '";
  const { migrations, faults } = await load({
    "versions/D1.sql": sql("D1"),
    "versions/_helper.ts": broken,
    "versions/_shared.sql": broken,
    "versions/__init__.py": broken,
    "versions/.hidden.sql": broken,
    "versions/.#D1.sql": broken,
    "versions/D1.sql~": broken,
    "versions/#D1.sql#": broken,
    "versions/D1.sql.orig": broken,
    "versions/D1.swp": broken,
    "versions/delembic.d.ts": broken,
    "versions/README.md": broken,
    "versions/.gitkeep": "",
    "versions/old.sql/D0.sql": broken,
  });
  assert.deepEqual(faults, []);
  assert.deepEqual(migrations.map(({ file }) => file), ["versions/D1.sql"]);
});

Deno.test("loadMigrations() reports what is wrong in all files together, and gives the good ones", async () => {
  const { migrations, faults, broken } = await load({
    "versions/a.sql": "-- delembic revision: D1\nselect 1;",
    "versions/b.ts": "export default {\n  revision: 'D2'\n  upgrade() {},\n};",
    "versions/c.js": "export default {\n  revision: 'D3',\n};",
    "versions/d.sql": new Uint8Array([0x2d, 0x2d, 0x20, 0xe9, 0x0a]),
    "versions/e.sql": sql("D5"),
  });
  assert.deepEqual(faults, [
    "versions/a.sql:2 A statement stands before the first section",
    "versions/b.ts:3 Syntax error: Expected ',', got 'upgrade'",
    "versions/c.js 'upgrade' is missing",
    "versions/d.sql The file is not in UTF-8",
  ]);
  assert.deepEqual(migrations.map(({ revision }) => revision), ["D5"]);
  assert.deepEqual(broken, ["D1", "D2", "D3"]);
});

Deno.test("loadMigrations() says which files have the same revision", async () => {
  const { faults } = await load({
    "versions/a.sql": sql("D1"),
    "versions/b.ts": script("D1"),
    "versions/c.js": script("D1"),
    "versions/d.sql": sql("D2"),
    "versions/e.sql": sql("d1"),
  });
  assert.deepEqual(faults, [
    "versions/c.js:2 Revision D1 is in 3 places: versions/a.sql:1, versions/b.ts:2, versions/c.js:2",
  ]);
});

Deno.test("loadMigrations() says which label is taken, and where", async () => {
  const { faults } = await load({
    "versions/a.sql": sql("D1", "-- delembic labels: billing, D1\n"),
    "versions/b.ts": `export default {\n  revision: "D2",\n  labels: ["billing", "D3"],\n  upgrade() {},\n};\n`,
    "versions/c.sql": sql("D3", "-- delembic labels: shop\n"),
    "versions/d.py":
      "from delembic import DataMigration\nclass A(DataMigration):\n    revision = 'D4'\n    labels = 'shop'\n",
  });
  assert.deepEqual(faults, [
    "versions/a.sql:2 The label 'D1' of D1 is a revision (versions/a.sql:1)",
    "versions/b.ts:3 The label 'billing' of D2 is a label of D1 (versions/a.sql:2)",
    "versions/b.ts:3 The label 'D3' of D2 is a revision (versions/c.sql:1)",
    "versions/d.py:4 The label 'shop' of D4 is a label of D3 (versions/c.sql:2)",
  ]);
});

Deno.test("loadMigrations() takes a byte order mark off", async () => {
  const { migrations, faults } = await load({ "versions/a.sql": `\ufeff${sql("D1")}` });
  assert.deepEqual(faults, []);
  assert.equal(migrations[0]?.checksum, checksumOf(new TextEncoder().encode(sql("D1"))));
});

Deno.test("loadMigrations() says what to do when the folder is not there, or is none", async () => {
  await using folder = await temporaryFolder({ "file": "" });
  const options = { relativeTo: folder.path, dialect: RULES };
  await assert.rejects(loadMigrations(`${folder.path}/versions`, options), (error) => {
    assert.ok(error instanceof DelembicError);
    assert.equal(error.message, `The folder of the migrations is not there: ${folder.path}/versions`);
    assert.equal(
      error.hint,
      "Run 'delembic init', or set 'script_location' in delembic.ini to the folder that has 'versions' in it.",
    );
    assert.equal(error.exitCode, 2);
    return true;
  });
  await assert.rejects(loadMigrations(`${folder.path}/file`, options), (error) => {
    assert.ok(error instanceof DelembicError);
    assert.match(error.message, /^Cannot read .*\/file: Not a directory/);
    return true;
  });
});

Deno.test("loadMigrations() reads what it can of a folder with a link to nowhere", async () => {
  await using folder = await temporaryFolder({ "versions/a.sql": sql("D1") });
  await Deno.symlink(`${folder.path}/nowhere.sql`, `${folder.path}/versions/b.sql`);
  const { migrations, faults } = await loadMigrations(`${folder.path}/versions`, {
    relativeTo: folder.path,
    dialect: RULES,
  });
  assert.deepEqual(migrations.map(({ revision }) => revision), ["D1"]);
  assert.equal(faults.length, 1);
  assert.match(faults[0]?.message ?? "", /^Cannot read the file: No such file/);
  assert.equal(faults[0]?.place.file, "versions/b.sql");
});

Deno.test("loadMigrations() reads 1,000 SQL files in well under a second", async () => {
  const files = Array.from({ length: 1000 }, (_, n) => [`versions/D${n}.sql`, sql(`D${n}`)]);
  await using folder = await temporaryFolder(Object.fromEntries(files));
  const start = performance.now();
  const { migrations } = await loadMigrations(`${folder.path}/versions`, { relativeTo: folder.path, dialect: RULES });
  assert.equal(migrations.length, 1000);
  assert.ok(performance.now() - start < 1000);
});
