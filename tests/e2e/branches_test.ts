/** A graph with branches, as people work with it: targets along a branch, heads, branches, merge, ranges, new files. */

import assert from "node:assert/strict";
import { onEachDatabase, temporaryFolder } from "../support.ts";
import { testProject } from "../project.ts";
import { call } from "../unit/cli_recorder.ts";

const INI =
  "[delembic]\nscript_location = delembic\nsqlalchemy.url = sqlite:///app.db\nfilename_template = %(revision)s_%(slug)s\n";

function sql(revision: string, dependsOn = "", labels = "", work = ""): string {
  return `-- delembic revision: ${revision}
-- delembic depends_on: ${dependsOn}
-- delembic labels: ${labels}
-- delembic description: ${revision.toLowerCase()} work
-- delembic upgrade
${work}-- delembic downgrade
`;
}

/** D001, from which two branches come that D006 joins; and a line beside them. */
const FILES = {
  "D001.sql": sql("D001"),
  "D002.sql": sql("D002", "D001", "billing"),
  "D003.sql": sql("D003", "D001", "shop"),
  "D004.sql": sql("D004", "D002"),
  "D005.sql": sql("D005", "D003"),
  "D006.sql": sql("D006", "D004, D005"),
  "X001.sql": sql("X001", "", "other, beside"),
};

function timeless(text: string): string {
  return text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00:00/g, "TIME").replace(/\d+\.\d\ds/g, "0.00s");
}

async function project(files: Record<string, string> = FILES) {
  const folder = await temporaryFolder({
    "delembic.ini": INI,
    // an empty file is an empty database
    "app.db": "",
    "delembic/versions/.gitkeep": "",
    ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`delembic/versions/${name}`, text])),
  });
  return {
    ...folder,
    async run(...args: string[]) {
      const { code, out, err } = await call(args, { cwd: folder.path });
      return { code, out: timeless(out), err };
    },
    /** What was printed, of a command that succeeded. */
    async out(...args: string[]) {
      const { code, out, err } = await this.run(...args);
      assert.equal(code, 0, err);
      return out;
    },
    async json(...args: string[]) {
      return JSON.parse((await this.run(...args, "--json")).out);
    },
    read: (name: string) => Deno.readTextFile(`${folder.path}/delembic/versions/${name}`),
  };
}

onEachDatabase("upgrade and downgrade go along branches, and leave the others alone", async (kind) => {
  await using app = await testProject(kind, FILES);
  const applied = () => app.rows("select revision from delembic_version order by revision");
  const does = async (...args: string[]) => {
    const { code, err } = await app.delembic(args);
    assert.equal(code, 0, err);
    return (await applied()).join(" ");
  };
  assert.equal(await does("upgrade", "billing@head", "--dry-run").catch(() => "no table"), "no table");
  assert.equal(await does("upgrade", "billing"), "D001 D002");
  assert.equal(await does("upgrade", "shop@+1"), "D001 D002 D003");
  assert.equal(await does("upgrade", "D002+1"), "D001 D002 D003 D004");
  assert.equal(await does("stamp", "shop@D005"), "D001 D002 D003 D004 D005");
  assert.equal(await does("upgrade", "other@head"), "D001 D002 D003 D004 D005 X001");
  assert.equal(await does("upgrade"), "D001 D002 D003 D004 D005 D006 X001");
  assert.equal(await does("downgrade", "billing@D001"), "D001 D003 D005 X001");
  assert.equal(await does("downgrade", "other@base"), "D001 D003 D005");
  assert.equal(await does("downgrade", "shop@-1"), "D001 D003");
  assert.equal(await does("downgrade", "D003-1"), "D001");
  const forked = await app.delembic(["upgrade", "D001+1"]);
  assert.deepEqual([forked.code, forked.out], [2, ""]);
  assert.equal(
    forked.err,
    "Error: 'D001+1' could be any of 2 revisions: D002, D003\nHint: Name one of them.\n",
  );
});

Deno.test("heads tells the branches of each, and with -v its place", async () => {
  await using app = await project();
  assert.equal(await app.out("heads"), "D006 (billing, shop)  d006 work\nX001 (beside, other)  x001 work\n");
  const verbose = (await app.out("heads", "-v")).split("\n");
  assert.deepEqual(verbose.slice(0, 5), [
    "D006 (billing, shop)  d006 work",
    "  head; merge point; branch billing; branch shop",
    "  depends on D004, D005",
    "  delembic/versions/D006.sql",
    "X001 (beside, other)  x001 work",
  ]);
  assert.match(verbose[5] ?? "", /^ {2}head; branch beside, which begins here; branch other, which begins here$/);
  assert.deepEqual((await app.json("heads")).heads[0], {
    revision: "D006",
    description: "d006 work",
    file: "delembic/versions/D006.sql",
    dependsOn: ["D004", "D005"],
    labels: [],
    branches: ["billing", "shop"],
    head: true,
    branchPoint: false,
    mergePoint: true,
  });
});

