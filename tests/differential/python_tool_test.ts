/** One database used by the Python tool, delembic 1.2.0, and by us in turn. */

import assert from "node:assert/strict";
import { type Kind, type Ran, run, testWith } from "../support.ts";
import { outside } from "../support.ts";
import { type TestProject, testProject } from "../project.ts";

/** The Python tool's project lies in a folder of its own beside ours: the same revisions, written in its language. */
async function bothTools(kind: Kind): Promise<{ project: TestProject; python: (...args: string[]) => Promise<Ran> }> {
  const project = await testProject(kind);
  await project.write({
    "/python/delembic.ini": `[delembic]\nscript_location = delembic\nsqlalchemy.url = ${project.db.pythonUrl}\n`,
    "/python/delembic/env.py": "",
    ...Object.fromEntries(
      ["D001", "D002", "D003", "D004"].flatMap((id, index) => [
        [`/python/delembic/versions/${id}.py`, pythonMigration(id, index)],
        [`${id}.sql`, sqlMigration(id, index)],
      ]),
    ),
  });
  const program = (outside.python ?? "").replace(/python[\d.]*$/, "delembic");
  return {
    project,
    python: (...args) => run(program, args, { cwd: `${project.folder}/python` }),
  };
}

function statement(index: number): string {
  return index === 0 ? "create table seen (id varchar(10) primary key)" : `insert into seen values ('D00${index + 1}')`;
}

function pythonMigration(id: string, index: number): string {
  return `from delembic import DataMigration
from sqlalchemy import text

class M(DataMigration):
    revision = "${id}"
    depends_on = [${index === 0 ? "" : `"D00${index}"`}]
    description = "step ${id}"

    def upgrade(self, conn):
        conn.execute(text("${statement(index)}"))
`;
}

function sqlMigration(id: string, index: number): string {
  return `-- delembic revision: ${id}
-- delembic description: step ${id}
${index === 0 ? "" : `-- delembic depends_on: D00${index}\n`}-- delembic upgrade
${statement(index)};
`;
}

/** `D002  (applied 2026-…)` with the time to the microsecond, whether or not the offset is written. */
function sameMoment(text: string): string {
  return text.replace("+00:00)", ")").trim();
}

for (const kind of ["sqlite", "postgresql"] as const) {
  testWith(
    kind === "sqlite" ? ["python"] : ["python", "postgres"],
    `${kind}: the Python tool and we take turns; each sees what the other applied`,
    async () => {
      const { project, python } = await bothTools(kind);
      await using _ = project;
      const steps: [string, () => Promise<Ran>][] = [
        ["D001", () => python("upgrade", "D001")],
        ["D002", () => project.delembic(["upgrade", "D002"])],
        ["D003", () => python("upgrade", "D003")],
        ["D004", () => project.delembic(["upgrade", "head"])],
      ];
      for (const [id, step] of steps) {
        const { code, out, err } = await step();
        assert.equal(code, 0, out + err);
        assert.match(out, new RegExp(`^Running ${id}: step ${id}\\n {2}OK \\(\\d+\\.\\d\\ds\\)\\n$`));
        await agree(project, python);
      }
      for (const ran of [await python("upgrade"), await project.delembic(["upgrade"])]) {
        assert.equal(ran.out, "Already up to date.\n");
      }
      assert.deepEqual(await project.rows("select id from seen order by id"), ["D002", "D003", "D004"]);
      const runs = await project.rows(
        "select revision, status, exception, username from delembic_run_history order by id",
      );
      assert.deepEqual(
        runs.map((row) => row.split(" | ").slice(0, 3)),
        ["D001", "D002", "D003", "D004"].map((id) => [id, "success", "NULL"]),
      );
      assert.equal(new Set(runs.map((row) => row.split(" | ")[3])).size, 1, "both name the same user");
    },
  );

  testWith(
    kind === "sqlite" ? ["python"] : ["python", "postgres"],
    `${kind}: tables that we created first serve the Python tool, a failure of ours is a failure there`,
    async () => {
      const { project, python } = await bothTools(kind);
      await using _ = project;
      await project.write({ "D002.sql": sqlMigration("D002", 1).replace("insert into seen", "insert into nosuch") });
      const failed = await project.delembic(["upgrade"]);
      assert.equal(failed.code, 1, failed.out + failed.err);
      const history = await python("history");
      assert.equal(
        history.out,
        "applied   D001  step D001\nfailed    D002  step D002\npending   D003  step D003\npending   D004  step D004\n",
      );
      const data = await servedData(project);
      assert.match(data, /"status": "failed"/);
      const went = await python("upgrade");
      assert.equal(went.code, 0, went.out + went.err);
      await project.write({ "D002.sql": sqlMigration("D002", 1) });
      await agree(project, python);
    },
  );

  testWith(
    kind === "sqlite" ? ["python"] : ["python", "postgres"],
    `${kind}: the tables that we create are the very tables of the Python tool`,
    async () => {
      const schemas: string[] = [];
      for (const who of ["python", "we"] as const) {
        const { project, python } = await bothTools(kind);
        await using _ = project;
        const { code, out, err } = await (who === "python" ? python("current") : project.delembic(["upgrade", "D001"]));
        assert.equal(code, 0, out + err);
        const text = await project.rows(
          kind === "sqlite"
            ? "select name, sql from sqlite_master where name in ('delembic_version', 'delembic_run_history') order by name"
            : `select table_name, column_name, data_type, is_nullable, column_default, datetime_precision
                 from information_schema.columns where table_name in ('delembic_version', 'delembic_run_history')
                 order by table_name, ordinal_position`,
        );
        schemas.push(text.map((line) => line.replace(/\s+/g, " ")).join("\n"));
      }
      assert.equal(schemas[1], schemas[0]);
    },
  );
}

/** `current` and `history` of both tools say the same. */
async function agree(project: TestProject, python: (...args: string[]) => Promise<Ran>): Promise<void> {
  const [theirs, ours] = [await python("current"), await project.delembic(["current"])];
  assert.equal(sameMoment(ours.out), sameMoment(theirs.out));
  assert.equal((await project.delembic(["history"])).out, (await python("history")).out);
}

/** What the Python tool's page would show: it reads every row of both tables. */
async function servedData(project: TestProject): Promise<string> {
  const code = `
import json
from pathlib import Path
from delembic.config import find_config
from delembic.server import collect_data
print(json.dumps(collect_data(find_config(Path("delembic.ini")))))
`;
  const { out, err } = await run(outside.python ?? "", ["-c", code], { cwd: `${project.folder}/python` });
  assert.notEqual(out, "", err);
  return out;
}
