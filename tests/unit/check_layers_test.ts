import { deepEqual } from "node:assert/strict";
import { checkTree, type Rules } from "../../tools/check_layers.ts";

const RULES: Rules = {
  layers: [
    { name: "base", files: ["src/errors.ts", "src/db/*.ts"], may: [] },
    { name: "top", files: ["src/*.ts", "main.ts"], may: ["base"] },
  ],
  packages: { mysql2: ["src/db/mysql*.ts"], "@lezer/python": ["src/python.ts"] },
  forbiddenNames: ["utils"],
  maxLines: 3,
};

function check(files: Record<string, string>): string[] {
  return checkTree(new Map(Object.entries(files)), RULES);
}

Deno.test("checkTree() accepts imports that point down, and those within a layer", () => {
  deepEqual(
    check({
      "src/errors.ts": "",
      "src/db/port.ts": 'import type { A } from "../errors.ts";',
      "src/run.ts": 'export { B } from "./db/port.ts";\nimport { c } from "./plan.ts";',
      "src/plan.ts": 'const a = await import("./errors.ts");',
    }),
    [],
  );
});

Deno.test("checkTree() refuses imports that point up, whatever they are written like", () => {
  const refused = (line: number) => [`src/errors.ts:${line}: base may not import top (src/run.ts)`];
  for (
    const [text, line] of [
      ['import { a } from "./run.ts";', 1],
      ['import type { A } from "./run.ts";', 1],
      ['\nimport {\n  a,\n  type B,\n} from "./run.ts";', 5],
      ['import "./run.ts";', 1],
      ['export * from "./run.ts";', 1],
      ['const a = 1;\nconst b = await import("./run.ts");', 2],
      ['type A = import("./run.ts").A;', 1],
    ] as const
  ) {
    deepEqual(
      checkTree(new Map([["src/errors.ts", text], ["src/run.ts", ""]]), { ...RULES, maxLines: 9 }),
      refused(line),
    );
  }
});

Deno.test("checkTree() does not take a comment's or a text's example for an import", () => {
  deepEqual(check({ "src/errors.ts": ' * import { a } from "./run.ts";\n// import "./run.ts"', "src/run.ts": "" }), []);
});

Deno.test("checkTree() tells each ring of imports once", () => {
  deepEqual(
    check({
      "src/b.ts": 'import "./c.ts";',
      "src/c.ts": 'import type { A } from "./a.ts";',
      "src/a.ts": 'import "./b.ts";',
    }),
    ["src/a.ts → src/b.ts → src/c.ts → src/a.ts: a ring of imports"],
  );
});

Deno.test("checkTree() lets a package be imported only by the files that it is for", () => {
  deepEqual(
    check({
      "src/db/mysql.ts": 'import { createConnection } from "mysql2/promise";',
      "src/python.ts": 'import { parser } from "@lezer/python";',
      "src/run.ts": 'import { createConnection } from "mysql2/promise";\nconst p = await import("@lezer/python");',
      "tests/unit/a_test.ts": 'import postgres from "postgres";',
    }),
    ["src/run.ts:1: may not import mysql2", "src/run.ts:2: may not import @lezer/python"],
  );
});

Deno.test("checkTree() wants every file of the product in a layer, and every import to be there", () => {
  deepEqual(check({ "src/web/page.ts": "", "src/run.ts": 'import "./gone.ts";' }), [
    "src/web/page.ts: belongs to no layer; add it to the table of tools/check_layers.ts",
    "src/run.ts:1: imports src/gone.ts, which is not there",
  ]);
});

Deno.test("checkTree() refuses names that say nothing, long files and backlogs", () => {
  deepEqual(
    check({
      "src/utils.ts": "",
      "src/longFile.ts": "",
      "src/long.ts": "\n\n\n\n",
      "tests/unit/utils_test.ts": "\n\n\n\n\n",
      "src/run.ts": `\n// ${"TO" + "DO"}: more`,
    }),
    [
      "src/utils.ts: 'utils' says nothing; name the file for what is in it",
      "src/longFile.ts: file names are in snake_case",
      "src/long.ts: 4 lines; 3 is the most",
      "tests/unit/utils_test.ts: 'utils' says nothing; name the file for what is in it",
      "src/run.ts:2: what is to be done belongs into an issue",
    ],
  );
});