Deno.test("branches shows where the graph forks", async () => {
  await using app = await project();
  assert.equal(
    await app.out("branches"),
    "D001  d001 work\n  -> D002 (billing)  d002 work\n  -> D003 (shop)  d003 work\n",
  );
  const { branches: [point, ...others] } = await app.json("branches");
  assert.deepEqual([point.revision, point.branchPoint, others], ["D001", true, []]);
  assert.deepEqual(point.into.map(({ revision }: { revision: string }) => revision), ["D002", "D003"]);
  await using line = await project({ "D001.sql": sql("D001"), "D002.sql": sql("D002", "D001") });
  assert.equal(await line.out("branches"), "No migration is needed by more than one other.\n");
});

Deno.test("history -r lists a part of the graph, from what is applied too", async () => {
  await using app = await project();
  const lines = async (...args: string[]) =>
    (await app.out("history", ...args)).split("\n").slice(0, -1)
      .map((line) => line.slice(10, 14)).join(" ");
  assert.equal(await lines("-r", "D002:D006"), "D002 D004 D006");
  assert.equal(await lines("-r", ":billing"), "D001 D002");
  assert.equal(await lines("-r", "other@base:"), "X001");
  assert.equal(await lines("--rev-range=-1:D005"), "D003 D005");
  await app.out("upgrade", "D003");
  assert.equal(await lines("-r", "current:"), "D003 D005 D006");
  assert.equal(await lines("-r", ":current"), "D001 D003");
  assert.equal(await lines("-r-1:current"), "D001 D003");
  assert.equal(await lines("-r", "-1:current"), "D001 D003");
  assert.deepEqual(await app.run("history", "-r", "D002"), {
    code: 2,
    out: "",
    err: "Error: Cannot understand the range 'D002'\n" +
      "Hint: A range is START:END, as in D002:D005, D002: or :head.\n",
  });
  assert.deepEqual(await app.run("history", "-r", "D006:D002"), {
    code: 2,
    out: "",
    err: "Error: D002 does not build on D006\nHint: A range goes from the older revision to the newer.\n",
  });
});

Deno.test("current --check-heads is 1 until every head is applied, and says which are not", async () => {
  await using app = await project();
  assert.deepEqual(await app.run("current", "--check-heads"), {
    code: 1,
    out: "No migrations applied yet.\n",
    err: "Error: D006, X001 are heads and are not applied\n",
  });
  await app.out("upgrade", "D006");
  assert.deepEqual(await app.run("current", "--check-heads"), {
    code: 1,
    out: "D006  (applied TIME)\n",
    err: "Error: X001 is a head and is not applied\n",
  });
  await app.out("upgrade");
  assert.deepEqual(await app.run("current", "--check-heads"), {
    code: 0,
    out: "D006  (applied TIME)\nX001  (applied TIME)\n",
    err: "",
  });
  assert.deepEqual((await app.json("current")).missingHeads, []);
  const verbose = await app.out("current", "-v");
  assert.match(
    verbose,
    /^D006 {2}\(applied TIME\)\n {2}d006 work\n {2}head; merge point; branch billing; branch shop$/m,
  );
});

Deno.test("show takes whatever names a revision, and several", async () => {
  await using app = await project();
  const shown = async (name: string) =>
    (await app.out("show", name)).split("\n").filter((line) => line.startsWith("Revision:"))
      .map((line) => line.replace("Revision:", "").trim()).join(" ");
  assert.equal(await shown("billing"), "D002");
  assert.equal(await shown("billing@head"), "D006");
  assert.equal(await shown("D004-1"), "D002");
  assert.equal(await shown("heads"), "D006 X001");
  assert.equal(await shown("bes"), "X001");
  assert.equal((await app.run("show", "current")).code, 2);
  await app.out("upgrade", "D003");
  assert.equal(await shown("current"), "D003");
  assert.match(await app.out("show", "D004"), /^Branches: +billing$/m);
  assert.match(await app.out("show", "D002"), /^Branches: +billing \(begins here\)$/m);
  const { migrations } = await app.json("show", "heads");
  assert.deepEqual(migrations.map(({ revision }: { revision: string }) => revision), ["D006", "X001"]);
  assert.deepEqual(await app.run("show", "base"), {
    code: 2,
    out: "",
    err: "Error: 'base' is before the first revision\nHint: Run 'delembic history' to see what there is.\n",
  });
});

Deno.test("verify, log and repair take labels and steps; a downgrade says why it undoes nothing", async () => {
  await using app = await project({ ...FILES, "D007.sql": sql("D007") });
  await app.out("upgrade");
  assert.equal(await app.out("verify", "D004-1"), "Without validate: D002\nVerified 0 migrations, 0 failed.\n");
  assert.match(await app.out("log", "billing"), / D002 +success/);
  assert.equal(await app.out("repair", "other@head"), "Nothing to repair.\n");
  assert.equal(
    await app.out("downgrade", "D007"),
    "Nothing to undo: nothing that is applied builds on D007.\n",
  );
  assert.equal(await app.out("downgrade", "D007-1"), "Undoing D007: d007 work\n  OK (0.00s)\n");
});

