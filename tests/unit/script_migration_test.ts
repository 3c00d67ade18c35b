import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import type { Connection } from "../../src/connection.ts";
import type { Fault } from "../../src/errors.ts";
import type { Run } from "../../src/migration.ts";
import { readScriptMigration } from "../../src/script_migration.ts";
import { temporaryFolder } from "../support.ts";

/** Loads one file of a folder as `file`, relative to that folder. */
async function read(files: Record<string, string>, file = Object.keys(files)[0] ?? "") {
  await using folder = await temporaryFolder(files);
  const kind = file.endsWith(".ts") ? "ts" : "js";
  const url = pathToFileURL(`${folder.path}/${file}`).href;
  const reading = await readScriptMigration(files[file] ?? "", { file, url, kind, checksum: "sha256:v1:00" });
  // places in other files are absolute
  const faults = reading.faults.map((fault): Fault => ({
    ...fault,
    message: fault.message.replaceAll(folder.path, "/project"),
    place: { ...fault.place, file: fault.place.file.replace(folder.path, "/project") },
  }));
  return { ...reading, faults };
}

async function migrationOf(text: string, file = "D001.ts") {
  const { found, faults } = await read({ [file]: text }, file);
  assert.deepEqual(faults, []);
  const [only] = found;
  assert.ok(only && found.length === 1);
  return only.migration;
}

/** The faults as `file:line:column message (hint)`. */
async function faultsOf(files: string | Record<string, string>, file?: string): Promise<string[]> {
  const { found, faults } = await read(typeof files === "string" ? { "D001.ts": files } : files, file);
  assert.deepEqual(found, []);
  return faults.map(({ message, place, hint }) => {
    const where = [place.file, place.line, place.column].filter((part) => part !== undefined).join(":");
    return `${where} ${message}${hint === undefined ? "" : ` (${hint})`}`;
  });
}

const NO_CONNECTION = {} as Connection;
const NO_RUN = {} as Run;

Deno.test("readScriptMigration() reads an object with all its options", async () => {
  const migration = await migrationOf(`
import type { Migration } from "../delembic.d.ts";
export default {
  revision: "D002",
  dependsOn: ["D001", "3d1e3e6abc12", "D001"],
  labels: ["billing", "invoices", "billing"],
  description: "load person",
  transaction: false,
  idempotent: true,
  timeout: "2h",
  lockTimeout: 5,
  retries: 1,
  tags: ["a"],
  requiresBefore: "9a0000000001",
  async upgrade() {},
  async downgrade() {},
  async validate() {},
} satisfies Migration;
`);
  const { upgrade, downgrade, validate, ...values } = migration;
  assert.deepEqual(values, {
    revision: "D002",
    dependsOn: ["D001", "3d1e3e6abc12"],
    labels: ["billing", "invoices"],
    requiresBefore: ["9a0000000001"],
    description: "load person",
    transaction: false,
    idempotent: true,
    timeoutMs: 7_200_000,
    lockTimeoutMs: 5_000,
    retries: 1,
    tags: ["a"],
    kind: "ts",
    file: "D001.ts",
    checksum: "sha256:v1:00",
    batch: undefined,
    repeatable: false,
    data: [],
    statements: undefined,
  });
  assert.ok(upgrade && downgrade && validate);
});

Deno.test("readScriptMigration() takes one dependency as a text for what it is, not for letters", async () => {
  const migration = await migrationOf(`export default { revision: "D2", dependsOn: "D001", upgrade() {} };`, "D2.js");
  assert.deepEqual(migration.dependsOn, ["D001"]);
  assert.equal(migration.kind, "js");
  assert.equal(migration.downgrade, undefined);
  assert.equal(migration.validate, undefined);
});

Deno.test("readScriptMigration() makes one instance of a class, whose methods know each other", async () => {
  const migration = await migrationOf(`
import { DataMigration } from "delembic";
export default class LoadPerson extends DataMigration {
  override readonly revision = "D002";
  override readonly dependsOn = ["D001"];
  #rows = 0;
  override upgrade() { this.#rows = this.count(); }
  validate() { return this.#rows === 3; }
  private count(): number { return 3; }
}`);
  assert.equal(migration.revision, "D002");
  assert.deepEqual(migration.dependsOn, ["D001"]);
  await assert.rejects(async () => await migration.validate?.(NO_CONNECTION, NO_RUN), {
    message: "validate() returned false",
    code: "validation-failed",
    place: { file: "D001.ts" },
  });
  await migration.upgrade?.(NO_CONNECTION, NO_RUN);
  await migration.validate?.(NO_CONNECTION, NO_RUN);
});

