import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { DelembicError } from "../../src/errors.ts";
import { formatList, formatText, parseList, parseText } from "../../src/header_value.ts";
import { createFile, type NewFileKind, readTemplate, renderTemplate } from "../../src/new_file.ts";
import { readScriptMigration } from "../../src/script_migration.ts";
import { readSqlMigration } from "../../src/sql_migration.ts";
import { LEXICONS } from "../lexicons.ts";
import { type Kind, temporaryFolder } from "../support.ts";

const NEW = { revision: "D002", dependsOn: ["D001", "3d1e3e6abc12"], description: "load person" };

async function render(kind: NewFileKind, migration = NEW): Promise<string> {
  return renderTemplate(kind, await readTemplate(kind, "/no/such/folder"), migration);
}

Deno.test("renderTemplate() writes a TypeScript migration that teaches how to go on", async () => {
  const text = await render("ts");
  assert.ok(text.startsWith(`import type { Migration } from "../delembic.d.ts";

export default {
  revision: "D002",
  dependsOn: ["D001", "3d1e3e6abc12"],
  description: "load person",

  async upgrade(conn, run) {
`));
  assert.ok(text.endsWith("} satisfies Migration;\n"));
});

Deno.test("renderTemplate() writes a SQL migration, with no white space at the ends of its lines", async () => {
  assert.equal(
    await render("sql", { ...NEW, dependsOn: [] }),
    `-- delembic revision: D002
-- delembic depends_on:
-- delembic description: load person

-- delembic upgrade
-- These statements run in one transaction, together with the record that they were applied.

-- delembic validate
-- Each query here must give one true value, or everything above is rolled back:
--   select count(*) > 0 from person;
-- To be able to undo it, add a third section of the name 'downgrade'.
`,
  );
});

const HOSTILE: readonly string[] = [
  ...[
    'say "hi"',
    "ends with \\",
    "it's",
    "`${1}`",
    "a\nb",
    "a\r\nb",
    " a ",
    "",
    "*/ /* -- //",
    "日本語",
    "\u2028\u2029\u0085",
  ],
  ...[
    '"quoted"',
    '"',
    '"a", "b"',
    "; drop table person;",
    "{{revision}}",
    "$&$1",
    "\u0000",
    "\ufeffa",
    "😀\ud800",
    "</script>",
  ],
  ...["-- delembic upgrade", "\n-- delembic downgrade\n", "'; delete from t; --", "# //", "\ta\u00a0"],
];
const piece = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary", maxLength: 20 }));
const message = fc.array(piece, { maxLength: 4 }).map((parts) => parts.join(""));

Deno.test("renderTemplate() makes a TypeScript file of any message that loads, and gives the message back", async () => {
  await using folder = await temporaryFolder();
  let count = 0;
  await fc.assert(
    fc.asyncProperty(message, async (description) => {
      const file = `D${++count}.ts`;
      const text = await render("ts", { ...NEW, description });
      await Deno.writeTextFile(`${folder.path}/${file}`, text);
      const url = pathToFileURL(`${folder.path}/${file}`).href;
      const { found, faults } = await readScriptMigration(text, { file, url, kind: "ts", checksum: "" });
      assert.deepEqual(faults, []);
      assert.equal(found[0]?.migration.description, description);
      assert.deepEqual(found[0]?.migration.dependsOn, NEW.dependsOn);
    }),
    { numRuns: 200, examples: HOSTILE.map((text) => [text]) },
  );
});

for (const kind of ["sqlite", "postgresql", "mysql"] satisfies Kind[]) {
  Deno.test(`renderTemplate() makes a SQL file of any message that loads on ${kind}, and gives the message back`, async () => {
    const template = await readTemplate("sql", "/no/such/folder");
    fc.assert(
      fc.property(message, (description) => {
        // through bytes, as a file would be
        const bytes = new TextEncoder().encode(renderTemplate("sql", template, { ...NEW, description }));
        const { found, faults } = readSqlMigration(new TextDecoder().decode(bytes), {
          ...{ file: "x.sql", checksum: "" },
          dialect: { lexicon: LEXICONS[kind], transactionalDdl: true, commitsImplicitly: () => false },
        });
        assert.deepEqual(faults, []);
        assert.equal(found[0]?.migration.description, description);
        assert.deepEqual(found[0]?.migration.dependsOn, NEW.dependsOn);
        assert.deepEqual(found[0]?.migration.statements, { upgrade: [], validate: [], downgrade: [] });
      }),
      { numRuns: 500, examples: HOSTILE.map((text) => [text]) },
    );
  });
}

Deno.test("parseText() undoes formatText(), and leaves a value that is only half quoted alone", () => {
  fc.assert(fc.property(message, (text) => assert.equal(parseText(formatText(text)), text)));
  assert.equal(parseText('"a" and "b"'), '"a" and "b"');
  assert.equal(parseText('"a'), '"a');
  assert.equal(formatText("plain été 日本語"), "plain été 日本語");
});

Deno.test("parseList() undoes formatList()", () => {
  const items = fc.array(message.filter((text) => text !== ""));
  fc.assert(fc.property(items, (list) => assert.deepEqual(parseList(formatList(list)), list)));
});

Deno.test("readTemplate() prefers the project's own", async () => {
  await using folder = await temporaryFolder({
    "migration.sql.txt": "-- delembic revision: {{ revision }}\n-- delembic upgrade\n",
  });
  assert.equal(
    renderTemplate("sql", await readTemplate("sql", folder.path), NEW),
    "-- delembic revision: D002\n-- delembic upgrade\n",
  );
  assert.ok((await readTemplate("ts", folder.path)).text.startsWith("import type { Migration }"));
});

Deno.test("renderTemplate() says which field of a template it does not know", () => {
  assert.throws(
    () => renderTemplate("sql", { text: "a\n{{revison}}\n", file: "migration.sql.txt" }, NEW),
    (error) => {
      assert.ok(error instanceof DelembicError);
      assert.equal(error.message, "Unknown field {{revison}}");
      assert.deepEqual(error.place, { file: "migration.sql.txt", line: 2 });
      assert.equal(error.hint, "Known are {{revision}}, {{dependsOn}}, {{labels}}, {{description}}.");
      return true;
    },
  );
});

Deno.test("createFile() makes the folders above, and never overwrites", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/a/b.txt`;
  await createFile(path, "one");
  await assert.rejects(createFile(path, "two"), {
    name: "DelembicError",
    message: `${path} is there already`,
    code: "file-exists",
    exitCode: 2,
    hint: "Nothing was overwritten: choose another message or '--rev-id'.",
  });
  assert.equal(await Deno.readTextFile(path), "one");
});
