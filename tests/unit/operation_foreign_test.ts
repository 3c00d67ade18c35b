/** Operations that a script hands on to something else: what is not seen of them has to be told. */

import { deepEqual } from "node:assert/strict";
import { readOperations } from "../../src/alembic/operation_reader.ts";

function unreadIn(lines: readonly string[]): string[] {
  const source = `from alembic import op\n\ndef upgrade():\n${lines.map((line) => `    ${line}\n`).join("")}`;
  const script = { source, file: "a.py", dialect: "sqlite", imported: () => undefined } as const;
  return readOperations(script).operations.flatMap((found) => found.kind === "unread" ? [found.what] : []);
}

Deno.test("operations that something else is to call are told as not read", () => {
  const lines = [
    '(lambda: op.drop_table("a"))()',
    'getattr(op, "drop_table")("b")',
    'list(map(op.drop_table, ["c"]))',
    'partial(op.drop_table, "d")()',
    "metadata.drop_all(bind)",
  ];
  deepEqual(unreadIn(lines), lines);
});

Deno.test("what only looks at the database or at names is not", () => {
  deepEqual(
    unreadIn(["inspect(op.get_bind()).get_columns('a')", "print(op.get_context().dialect)", "names.append(op.f('x'))"]),
    [],
  );
});