Deno.test("readScriptMigration() gives steps that wait for what they call", async () => {
  const migration = await migrationOf(
    `
export const log = [];
export default {
  revision: "D1", log,
  async upgrade() { await new Promise((done) => setTimeout(done, 5)); this.log.push("upgraded"); },
  async validate() { return this.log.length === 1 ? undefined : false; },
  async downgrade() { throw new RangeError("cannot be undone"); },
};`,
    "D1.js",
  );
  await migration.upgrade?.(NO_CONNECTION, NO_RUN);
  await migration.validate?.(NO_CONNECTION, NO_RUN);
  await assert.rejects(
    async () => await migration.downgrade?.(NO_CONNECTION, NO_RUN),
    /^RangeError: cannot be undone$/,
  );
});

Deno.test("readScriptMigration() keeps files with the names of libraries apart from these", async () => {
  await using folder = await temporaryFolder({
    "json.js": `export default { revision: "D1", upgrade() {} };`,
    "postgres.js": `export default { revision: "D2", upgrade() {} };`,
    "sub/json.js": `export default { revision: "D3", upgrade() {} };`,
  });
  const ids = await Promise.all(["json.js", "postgres.js", "sub/json.js"].map(async (file) => {
    const url = pathToFileURL(`${folder.path}/${file}`).href;
    const { found } = await readScriptMigration("", { file, url, kind: "js", checksum: "" });
    return found[0]?.migration.revision;
  }));
  assert.deepEqual(ids, ["D1", "D2", "D3"]);
  assert.equal(typeof (await import("postgres")).default, "function");
});

Deno.test("readScriptMigration() reports every member that is wrong, with its line", async () => {
  assert.deepEqual(
    await faultsOf(`export default {
  revision: "head",
  dependsOn: 5,
  description: ["a"],
  transaction: "no",
  "timeout": "soon",
  lockTimeout: -1,
  retries: 1.5,
  tags: "a",
  requiresBefore: [""],
  upgrade: "x",
  async *validate() {},
  *downgrade() {},
};`),
    [
      `D001.ts:2 'revision' cannot be 'head', which means something on the command line (Choose an id such as "D001".)`,
      `D001.ts:3 'dependsOn' must be an id or a list of ids, not 5 (Write ids as texts: ["D001", "3d1e3e6abc12"].)`,
      `D001.ts:10 'requiresBefore' must be an id or a list of ids, not "" (Write ids as texts: ["D001", "3d1e3e6abc12"].)`,
      `D001.ts:4 'description' must be a text, not [ "a" ]`,
      `D001.ts:5 'transaction' must be true or false, not "no"`,
      `D001.ts:6 'timeout' must be a number of seconds, or a text such as '500ms', '90s', '15m' or '2h', not "soon"`,
      `D001.ts:7 'lockTimeout' must be a number of seconds, or a text such as '500ms', '90s', '15m' or '2h', not -1`,
      `D001.ts:8 'retries' must be a whole number from 0, not 1.5`,
      `D001.ts:9 'tags' must be a list of texts, not "a"`,
      `D001.ts:11 'upgrade' must be a function, not a string`,
      `D001.ts:12 'validate' must be a plain or async function, not a generator (Remove the '*'.)`,
      `D001.ts:13 'downgrade' must be a plain or async function, not a generator (Remove the '*'.)`,
    ],
  );
});

Deno.test("readScriptMigration() says what a migration lacks, before anything runs", async () => {
  assert.deepEqual(await faultsOf(`export default class A {}`), [
    `D001.ts 'revision' is missing (Give it an id, such as "D001".)`,
    `D001.ts 'upgrade' is missing (Write 'async upgrade(conn) { … }'.)`,
  ]);
});

Deno.test("readScriptMigration() refuses ids that the ledger or the command line cannot hold", async () => {
  const rule = "must be 1 to 128 letters, digits, '_', '.' or '-'";
  const cases: Record<string, string> = {
    "": rule,
    "a b": rule,
    "é": rule,
    "+1": rule,
    ["x".repeat(129)]: rule,
    "-1": "cannot be '-1', which means something on the command line",
    heads: "cannot be 'heads', which means something on the command line",
    base: "cannot be 'base', which means something on the command line",
  };
  for (const [id, problem] of Object.entries(cases)) {
    assert.deepEqual(await faultsOf(`export default { revision: ${JSON.stringify(id)}, upgrade() {} };`), [
      `D001.ts:1 'revision' ${problem} (Choose an id such as "D001".)`,
    ]);
  }
  assert.equal(
    (await migrationOf(`export default { revision: "${"x".repeat(128)}", upgrade() {} };`)).revision.length,
    128,
  );
});

