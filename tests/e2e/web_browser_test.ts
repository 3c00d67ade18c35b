/** The page as somebody uses it, in a real Chromium. */

import assert from "node:assert/strict";
import axe from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { HOSTILE_TEXTS } from "../graph_ground.ts";
import { type TestProject, testProject } from "../project.ts";
import { outside, testWith } from "../support.ts";
import { raising, seeded } from "../walk_ground.ts";
import { serve, type Served } from "./web_ground.ts";

const TABS = ["/", "/data", "/schema", "/graph", "/runs"];

const INI =
  "[delembic]\nscript_location = delembic\nsqlalchemy.url = ${DELEMBIC_TEST_URL}\nalembic_config = alembic.ini\n";

function sql(id: string, needs: string, description: string, body: string): Record<string, string> {
  return {
    [`${id}.sql`]:
      `-- delembic revision: ${id}\n-- delembic depends_on: ${needs}\n-- delembic description: ${description}\n` +
      `-- delembic upgrade\n${body}\n`,
  };
}

/** A project in which every state is to be seen. */
const FILES: Record<string, string> = {
  "/delembic.ini": INI,
  "/alembic.ini": "[alembic]\nscript_location = migrations\n",
  "/migrations/env.py": "",
  "/migrations/versions/a.py": '"""create person"""\nrevision = "a1a1a1a1"\ndown_revision = None\n',
  "/migrations/versions/b.py": '"""emails"""\nrevision = "b2b2b2b2"\ndown_revision = "a1a1a1a1"\n',
  ...sql("D001", "a1a1a1a1", "load people", "select 1;"),
  ...sql("D003", "D001", "fails", "insert into nowhere values (1);"),
  ...sql("D004", "D001, b2b2b2b2", "waits for the schema", "select 1;"),
  ...sql("D005", "D001", "changed later", "select 1;"),
  ...raising("size 10 target 0 pause 60ms"),
};

interface Visit extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly served: Served;
  readonly project: TestProject;
  /** What the browser complained of, and what it asked for elsewhere. */
  readonly complaints: string[];
}

interface VisitOptions {
  readonly files?: Record<string, string>;
  readonly width?: number;
  readonly dark?: boolean;
  readonly args?: readonly string[];
  readonly prepare?: (project: TestProject) => Promise<void>;
}

