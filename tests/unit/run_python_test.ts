import { equal } from "node:assert/strict";
import { withNames } from "../../src/run_python.ts";

Deno.test("statements of the ledger get SQLAlchemy's names for their parameters, on each database", () => {
  equal(
    withNames("select a from t where b = $1 and c = $2 and d = $1"),
    "select a from t where b = :p1 and c = :p2 and d = :p1",
  );
  equal(withNames("insert into t values (?, ?)"), "insert into t values (:p1, :p2)");
});

Deno.test("colons of casts and texts are none of a name; what is quoted stays", () => {
  equal(withNames("select $1::float8, ?"), "select :p1\\:\\:float8, :p1");
  equal(withNames("select 'what? it''s 12:30 $1', ?"), "select 'what? it''s 12\\:30 $1', :p1");
});