Deno.test("readScriptMigration() takes one label as a text, and refuses what no target could name", async () => {
  const migration = await migrationOf(`export default { revision: "D1", labels: "billing", upgrade() {} };`);
  assert.deepEqual(migration.labels, ["billing"]);
  const hint = `(Write names as texts: "billing", or ["billing", "invoices"].)`;
  for (
    const [labels, problem] of [
      [`"a@b"`, `must be 1 to 128 letters, digits, '_', '.' or '-', not "a@b"`],
      [`["a", "heads"]`, `cannot be 'heads', which means something on the command line`],
      [`"current"`, `cannot be 'current', which means something on the command line`],
      [`"-2"`, `cannot be '-2', which means something on the command line`],
      [`["a", 5]`, `must be a name or a list of names, not 5`],
    ]
  ) {
    assert.deepEqual(await faultsOf(`export default {\n  revision: "D1",\n  labels: ${labels},\n  upgrade() {},\n};`), [
      `D001.ts:3 'labels' ${problem} ${hint}`,
    ]);
  }
});

Deno.test("readScriptMigration() takes slips of known members for what they are, and leaves others alone", async () => {
  assert.deepEqual(
    await faultsOf(`export default {
  revision: "D1",
  depends_on: ["D0"],
  desription: "x",
  lock_timeout: "5s",
  Upgrade() {},
  upgrade() {},
  validates() {},
  branchLabels: "x",
  tables: ["a"],
  helper() {},
};`),
    [
      "D001.ts:3 Unknown member 'depends_on' (Did you mean 'dependsOn'?)",
      "D001.ts:4 Unknown member 'desription' (Did you mean 'description'?)",
      "D001.ts:5 Unknown member 'lock_timeout' (Did you mean 'lockTimeout'?)",
      "D001.ts:6 Unknown member 'Upgrade' (Did you mean 'upgrade'?)",
      "D001.ts:8 Unknown member 'validates' (Did you mean 'validate'?)",
      "D001.ts:9 Unknown member 'branchLabels' (Did you mean 'labels'?)",
    ],
  );
});

Deno.test("readScriptMigration() reads what makes a migration run again", async () => {
  const one = await migrationOf(
    `export default { revision: "D1", repeatable: true, data: "data/a.csv", upgrade() {} };`,
  );
  assert.deepEqual([one.repeatable, one.data], [true, ["data/a.csv"]]);
  const two = await migrationOf(`export default { revision: "D1", data: ["a", "b", "a"], upgrade() {} };`);
  assert.deepEqual([two.repeatable, two.data], [false, ["a", "b"]]);
  assert.deepEqual(
    await faultsOf(`export default {
  revision: "D1",
  repeatable: "yes",
  data: ["a", 5],
  upgrade() {},
};`),
    [
      "D001.ts:3 'repeatable' must be true or false, not \"yes\"",
      "D001.ts:4 'data' must be a file or a list of files, not 5 (Write paths as texts: [\"data/person.csv\"].)",
    ],
  );
  assert.deepEqual(
    await faultsOf(`export default {
  revision: "D1",
  repeatable: true,
  batch: { table: "person" },
  async apply() {},
};`),
    [
      "D001.ts:3 'repeatable' cannot stand beside 'batch' " +
      "(A walk over a table is made once: write a new migration for a new walk.)",
    ],
  );
});

Deno.test("readScriptMigration() says what is wrong with the default export", async () => {
  assert.deepEqual(await faultsOf("export const a = 1;"), [
    "D001.ts The file has no default export (It exports a: write 'export default' before the migration.)",
  ]);
  assert.deepEqual(await faultsOf("const a = 1;"), [
    "D001.ts The file has no default export (Write 'export default { revision: …, upgrade(conn) { … } }'; name a helper" +
    " file with '_' at the beginning.)",
  ]);
  const hint = "(Export an object or a class with 'revision' and 'upgrade'.)";
  assert.deepEqual(await faultsOf("export default function upgrade() {}"), [
    `D001.ts:1 The default export is a function, not a migration ${hint}`,
  ]);
  assert.deepEqual(await faultsOf("\nexport default null"), [
    `D001.ts:2 The default export is null, not a migration ${hint}`,
  ]);
  assert.deepEqual(await faultsOf("export default []"), [
    `D001.ts:1 The default export is a list, not a migration ${hint}`,
  ]);
});

