import { deepEqual, equal, ok } from "node:assert/strict";
import { errorHelp } from "../../src/cli/help.ts";
import { parseErrorReference, readErrorReference } from "../../src/error_reference.ts";
import { codesOf, codesOfSources } from "../error_codes.ts";
import { textsOfSources } from "../source_texts.ts";

Deno.test("every code that the sources can give has an entry in docs/reference/errors.md, and no entry is without one", async () => {
  const { codes, problems } = await codesOfSources();
  deepEqual(problems, [], "write the code as a text, or hand it on under the name 'code'");
  const explained = new Set((await readErrorReference()).keys());
  deepEqual([...codes].filter(([code]) => !explained.has(code)), [], "codes without an entry");
  deepEqual([...explained].filter((code) => !codes.has(code)), [], "entries without a code");
});

Deno.test("every entry shows a message first, and then says why and what to do", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/reference/errors.md", import.meta.url));
  const entries = parseErrorReference(page);
  equal([...page.matchAll(/^### /gm)].length, entries.size, "an entry is there twice");
  for (const { code, group, parts } of entries.values()) {
    equal(group === "", false, code);
    deepEqual(parts.slice(0, 2).map(({ kind }) => kind), ["example", "paragraph"], code);
    for (const part of parts) if (part.kind === "paragraph") equal(/[`\]]\(|`/.test(part.text), false, part.text);
  }
});

Deno.test("every message that the page shows is one that the program has", async () => {
  const texts = await textsOfSources();
  for (const { code, group, parts } of (await readErrorReference()).values()) {
    // these are the words of a server, and of a migration of one's own
    if (group === "The database" || code === "python-error") continue;
    const [example] = parts;
    const [first = ""] = example?.kind === "example" ? example.lines : [];
    const message = first.trim().replace(/^(?:Error|FAILED|PAUSED|INTERRUPTED): /, "");
    ok(texts.some((text) => text.test(message)), `${code}: ${message}`);
  }
});

Deno.test("an entry is printed in 80 columns, without the page's markup", () => {
  const entry = parseErrorReference(
    "# Page\n\nHead.\n\n## Group\n\nWords.\n\n### a-code\n\n```text\nError: It's `that`\n```\n\n" +
      "Say `x = 'y'` or `z`,\n[see there](other.md#part). " + "word ".repeat(20) + "\n\n### b-code\n",
  ).get("a-code");
  deepEqual(entry && errorHelp(entry).map((line) => typeof line === "string" ? line : "title"), [
    "title",
    "",
    "  Error: It's `that`",
    "",
    "Say x = 'y' or 'z', see there. word word word word word word word word word word",
    "word word word word word word word word word word",
  ]);
});

/** What the reader of the sources finds in a text. */
function found(text: string): [codes: string[], problems: string[]] {
  const { codes, problems } = codesOf(new Map([["src/a.ts", text]]));
  return [[...codes.keys()], [...problems]];
}

const TAKER = "class E extends DelembicError { constructor(m: string, code: string) { super(m, { code }); } }\n";

const READ: readonly (readonly [what: string, text: string, codes: string[]])[] = [
  ["an error's options", 'throw new DelembicError("m", { code: "a-b" });', ["a-b"]],
  ["a class's own", 'class E extends DelembicError { constructor() { super("m", { code: "a-b" }); } }', ["a-b"]],
  ["a fault", 'faults.push({ code: "a-b", message, place });', ["a-b"]],
  ["one of two", 'new DelembicError("m", { code: late ? "a" : early ? "b" : "c" });', ["a", "b", "c"]],
  ["an argument, by its place", `${TAKER}throw new E("m", "a-b");`, ["a-b"]],
  ["one of two arguments", `${TAKER}throw new E("m", late ? "a" : "b");`, ["a", "b"]],
  [
    "what a subclass gives",
    `${TAKER}class F extends E { constructor() { super("m", "a-b"); } }`,
    ["a-b"],
  ],
  [
    "an argument of a method",
    'class R { #fault(code: string, message: string) { this.f.push({ code, message }); } r() { this.#fault("a-b", "m"); } }',
    ["a-b"],
  ],
  [
    "an argument of a function within a function",
    'function r() { const fault = (code: string, message: string) => void f.push({ code, message }); fault("a-b", ""); }',
    ["a-b"],
  ],
  [
    "a text made of a union",
    'type Kind =\n  | "a" // why\n  | "b";\n' +
    "class E extends DelembicError { constructor(kind: Kind) { super('m', { code: `x-${kind}` }); } }",
    ["x-a", "x-b"],
  ],
  ["none where it is handed on", "new DelembicError('m', { code: error.code });", []],
  ["none of other things", 'const row = { code: "TD", name: "Chad" }; const f = (code: number) => g({ code });', []],
];

for (const [what, text, codes] of READ) {
  Deno.test(`the reader of codes finds ${what}`, () => deepEqual(found(text), [codes, []]));
}

for (const value of ["`x-${name}`", "pick()", '"Not Kebab"', "CODES[at]"]) {
  Deno.test(`the reader of codes says so where it cannot read one: ${value}`, () => {
    deepEqual(found(`\nnew DelembicError("m", { code: ${value} });`), [[], [`src/a.ts:2  ${value}`]]);
  });
}
