import { deepEqual } from "node:assert/strict";
import plugin from "../../tools/lint_plugin.ts";

/** What the project's lint rules say of a text, as `rule` or `rule: message`. */
function lint(file: string, text: string): string[] {
  return Deno.lint.runPlugin(plugin, `/project/${file}`, text).map(({ id }) => id.replace("delembic/", ""));
}

/** Each rule with a text that it refuses, and one near it that it accepts. */
const CASES: readonly (readonly [rule: string, refused: string, accepted: string])[] = [
  ["function-length", `function f() {${"\n".repeat(60)}}`, `function f() {${"\n".repeat(59)}}`],
  ["function-length", `class A { m() {${"\n".repeat(60)}} }`, `class A { ${"\n".repeat(60)} m() {} }`],
  ["edge-only", "Deno.exit(1);", "Deno.inspect(1);"],
  ["edge-only", 'Deno.env.get("A");', 'io.env.get("A");'],
  ["no-bare-error", 'throw new Error("no");', 'throw new TypeError("no");'],
  ["no-locale-compare", "a.localeCompare(b);", "compareIds(a, b);"],
  ["no-dialect-switch", "switch (session.dialect.name) {}", "switch (kind) {}"],
  ["regexp-name", "const WORD = /a/;", "const WORD_REGEXP = /a/; function f() { const word = /a/; }"],
  ["function-declaration", "export const f = () => 1;", "const f: Step = () => 1; const g = { f: () => 1 };"],
];

for (const [rule, refused, accepted] of CASES) {
  Deno.test(`${rule} refuses ${JSON.stringify(refused.slice(0, 40))} and accepts what is near it`, () => {
    deepEqual([lint("src/run.ts", refused), lint("src/run.ts", accepted)], [[rule], []]);
  });
}

Deno.test("edge-only lets main.ts, src/cli/io.ts and the tests touch the process", () => {
  deepEqual(["main.ts", "src/cli/io.ts", "tests/a.ts"].flatMap((file) => lint(file, "Deno.exit(0);")), []);
});

Deno.test("no-dialect-switch lets the drivers tell databases apart", () => {
  deepEqual(lint("src/db/connect.ts", "switch (target.dialect) {}"), []);
});