const BROKEN = `// héé 😀
export default {
  revision: "D1"
  upgrade() {},
};
`;

for (const kind of ["ts", "js"]) {
  Deno.test(`readScriptMigration() gives a syntax error its line and column (${kind})`, async () => {
    assert.deepEqual(await faultsOf({ [`D1.${kind}`]: BROKEN }), [
      `D1.${kind}:4:3 Syntax error: Expected ',', got 'upgrade'`,
    ]);
    assert.deepEqual(await faultsOf({ [`D1.${kind}`]: "export default {};\nlet x; let x;\n" }), [
      `D1.${kind}:2:12 Syntax error: Identifier 'x' has already been declared`,
    ]);
  });

  Deno.test(`readScriptMigration() says which module is not there (${kind})`, async () => {
    assert.deepEqual(await faultsOf({ [`D1.${kind}`]: `\nimport { a } from "./_missing.ts";\nexport default a;` }), [
      `D1.${kind}:2 Cannot find the imported module '/project/_missing.ts'` +
      " (Is the path right? It is relative to the importing file, and has its extension.)",
    ]);
    assert.deepEqual(await faultsOf({ [`D1.${kind}`]: `import _ from "lodash";\nexport default _;` }), [
      `D1.${kind}:1 Cannot find the imported module 'lodash' (Write where it comes from: 'npm:lodash', 'jsr:…' or 'https://…'.)`,
    ]);
  });

  Deno.test(`readScriptMigration() gives an error at loading its line and column (${kind})`, async () => {
    const hint = "(Nothing may fail outside of the migration's functions; do the work in 'upgrade'.)";
    assert.deepEqual(await faultsOf({ [`D1.${kind}`]: `const a = 1;\n\n  throw new RangeError("boom\\nsecond");` }), [
      `D1.${kind}:3:9 The file throws when it is loaded: RangeError: boom ${hint}`,
    ]);
    assert.deepEqual(await faultsOf({ [`D1.${kind}`]: `throw "text";` }), [
      `D1.${kind} The file throws when it is loaded: text ${hint}`,
    ]);
    assert.deepEqual(await faultsOf({ [`D1.${kind}`]: `export default class A {\n  revision = nothing;\n}` }), [
      `D1.${kind}:2:14 The file throws when it is loaded: ReferenceError: nothing is not defined ${hint}`,
    ]);
  });
}

Deno.test("readScriptMigration() names the helper file in which the error is", async () => {
  assert.deepEqual(
    await faultsOf({ "D1.ts": `import "./_helper.ts";\nexport default {};`, "_helper.ts": BROKEN }, "D1.ts"),
    [
      "/project/_helper.ts:4:3 Syntax error: Expected ',', got 'upgrade'",
    ],
  );
});

Deno.test("readScriptMigration() tells two files that lack the same module each its own line", async () => {
  await using folder = await temporaryFolder();
  const texts = [`import "./_gone.ts";`, `\n\nimport "./_gone.ts";`];
  const places = await Promise.all(texts.map(async (text, index) => {
    const file = `D${index}.ts`;
    await Deno.writeTextFile(`${folder.path}/${file}`, text);
    const url = pathToFileURL(`${folder.path}/${file}`).href;
    return (await readScriptMigration(text, { file, url, kind: "ts", checksum: "" })).faults[0]?.place;
  }));
  assert.deepEqual(places, [{ file: "D0.ts", line: 1 }, { file: "D1.ts", line: 3 }]);
});

Deno.test("readScriptMigration() explains an import that the module does not have", async () => {
  assert.deepEqual(await faultsOf(`import { DataMigrations } from "delembic";\nexport default DataMigrations;`), [
    "D001.ts:1:10 The requested module 'delembic' does not provide an export named 'DataMigrations' (Is the name right?)",
  ]);
  const files = {
    "D1.ts": `import { DataMigration } from "./delembic.d.ts";\nexport default class A extends DataMigration {}`,
    "delembic.d.ts": "export abstract class DataMigration {}",
  };
  assert.deepEqual(await faultsOf(files, "D1.ts"), [
    "D1.ts:1:10 The requested module './delembic.d.ts' does not provide an export named 'DataMigration' (A '.d.ts' file has " +
    "types only: write 'import type' for these, and take 'DataMigration' from \"delembic\".)",
  ]);
});
