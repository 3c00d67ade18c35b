import assert from "node:assert/strict";
import fc from "fast-check";
import type { MigrationKind } from "../../src/migration.ts";
import { renamedFile, renamedText } from "../../src/renamed_text.ts";
import { maskOf } from "../../src/source_mask.ts";

const CHANGE = { from: "D007", to: "D008" };

function revision(text: string, kind: MigrationKind = "ts") {
  return renamedText(text, kind, { where: "revision", change: CHANGE });
}

function needs(text: string, kind: MigrationKind = "ts") {
  return renamedText(text, kind, { where: "dependsOn", change: CHANGE });
}

/** The text with `‹D007›` as D007 goes in, and with D008 has to come out. */
function renames(rename: typeof revision, text: string, kind: MigrationKind): void {
  assert.equal(rename(text.replace(/‹D007›/g, "D007"), kind), text.replace(/‹D007›/g, "D008"), text);
}

Deno.test("renamedText() finds the revision of a script however it is written, and changes nothing else", () => {
  const texts = [
    'export default {\n  revision: "‹D007›",\n  description: "what D007 does", // revision: "D007"\n};',
    "export default { revision: '‹D007›', upgrade() {} }",
    "export default { revision: `‹D007›` }",
    'export default { "revision": "‹D007›", note: "revision: \'D007\'" }',
    'export default class X extends DataMigration {\r\n  override readonly revision = "‹D007›";\r\n}',
    'class X { readonly revision: string = "‹D007›"; }\nexport default X;',
    'export default { revision: "‹D007›" as const, dependsOn: ["D007x"] } satisfies Migration;',
    "\ufeff/* revision: 'D007' */ const r = /revision: \"D007\"/; export default { revision: '‹D007›' }",
    "const half = 4 / 2; export default { revision: '‹D007›', rest: 1 / 3 }",
  ];
  for (const text of texts) renames(revision, text, "ts");
});

Deno.test("renamedText() finds what a script needs, and leaves Alembic's revisions", () => {
  const texts = [
    'export default { revision: "D009", dependsOn: ["D001", "‹D007›", "alembic:D007"] }',
    'export default { dependsOn: "‹D007›" }',
    "export default {\n  dependsOn: [\n    'D001', // D007\n    '‹D007›',\n  ] as const,\n}",
    'class X { override readonly dependsOn = ["‹D007›"]; }',
    'class X { readonly dependsOn: readonly string[] = ["‹D007›", "‹D007›"]; }',
  ];
  for (const text of texts) renames(needs, text, "js");
});

Deno.test("renamedText() leaves what only the author knows", () => {
  const unknown = [
    'const id = "D007"; export default { revision: id }',
    'export default { revision: "D0" + "07" }',
    'const other = { revision: "D007" }; export default { revision: "D007" }',
    'export default { revision: "D0071" }',
    'export default { revision() { return "D007"; } }',
  ];
  for (const text of unknown) assert.equal(revision(text), undefined, text);
  assert.equal(needs("export default { dependsOn: IDS }"), undefined);
  assert.equal(needs('export default { dependsOn: ["alembic:D007"] }'), undefined);
});

Deno.test("renamedText() changes the header of a SQL file alone", () => {
  renames(
    revision,
    "\ufeff-- about D007\r\n-- delembic revision: ‹D007›\r\n-- delembic description: D007\r\n-- delembic upgrade\r\n" +
      "-- delembic revision: D007\r\nselect 'D007';\r\n",
    "sql",
  );
  renames(revision, "\ufeff-- delembic revision: ‹D007›\n-- delembic upgrade\n", "sql");
  renames(revision, '  --delembic revision: "‹D007›"  \n-- delembic upgrade\n', "sql");
  renames(
    needs,
    '-- delembic depends_on: D001,‹D007› , "‹D007›", alembic:D007, "a, D007"\n-- delembic upgrade\n',
    "sql",
  );
  assert.equal(revision("-- delembic upgrade\n-- delembic revision: D007\n", "sql"), undefined);
});

Deno.test("renamedText() changes the class of a Python file that has the id", () => {
  renames(
    revision,
    `"""revision = "D007" """
class A(DataMigration):
    revision = "D006"
    depends_on = ["D007"]

class B(DataMigration):
    revision: str = '‹D007›'  # revision = "D007"
    depends_on = ("D006",)
`,
    "py",
  );
  renames(
    needs,
    'class A(X):\n    revision = "D9"\n    depends_on = [\n        "D001",\n        u"‹D007›",\n    ]\n',
    "py",
  );
  renames(needs, 'class A(X):\n    depends_on = "‹D007›"\n', "py");
  assert.equal(revision('class A(X):\n    revision = ID\n    other = "D007"\n', "py"), undefined);
});

Deno.test("renamedFile() changes the id where it stands by itself", () => {
  const cases: [string, string][] = [
    ["D007_fix.ts", "D008_fix.ts"],
    ["2026_01_15_D007_fix.sql", "2026_01_15_D008_fix.sql"],
    ["D007.py", "D008.py"],
    ["D0071_fix.ts", "D0071_fix.ts"],
    ["fix.ts", "fix.ts"],
    ["D007-D007.ts", "D008-D007.ts"],
  ];
  for (const [name, expected] of cases) assert.equal(renamedFile(name, CHANGE), expected);
});

Deno.test("maskOf() keeps the place of every character, of any text", () => {
  const pieces = fc.constantFrom(
    '"',
    "'",
    "`",
    "/",
    "*",
    "\\",
    "\n",
    "\r\n",
    "#",
    "a",
    "{",
    "}",
    "$",
    '"""',
    "//",
    " ",
  );
  fc.assert(fc.property(fc.array(pieces, { maxLength: 40 }), fc.boolean(), (parts, isPython) => {
    const text = parts.join("");
    const mask = maskOf(text, isPython ? "python" : "script");
    assert.equal(mask.length, text.length);
    for (const [at, character] of [...mask].entries()) assert.ok(character === " " || character === text[at]);
  }));
});
