import { deepEqual, equal, ok } from "node:assert/strict";
import * as delembic from "delembic";
import { KEYS } from "../../src/config_values.ts";
import { EXIT } from "../../src/errors.ts";
import { allCommands } from "../../src/cli/commands.ts";
import { commandsPage } from "../../tools/reference.ts";
import { outside, run, testWith } from "../support.ts";
import { blockFault, callFault, inlineCalls, typeFaults } from "./docs_blocks.ts";
import { allPages, anchorsOf, linksOf, type Page, ROOT } from "./page.ts";
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

Deno.test("docs: every block of TypeScript has the types that it says", async () => {
  equal(await typeFaults(pages), "");
});

testWith(["linters"], "docs: every Dockerfile is as hadolint wants it", async () => {
  for (const { path, blocks } of pages) {
    for (const { line, text } of blocks.filter(({ language }) => language === "dockerfile")) {
      const { code, out } = await run(`${outside.linters}/hadolint`, ["-"], { stdin: text });
      equal(code, 0, `${path}:${line}: ${out}`);
    }
  }
});

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

Deno.test("docs: the page of the commands is what the commands say, and has them all", async () => {
  const { markdown } = page("docs/reference/commands.md");
  equal(markdown, await commandsPage(), "run 'deno task docs'");
  for (const { name } of allCommands()) ok(markdown.includes(`### \`${name}\``), name);
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
