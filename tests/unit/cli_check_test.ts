import { deepEqual } from "node:assert/strict";
import { call } from "./cli_recorder.ts";

Deno.test("check looks at the schema's changes or at what is pending, not at both", async () => {
  deepEqual(await call(["check", "--schema", "--allow-pending"]), {
    code: 2,
    out: "",
    err: "Error: Options '--schema' and '--allow-pending' exclude each other\n" +
      "Hint: With --schema no database is asked what is pending.\n",
  });
});
