import assert from "node:assert/strict";
import { testProject } from "../project.ts";
import { onEachDatabase } from "../support.ts";

/** Fills `country` from a data file, whatever was there before. */
const COUNTRIES = `export default {
  revision: "R001",
  description: "countries",
  dependsOn: "D001",
  repeatable: true,
  data: "data/countries.txt",
  async upgrade({ sql }) {
    const text = await Deno.readTextFile(new URL("../data/countries.txt", import.meta.url));
    await sql\`delete from country\`;
    for (const name of text.trim().split("\\n")) await sql\`insert into country values (\${name})\`;
    await sql\`update counter set n = n + 1\`;
  },
  async downgrade({ sql }) { await sql\`delete from country\`; },
};
`;

const FILES = {
  "D001.sql": `-- delembic revision: D001
-- delembic upgrade
create table country (name varchar(20));
create table counter (n int);
insert into counter values (0);
`,
  "R001.js": COUNTRIES,
  "D002.sql": `-- delembic revision: D002
-- delembic depends_on: R001
-- delembic upgrade
update counter set n = n + 100;
-- delembic downgrade
update counter set n = n - 100;
`,
  "/delembic/data/countries.txt": "Chad\nPeru\n",
};

onEachDatabase(
  "a repeatable migration runs again when its data changes, and nothing that depends on it does",
  async (kind) => {
    await using project = await testProject(kind, FILES);
    const first = await project.delembic(["upgrade"]);
    assert.equal(first.code, 0, first.err);
    assert.deepEqual(await project.rows("select n from counter"), ["101"]);
    assert.equal((await project.delembic(["upgrade"])).out, "Already up to date.\n");
    assert.equal((await project.delembic(["check"])).code, 0);

    await project.write({ "/delembic/data/countries.txt": "Chad\nPeru\nOman\n" });
    assert.equal(
      (await project.delembic(["history"])).out,
      "applied   D001\npending   R001  countries\napplied   D002\n",
    );
    const check = await project.delembic(["check"]);
    assert.equal(check.code, 1);
    assert.match(
      check.out,
      /Migration R001 was changed after it was applied, and is to be applied again \(delembic\/versions\/R001\.js\)\./,
    );
    const dry = await project.delembic(["upgrade", "--dry-run"]);
    assert.match(dry.out, /R001/);
    assert.doesNotMatch(dry.out, /D002/);
    assert.equal((await project.delembic(["upgrade", "D001"])).out, "Already up to date.\n");

    const second = await project.delembic(["upgrade", "+1"]);
    assert.equal(second.code, 0, second.err);
    assert.match(second.out, /^Running R001: countries\n {2}OK \([\d.]+s\)\n$/);
    assert.deepEqual(await project.rows("select name from country order by name"), ["Chad", "Oman", "Peru"]);
    assert.deepEqual(await project.rows("select n from counter"), ["102"]);
    assert.deepEqual(
      await project.rows("select count(*) from delembic_version where revision = 'R001' and status = 'success'"),
      ["1"],
    );
    const { runs } = JSON.parse((await project.delembic(["log", "R001", "--json"])).out);
    assert.deepEqual(runs.map(({ status }: { status: string }) => status), ["success", "success"]);
    assert.equal((await project.delembic(["upgrade"])).out, "Already up to date.\n");
    assert.equal(
      (await project.delembic(["history"])).out,
      "applied   D001\napplied   R001  countries\napplied   D002\n",
    );
  },
);

onEachDatabase(
  "a repeatable migration that fails the second time stays applied as it was, and is tried again",
  async (kind) => {
    await using project = await testProject(kind, FILES);
    assert.equal((await project.delembic(["upgrade"])).code, 0);
    await project.write({
      "R001.js": COUNTRIES.replace("  async downgrade", "  validate: () => false,\n  async downgrade"),
    });
    const failed = await project.delembic(["upgrade"]);
    assert.equal(failed.code, 1);
    assert.match(failed.err, /FAILED: validate\(\) returned false/);
    assert.deepEqual(await project.rows("select n from counter"), ["101"]);
    assert.match((await project.delembic(["current"])).out, /^D002 /);
    assert.match((await project.delembic(["history"])).out, /^pending {3}R001/m);
    assert.match((await project.delembic(["show", "R001"])).out, /Last error:\n.*validate\(\) returned false/s);
    await project.write({ "R001.js": `${COUNTRIES}// better\n` });
    assert.equal((await project.delembic(["upgrade"])).code, 0);
    assert.deepEqual(await project.rows("select n from counter"), ["102"]);
  },
);

onEachDatabase("a repeatable migration that is out of date can be stamped, and undone as any other", async (kind) => {
  await using project = await testProject(kind, FILES);
  assert.equal((await project.delembic(["upgrade"])).code, 0);
  await project.write({ "R001.js": `${COUNTRIES}// another comment\n` });
  assert.equal((await project.delembic(["repair"])).code, 0);
  assert.match((await project.delembic(["history"])).out, /^pending {3}R001/m);
  const stamped = await project.delembic(["stamp", "R001"]);
  assert.equal(stamped.code, 0, stamped.err);
  assert.equal((await project.delembic(["upgrade"])).out, "Already up to date.\n");
  await project.write({ "R001.js": `${COUNTRIES}// yet another\n` });
  const down = await project.delembic(["downgrade", "D001"]);
  assert.equal(down.code, 0, down.err);
  assert.deepEqual(await project.rows("select count(*) from country"), ["0"]);
  assert.equal(
    (await project.delembic(["history"])).out,
    "applied   D001\npending   R001  countries\npending   D002\n",
  );
});

onEachDatabase("data that is not there stops the migration that is to run, and no other", async (kind) => {
  await using project = await testProject(kind, FILES);
  await Deno.remove(`${project.folder}/delembic/data/countries.txt`);
  const refused = await project.delembic(["upgrade"]);
  assert.equal(refused.code, 2);
  assert.match(refused.err, /Cannot read the data file data\/countries\.txt: /);
  assert.equal((await project.delembic(["upgrade", "D001"])).code, 0);
  await project.write({ "/delembic/data/countries.txt": "Chad\n" });
  assert.equal((await project.delembic(["upgrade"])).code, 0);
  await project.write({ "R001.js": COUNTRIES.replace("  repeatable: true,\n", "") });
  await Deno.remove(`${project.folder}/delembic/data/countries.txt`);
  const later = await project.delembic(["upgrade"]);
  assert.deepEqual([later.code, later.out], [0, "Already up to date.\n"]);
  assert.match(later.err, /Migration R001 was changed after it was applied/);
});