async function visit(
  { files = FILES, width = 1200, dark = false, args = [], prepare = prepared }: VisitOptions = {},
): Promise<Visit> {
  const project = await testProject("sqlite", files);
  await prepare(project);
  const served = await serve(project, args);
  const browser: Browser = await chromium.launch({
    executablePath: outside.chromium ?? "missing",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"],
  });
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme: dark ? "dark" : "light" });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${served.base}/`)) complaints.push(`asked for ${request.url()}`);
  });
  return {
    page,
    context,
    served,
    project,
    complaints,
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await served[Symbol.asyncDispose]();
      await project[Symbol.asyncDispose]();
    },
  };
}

async function prepared(project: TestProject): Promise<void> {
  await project.execute(
    ...seeded(400),
    "create table alembic_version (version_num varchar(32) not null)",
    "insert into alembic_version values ('a1a1a1a1')",
  );
  for (const id of ["D001", "D005", "D003"]) await project.delembic(["upgrade", id]);
  await project.write({ "D005.sql": `${FILES["D005.sql"]}-- changed\n` });
}

/** What axe finds that keeps people from using the page. */
async function barriers(page: Page): Promise<string[]> {
  // as a function of the test's own, which no policy of the page can refuse
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate("axe.run()") as axe.AxeResults;
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, nodes }) =>
    `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("\n")}`
  );
}

async function overflow(page: Page): Promise<number> {
  return Number(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"));
}

testWith(["chromium"], "page: every tab shows what it is for, without a complaint of the browser", async () => {
  await using visited = await visit();
  const { page, served, complaints } = visited;
  await page.goto(served.base);
  const main = page.locator("main");
  assert.equal(
    await page.locator("h1").innerText(),
    "1 failed, 1 blocked, 1 pending and 1 changed since it was applied.",
  );
  assert.match(
    await main.innerText(),
    /What stands in the way[^]*D003 fails[^]*no such table: nowhere[^]*requires Alembic revision\(s\) \['b2b2b2b2'\]/,
  );

  await page.getByRole("link", { name: "Data", exact: true }).click();
  assert.deepEqual(await page.locator("tbody tr").count(), 5);
  await page.getByRole("link", { name: "Schema", exact: true }).click();
  assert.match(await main.innerText(), /a1a1a1a1[^]*create person[^]*D001/);
  await page.getByRole("link", { name: "Graph", exact: true }).click();
  assert.equal(await page.locator("svg .dg-node.data").count(), 5);
  await page.locator("svg a", { hasText: "D003" }).click();
  assert.match(await page.locator("h1").innerText(), /^D003\s+failed$/);
  assert.match(
    await main.innerText(),
    /Last error[^]*no such table: nowhere[^]*Source[^]*insert into nowhere values \(1\);/,
  );
  await page.getByRole("link", { name: "Runs", exact: true }).click();
  await page.locator("tbody tr", { hasText: "D003" }).locator("a").first().click();
  assert.match(await main.innerText(), /Run 3\s+failed[^]*Error[^]*no such table: nowhere/);
  assert.deepEqual(complaints, []);
});

testWith(["chromium"], "page: a search lives in the address, and works without the script", async () => {
  await using visited = await visit();
  const { served, context } = visited;
  const page = await (await context.browser()?.newContext({ javaScriptEnabled: false }))?.newPage();
  assert.ok(page);
  await page.goto(`${served.base}/data`);
  await page.getByPlaceholder("Search").fill("schema");
  await page.getByPlaceholder("Search").press("Enter");
  await page.waitForURL(`${served.base}/data?q=schema&state=`);
  assert.deepEqual(await page.locator("tbody a.id").allInnerTexts(), ["D004"]);
  await page.goto(`${served.base}/data`);
  await page.locator("select").selectOption("failed");
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForURL(`${served.base}/data?q=&state=failed`);
  assert.deepEqual(await page.locator("tbody a.id").allInnerTexts(), ["D003"]);
  await page.goto(`${served.base}/graph`);
  assert.equal(await page.locator("svg .dg-node").count(), 7);
});

testWith(["chromium"], "page: a run in batches is shown while it runs, and when it is over", async () => {
  await using visited = await visit();
  const { page, served, project, complaints } = visited;
  await page.goto(served.base);
  const child = project.start(["upgrade", "D002"]);
  const bar = page.locator("[data-walk=D002] progress");
  await bar.waitFor({ timeout: 15_000 });
  const values: number[] = [];
  for (let look = 0; look < 6; look++) {
    // when it is over there is no bar any more
    values.push(Number(await bar.getAttribute("value", { timeout: 500 }).catch(() => 1)));
    await page.waitForTimeout(600);
  }
  assert.ok(new Set(values).size >= 2, `it moves: ${values}`);
  assert.deepEqual(values, [...values].sort((a, b) => a - b));
  await page.getByText("1 failed, 1 blocked and 1 changed since it was applied.", { exact: true }).waitFor({
    timeout: 20_000,
  });
  assert.equal(await page.locator("[data-walk]").count(), 0);
  await child.stdout.cancel();
  await child.stderr.cancel();
  await child.status;
  assert.deepEqual(complaints, []);
});

testWith(["chromium"], "page: dark as the system is, and as the reader wants it", async () => {
  await using visited = await visit({ dark: true });
  const { page, served } = visited;
  const paper = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
  await page.goto(served.base);
  assert.equal(await paper(), "rgb(20, 23, 27)");
  await page.getByRole("button", { name: "Light or dark" }).click();
  assert.equal(await paper(), "rgb(251, 251, 250)");
  await page.goto(`${served.base}/data`);
  assert.equal(await paper(), "rgb(251, 251, 250)", "it is remembered");
  await page.keyboard.press("t");
  assert.equal(await paper(), "rgb(20, 23, 27)");
});

testWith(["chromium"], "page: the keyboard alone is enough", async () => {
  await using visited = await visit();
  const { page, served, complaints } = visited;
  const focused = () => page.evaluate("document.activeElement.textContent");
  await page.goto(`${served.base}/data`);
  await page.keyboard.press("j");
  assert.equal(await focused(), "D001");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  assert.equal(await focused(), "D002");
  await page.keyboard.press("Enter");
  await page.waitForURL(`${served.base}/revision?id=D002`);
  await page.keyboard.press("g");
  await page.keyboard.press("d");
  await page.waitForURL(`${served.base}/data`);
  await page.keyboard.press("/");
  await page.keyboard.type("j?gk");
  assert.equal(await page.locator("[data-search]").inputValue(), "j?gk", "letters are letters while one writes");
  await page.keyboard.press("Enter");
  await page.waitForURL(`${served.base}/data?q=j%3Fgk&state=`);
  await page.keyboard.press("?");
  assert.equal(await page.locator("dialog").isVisible(), true);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("dialog").isVisible(), false);
  for (const [key, path] of [["g", "/graph"], ["s", "/schema"], ["r", "/runs"], ["o", "/"]]) {
    await page.keyboard.press("g");
    await page.keyboard.press(key ?? "");
    await page.waitForURL(served.base + path);
  }
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "To the content");
  await page.goto(`${served.base}/graph`);
  const width = async () => Number(await page.locator("[data-graph] svg").getAttribute("width"));
  const before = await width();
  await page.keyboard.press("+");
  assert.ok(await width() > before);
  await page.keyboard.press("0");
  assert.ok(await width() <= before + 1);
  await page.keyboard.press("j");
  assert.equal(await page.evaluate("document.activeElement.closest('svg') !== null"), true);
  assert.deepEqual(complaints, []);
});

testWith(["chromium"], "page: narrow screens need no scrolling to the side, with hostile names, too", async () => {
  const hostile = Object.fromEntries(HOSTILE_TEXTS.map((text, at) => [
    `D1${at}.js`,
    `export default { revision: "D1${at}", description: ${JSON.stringify(text)}, upgrade() { throw new Error(${
      JSON.stringify(text)
    }); } };\n`,
  ]));
  await using visited = await visit({
    width: 400,
    files: { ...FILES, ...hostile },
    prepare: async (project) => {
      await prepared(project);
      for (const at of HOSTILE_TEXTS.keys()) await project.delembic(["upgrade", `D1${at}`]);
    },
  });
  const { page, served, complaints } = visited;
  page.on("dialog", (dialog) => void complaints.push(dialog.message()));
  for (
    const path of [
      ...TABS,
      "/run?id=3",
      "/nothing",
      ...HOSTILE_TEXTS.flatMap((_, at) => [`/revision?id=D1${at}`, `/run?id=${at + 4}`]),
    ]
  ) {
    await page.goto(served.base + path);
    assert.equal(await overflow(page), 0, path);
    assert.equal(await page.locator("main script, main img, main image, main style").count(), 0, path);
  }
  await page.goto(`${served.base}/revision?id=D10`);
  assert.match(await page.locator(".lead").innerText(), /^<script>alert\(1\)<\/script>$/);
  assert.deepEqual(complaints.filter((text) => !text.includes("404")), []);
});

testWith(["chromium"], "page: nothing keeps anybody from using it, in light and dark (axe)", async () => {
  for (const dark of [false, true]) {
    await using visited = await visit({ dark });
    const { page, served } = visited;
    for (
      const path of [...TABS, "/run?id=3", "/revision?id=D002", "/revision?id=D003", "/revision?id=D004", "/nothing"]
    ) {
      await page.goto(served.base + path);
      assert.deepEqual(await barriers(page), [], `${path} ${dark ? "dark" : "light"}`);
    }
    await page.keyboard.press("?");
    assert.deepEqual(await barriers(page), [], "the keys");
  }
});

testWith(
  ["chromium"],
  "page: with --allow-actions a walk is paused by its button, with the cookie of the first visit",
  async () => {
    await using visited = await visit({ args: ["--allow-actions"] });
    const { page, served, project, complaints } = visited;
    await page.goto(`${served.base}/?token=${served.token}`);
    assert.equal(page.url(), `${served.base}/`, "the token is not left in the address");
    const child = project.start(["upgrade", "D002"]);
    const status = child.status;
    await page.locator("[data-walk=D002]").waitFor({ timeout: 15_000 });
    await page.locator("[data-walk=D002] a").click();
    await page.getByRole("button", { name: "Pause it" }).click();
    await page.getByRole("button", { name: "Let it go on" }).waitFor({ timeout: 10_000 });
    await child.stdout.cancel();
    await child.stderr.cancel();
    assert.equal((await status).code, 124);
    await page.getByRole("button", { name: "Let it go on" }).click();
    await page.getByRole("button", { name: "Pause it" }).waitFor({ timeout: 10_000 });
    assert.match((await project.delembic(["log", "D002"])).out, /resumed[^]*paused/);
    assert.deepEqual(complaints, []);
  },
);

testWith(["chromium"], "page: on paper there is the text, and nothing to press", async () => {
  await using visited = await visit({ dark: true });
  const { page, served } = visited;
  await page.goto(`${served.base}/data`);
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.getByPlaceholder("Search").isVisible(), false);
  assert.equal(await page.locator("nav").first().isVisible(), false);
  assert.equal(await page.locator("tbody tr").first().isVisible(), true);
  assert.equal(await page.evaluate("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)");
  assert.equal(await page.evaluate("getComputedStyle(document.body).color"), "rgb(28, 33, 39)");
});

testWith(["chromium"], "page: what could not be shown is shown as soon as it can be", async () => {
  await using visited = await visit();
  const { page, served, project } = visited;
  const ini = `${project.folder}/delembic.ini`;
  await Deno.writeTextFile(ini, "[other]\n");
  await page.waitForTimeout(400);
  await page.goto(`${served.base}/data`);
  assert.match(await page.locator("main").innerText(), /There is nothing to show now\s+Section \[delembic\] not found/);
  await Deno.writeTextFile(ini, INI);
  await page.getByText("5 migrations").waitFor({ timeout: 10_000 });
});

testWith(["chromium"], "page: a large graph opens where something is to be done, and is moved and zoomed", async () => {
  const ids = Array.from({ length: 60 }, (_, at) => `D${at + 100}`);
  await using visited = await visit({
    files: Object.assign({}, ...ids.map((id, at) => sql(id, ids[at - 1] ?? "", "a step", "select 1;"))),
    prepare: async (project) => void await project.delembic(["upgrade", "+40"]),
  });
  const { page, served, complaints } = visited;
  await page.goto(`${served.base}/graph`);
  const isInSight = (id: string) =>
    page.evaluate(`(() => {
      const graph = document.querySelector("[data-graph]").getBoundingClientRect();
      const node = [...document.querySelectorAll(".dg-node")].find((node) => node.textContent.includes("${id}")).getBoundingClientRect();
      return node.top >= graph.top && node.bottom <= graph.bottom && node.left >= graph.left && node.right <= graph.right;
    })()`);
  assert.deepEqual([await isInSight("D100"), await isInSight("D140")], [false, true]);
  const graph = page.locator("[data-graph]");
  const top = () => graph.evaluate((element: unknown) => (element as { scrollTop: number }).scrollTop);
  const before = await top();
  const box = await graph.boundingBox();
  const [x, y] = [(box?.x ?? 0) + 20, (box?.y ?? 0) + 200];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x, y + 150, { steps: 5 });
  await page.mouse.up();
  assert.equal(before - await top(), 150);
  const width = async () => Number(await page.locator("[data-graph] svg").getAttribute("width"));
  const wide = await width();
  await page.getByRole("button", { name: "Larger" }).click();
  assert.ok(await width() > wide);
  await page.getByRole("button", { name: "Fit" }).click();
  assert.equal(await width(), wide);
  assert.deepEqual(complaints, []);
});
