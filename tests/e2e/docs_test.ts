import { deepEqual, equal, match, ok } from "node:assert/strict";
import * as delembic from "delembic";
import { KEYS } from "../../src/config_values.ts";
import { EXIT } from "../../src/errors.ts";
import { allCommands } from "../../src/cli/commands.ts";
import { outside, run, testWith } from "../support.ts";
import { blockFault, callFault, inlineCalls, typeFaults } from "./docs_blocks.ts";
import { allPages, anchorsOf, linksOf, type Page, pageOf, ROOT } from "./page.ts";
import { isTour, replay, timeless } from "./readme.ts";

const pages = await allPages();
const page = (path: string): Page => pages.find((page) => page.path === path) ?? fail(path);

function fail(path: string): never {
  throw new Error(`There is no ${path}`);
}

for (const tour of pages.filter(isTour)) {
  testWith(["python"], `${tour.path}: every command prints what is shown`, async () => {
    equalLines(timeless(await replay(tour)), timeless(tour.markdown));
  });
}

// the two pages that a newcomer follows
for (const path of ["README.md", "docs/tutorial.md"]) {
  testWith(["python", "executable"], `${path}: the executable prints it too`, async () => {
    const likeJavaScript = (text: string) => timeless(text).replaceAll(/(versions\/\w+)\.ts/g, "$1.js");
    equalLines(likeJavaScript(await replay(page(path), "executable")), likeJavaScript(page(path).markdown));
  });
}

/** Tells first what is printed and not shown: in a long page that says more than where they begin to differ. */
function equalLines(printed: string, shown: string): void {
  const known = new Set(shown.split("\n"));
  deepEqual(printed.split("\n").filter((line) => !known.has(line)), []);
  equal(printed, shown);
}

testWith(["python"], "docs: every block is run, or read by what would read it", async () => {
  const faults: string[] = [];
  for (const { path, blocks, markdown } of pages) {
    // a fence that is indented, or not closed, would be no block
    equal([...markdown.matchAll(/^\s*(?:```|~~~)/gm)].length, 2 * blocks.length, path);
    for (const block of blocks) {
      const fault = await blockFault(block);
      if (fault !== undefined) faults.push(`${path}:${block.line}: ${fault}`);
    }
  }
  deepEqual(faults, []);
});

testWith(["python"], "docs: a block that is wrong is told, in each language", async () => {
  const wrong: [language: string, text: string, fault: RegExp][] = [
    ["ini", "[delembic\n", /IniError/],
    ["json", "{", /SyntaxError/],
    ["yaml", "a: [\n", /Flow sequence/],
    ["sql", "-- delembic batsh: person by id\nselect 1;\n", /Unknown directive 'batsh'/],
    ["csv", "a,b\n1,2,3\n", /has 3 fields/],
    ["sh", "if true; do\n", /syntax error/],
    ["sh", "A=1 delembic upgrade --jooin\n", /Unknown option '--jooin'/],
    ["console", "$ echo | delembic histry\n", /no such command/],
    ["python", "def (\n", /SyntaxError/],
    ["rust", "fn main() {}\n", /nobody reads 'rust'/],
  ];
  for (const [language, text, fault] of wrong) {
    match(await blockFault({ language, text, path: undefined, line: 1 }) ?? "", fault, language);
  }
  const fragment = pageOf("wrong.md", "```ts\nconst { inserted } = await upsertRows(conn, 'person', []);\n```\n");
  match(await typeFaults([fragment]), /'inserted' does not exist on type 'UpsertReport'/);
  deepEqual(anchorsOf("# A `b-c`: d\n\n## E\n\n## E\n"), ["a-b-c-d", "e", "e-1"]);
});

Deno.test("docs: every block of TypeScript has the types that it says", async () => {
  equal(await typeFaults(pages), "");
});

testWith(
  ["linters"],
  "docs: every Dockerfile is as hadolint wants it, and every workflow as actionlint does",
  async () => {
    const whole = { dockerfile: /^/, yaml: /^jobs:/m };
    const linters = { dockerfile: "hadolint", yaml: "actionlint" };
    for (const language of ["dockerfile", "yaml"] as const) {
      const blocks = pages.flatMap(({ path, blocks }) => blocks.map((block) => ({ ...block, path })));
      const chosen = blocks.filter((block) => block.language === language && whole[language].test(block.text));
      ok(chosen.length > 1);
      for (const { path, line, text } of chosen) {
        // what triggers a workflow may be left out
        const stdin = language === "yaml" && !/^on:/m.test(text) ? `on: push\n${text}` : text;
        const { code, out } = await run(`${outside.linters}/${linters[language]}`, ["-"], { stdin });
        equal(code, 0, `${path}:${line}: ${out}`);
      }
    }
  },
);

Deno.test("docs: every command that the prose names is one, with these options", async () => {
  const faults = await Promise.all(pages.map(({ markdown }) => callFault(inlineCalls(markdown))));
  deepEqual(faults.filter((fault) => fault !== undefined), []);
});

Deno.test("docs: every link leads to a file, and to a heading in it", async () => {
  const broken: string[] = [];
  for (const { path, markdown } of pages) {
    for (const link of linksOf(markdown)) {
      if (!/^https?:/.test(link) && !await leadsSomewhere(path, link)) broken.push(`${path}: ${link}`);
    }
  }
  deepEqual(broken, []);
});

async function leadsSomewhere(from: string, link: string): Promise<boolean> {
  const { pathname, hash } = new URL(link, `file:///${from}`);
  const path = decodeURIComponent(pathname.slice(1));
  const text = await Deno.readTextFile(ROOT + path).catch((error: unknown) => {
    if (error instanceof Deno.errors.IsADirectory) return "";
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  return text !== undefined && (hash === "" || anchorsOf(text).includes(hash.slice(1)));
}

Deno.test("docs: the index has a link to every page, and the README one to the index", () => {
  const index = page("docs/README.md");
  const linked = new Set(linksOf(index.markdown).map((link) => `docs/${link.replace(/#.*/, "")}`));
  const missing = pages.map(({ path }) => path).filter((path) => path.startsWith("docs/") && !linked.has(path));
  deepEqual(missing, ["docs/README.md"]);
  ok(linksOf(page("README.md").markdown).includes("docs/README.md"));
});

Deno.test("docs: every command has its entry", () => {
  const { markdown } = page("docs/reference/commands.md");
  const names = allCommands().map(({ name }) => name);
  deepEqual(names.filter((name) => !markdown.includes(`### \`${name}\``)), []);
});

Deno.test("docs: every key of the configuration is in its page, and none that is not there", () => {
  const rows = page("docs/reference/configuration.md").markdown.matchAll(/^\| ((?:`[a-z_.]+`(?:, )?)+) \|/gm);
  const explained = [...rows].flatMap(([, cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, key]) => key));
  deepEqual(explained.sort(), Object.keys(KEYS).sort());
});

Deno.test("docs: every exit code is in its page", () => {
  const { markdown } = page("docs/reference/exit-codes.md");
  const explained = [...markdown.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
  deepEqual(explained, Object.values(EXIT));
});

Deno.test("docs: every function and class that a program may import is in a page", () => {
  const texts = pages.flatMap(({ blocks }) => blocks.map(({ text }) => text)).join("\n");
  const recipes = Object.entries(delembic).flatMap(([name, value]) => typeof value === "function" ? name : []);
  deepEqual(recipes.filter((name) => !texts.includes(name)), []);
});
