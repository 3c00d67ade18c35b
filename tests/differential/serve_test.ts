/** `/api/data` of the Python tool's page and of ours, on one project and one database. */

import assert from "node:assert/strict";
import { type TestProject, testProject } from "../project.ts";
import { outside, run, testWith } from "../support.ts";
import { serve } from "../e2e/web_ground.ts";

const migration = (id: string, needs: string, body: string) =>
  `from delembic import DataMigration
from sqlalchemy import text

class M(DataMigration):
    revision = "${id}"
    depends_on = [${needs}]
    description = "step ${id}"

    def upgrade(self, conn):
        ${body}
`;

const script = (id: string, down: string) =>
  `"""schema ${id}"""
revision = "${id}"
down_revision = ${down}
branch_labels = None
depends_on = None
def upgrade(): pass
def downgrade(): pass
`;

const FILES = {
  "/alembic.ini": "[alembic]\nscript_location = migrations\n",
  "/migrations/env.py": `from alembic import context
from sqlalchemy import create_engine, pool
import os
engine = create_engine(os.environ["DELEMBIC_TEST_PYTHON_URL"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
`,
  "/migrations/script.py.mako": "",
  "/migrations/versions/a.py": script("aaaa1111", "None"),
  "/migrations/versions/b.py": script("bbbb2222", '"aaaa1111"'),
  "D001.py": migration("D001", '"aaaa1111"', 'conn.execute(text("select 1"))'),
  "D002.py": migration("D002", '"D001"', 'raise RuntimeError("boom in upgrade")'),
  "D003.py": migration("D003", '"D002", "bbbb2222"', "pass"),
};

interface PythonData {
  readonly alembic: readonly Record<string, unknown>[];
  readonly delembic: readonly Record<string, unknown>[];
  readonly meta: { readonly errors: readonly string[] };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** What the Python tool's page says. */
async function pythonData(project: TestProject): Promise<PythonData> {
  const port = freePort();
  const child = new Deno.Command((outside.python ?? "").replace(/python[\d.]*$/, "delembic"), {
    args: ["serve", "--no-browser", "--port", String(port)],
    cwd: project.folder,
    env: { DELEMBIC_TEST_PYTHON_URL: project.db.pythonUrl },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    for (let tries = 0;; tries++) {
      try {
        return await (await fetch(`http://127.0.0.1:${port}/api/data`)).json();
      } catch (error) {
        if (tries > 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
}

for (const kind of ["sqlite", "postgresql"] as const) {
  testWith(
    kind === "sqlite" ? ["python"] : ["python", "postgres"],
    `${kind}: /api/data says what the Python tool's page says, and the offset of its moments`,
    async () => {
      await using project = await testProject(kind, FILES);
      await project.write({
        "/delembic.ini":
          `[delembic]\nscript_location = delembic\nsqlalchemy.url = ${project.db.pythonUrl}\nalembic_config = alembic.ini\n`,
        "/delembic/env.py": "",
      });
      const env = { DELEMBIC_TEST_PYTHON_URL: project.db.pythonUrl };
      const python = outside.python ?? "";
      const schema = await run(python, ["-m", "alembic", "upgrade", "aaaa1111"], { cwd: project.folder, env });
      assert.equal(schema.code, 0, schema.err);
      const ran = await run(python.replace(/python[\d.]*$/, "delembic"), ["upgrade"], { cwd: project.folder, env });
      assert.equal(ran.code, 1, ran.out);

      const theirs = await pythonData(project);
      await using served = await serve(project);
      const ours = JSON.parse(await served.page("/api/data"));
      assert.deepEqual(ours.alembic, theirs.alembic);
      assert.deepEqual(ours.delembic.map(asTheirs), theirs.delembic.map(asTheirs));
      assert.deepEqual(ours.meta.errors, theirs.meta.errors);
      assert.equal(ours.delembic[1].exception.includes("boom in upgrade"), true);
    },
  );
}

/** The members that both have; moments in UTC, whether or not they say so, and numbers as far as both have them. */
function asTheirs({ state: _, file: __, ...member }: Record<string, unknown>): Record<string, unknown> {
  const { applied_at, execution_time_seconds } = member;
  return {
    ...member,
    applied_at: applied_at === null ? null : `${String(applied_at).replace(/\+00:00$/, "")}Z`,
    execution_time_seconds: execution_time_seconds === null ? null : Number(execution_time_seconds).toFixed(9),
  };
}
