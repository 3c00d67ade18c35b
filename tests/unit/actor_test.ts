import assert from "node:assert/strict";
import { actorOf } from "../../src/actor.ts";
import { recorder } from "./cli_recorder.ts";

Deno.test("actorOf() takes the first variable that is set, in Python's order", () => {
  const env = { LOGNAME: "", USERNAME: "dave", USER: "bob", LNAME: "carol" };
  assert.deepEqual(actorOf(recorder({ env })), { username: "bob", hostname: "build-7" });
  assert.equal(actorOf(recorder({ env: { ...env, LOGNAME: "alice" } })).username, "alice");
});

Deno.test("actorOf() asks the system's accounts without them, and names the number when there is none", () => {
  assert.equal(actorOf({ ...recorder(), uid: () => 4_000_000_000 }).username, "uid 4000000000");
  assert.equal(actorOf({ ...recorder(), uid: () => null }).username, "unknown");
  if (Deno.build.os === "linux") assert.equal(actorOf(recorder()).username, "root");
});
