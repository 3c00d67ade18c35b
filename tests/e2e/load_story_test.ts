/** What show and log tell of the loads of a migration. */

import assert from "node:assert/strict";
import { testProject } from "../project.ts";
import { onEachDatabase } from "../support.ts";

const LOADING = `export default {
  revision: "D001",
  async upgrade({ load }) {
    await load("person", "data/people.csv", { onBadRow: "collect" });
    await load("person", [{ id: 7, name: "Grace" }]);
  },
};
`;

onEachDatabase("show and log tell what a migration loaded", async (kind) => {
  await using project = await testProject(kind, {
    "D001.js": LOADING,
    "/delembic/data/people.csv": "id,name\n1,Ada\n2,Alan\nthree,Edsger\n",
  });
  await project.execute(
    "create table person (id integer primary key, name varchar(40))",
    "insert into person values (9, 'x')",
  );
  const { code, err } = await project.delembic(["upgrade"]);
  assert.equal(code, 0, err);
  const { loads } = JSON.parse((await project.delembic(["show", "D001", "--json"])).out);
  assert.deepEqual(
    loads.map(({ durationSeconds, ...load }: { durationSeconds: number }) => (durationSeconds > 0) && load),
    [
      {
        table: "person",
        source: "delembic/data/people.csv",
        read: 3,
        loaded: 2,
        skipped: 0,
        rejected: 1,
        before: { rows: 1, exact: true },
        after: { rows: 3, exact: true },
      },
      {
        table: "person",
        source: "the given rows",
        read: 1,
        loaded: 1,
        skipped: 0,
        rejected: 0,
        before: { rows: 3, exact: true },
        after: { rows: 4, exact: true },
      },
    ],
  );
  const { out } = await project.delembic(["log", "D001"]);
  assert.match(out, /\n\nLoads:\n {2}TABLE +FROM +READ +LOADED +LEFT OUT +REJECTED +BEFORE +AFTER +TOOK +ROWS\/S\n/);
  assert.match(out, /^ {2}person +delembic\/data\/people\.csv +3 +2 +0 +1 +1 +3 +\d+\.\d\ds +[\d,.]+$/m);
});