Deno.test("merge makes a migration that needs all heads, in TypeScript or SQL", async () => {
  await using app = await project();
  assert.equal(await app.out("merge", "-m", "one line again"), mergedLine("D007_one_line_again.ts", "D006, X001"));
  assert.equal(
    await app.read("D007_one_line_again.ts"),
    `import type { Migration } from "../delembic.d.ts";

/** Joins branches: what builds on it needs all of them. There is nothing to run. */
export default {
  revision: "D007",
  dependsOn: ["D006", "X001"],
  description: "one line again",

  upgrade() {},
  downgrade() {},
} satisfies Migration;
`,
  );
  assert.equal(await app.out("heads"), "D007 (beside, billing, other, shop)  one line again\n");
  assert.deepEqual(await app.run("merge", "-m", "again"), {
    code: 2,
    out: "",
    err: "Error: There is only D007 to join\nHint: The graph has one head: build on that.\n",
  });
  assert.equal((await app.run("upgrade")).code, 0);
  assert.equal(await app.out("current"), "D007  (applied TIME)\n");
  assert.equal((await app.run("downgrade", "-1")).code, 0);
});

Deno.test("merge joins the revisions that are named, also in SQL", async () => {
  const { "D006.sql": _, ...forked } = FILES;
  await using app = await project(forked);
  const made = await app.out("merge", "-m", "sales", "--sql", "--rev-id", "M1", "billing@head", "D005");
  assert.equal(made, mergedLine("M1_sales.sql", "D004, D005"));
  assert.equal(await app.out("heads"), "M1 (billing, shop)    sales\nX001 (beside, other)  x001 work\n");
  assert.equal((await app.run("upgrade", "M1")).code, 0);
});

function mergedLine(file: string, joined: string): string {
  return `Created delembic/versions/${file}, which joins ${joined}\n`;
}

Deno.test("revision builds on a head that is named, and begins branches", async () => {
  await using app = await project({ "D001.sql": sql("D001"), "D002.sql": sql("D002", "D001") });
  await app.out("revision", "-m", "invoices", "--head", "D002", "--label", "billing");
  assert.match(await app.read("D003_invoices.ts"), /^ {2}dependsOn: \["D002"\],\n {2}labels: \["billing"\],\n/m);
  await app.out("revision", "--sql", "-m", "aside", "--head", "base", "--branch-label", "other");
  assert.match(await app.read("D004_aside.sql"), /^-- delembic depends_on:\n-- delembic labels: other\n/m);
  await app.out("revision", "--sql", "-m", "more", "--head", "billing@head");
  assert.match(await app.read("D005_more.sql"), /^-- delembic depends_on: D003\n-- delembic description: more$/m);
  assert.deepEqual(await app.run("revision", "-m", "x", "--head", "D002"), {
    code: 2,
    out: "",
    err: "Error: Revision D002 is no head: D003 builds on it\n" +
      "Hint: Add --splice to begin a branch there, or name a head; 'delembic heads' lists them.\n",
  });
  await app.out("revision", "--sql", "-m", "spliced", "--head", "D002", "--splice");
  assert.match(await app.read("D006_spliced.sql"), /^-- delembic depends_on: D002$/m);
  const refused: [string, string][] = [
    ["billing", "Error: Label billing is there already: it is of D003\n"],
    ["D001", "Error: Label D001 is a revision\nHint: Choose another label.\n"],
    ["head", "Error: Label 'head' cannot be 'head', which means something on the command line\n"],
  ];
  for (const [label, err] of refused) {
    assert.deepEqual(await app.run("revision", "-m", "x", "--label", label), { code: 2, out: "", err });
  }
});

Deno.test("a label that two migrations have stops every run, with both places", async () => {
  await using app = await project({ "D001.sql": sql("D001", "", "shop"), "D002.sql": sql("D002", "", "shop") });
  const { code, err } = await app.run("upgrade");
  assert.equal(code, 2);
  assert.match(err, /^Error: The label 'shop' of D002 is a label of D001 \(delembic\/versions\/D001\.sql:3\)$/m);
  assert.match(err, /delembic\/versions\/D002\.sql:3/);
});

Deno.test("a dependency on a label is told as that", async () => {
  await using app = await project({ "D001.sql": sql("D001", "", "shop"), "D002.sql": sql("D002", "shop") });
  const { code, err } = await app.run("upgrade");
  assert.equal(code, 2);
  assert.match(err, /^Hint: 'shop' is a label\. Did you mean D001\? /m);
});
