import assert from "node:assert/strict";
import { absolutePath, shownPath } from "../../src/cli/paths.ts";

Deno.test("absolutePath() resolves a relative name and tidies it", () => {
  assert.equal(absolutePath("/app", "versions/./x/../D1.sql"), "/app/versions/D1.sql");
  assert.equal(absolutePath("/app", "/etc//x"), "/etc/x");
  assert.equal(absolutePath("/app", "../../../x"), "/x");
});

Deno.test("absolutePath() knows the names of Windows", () => {
  assert.equal(absolutePath("C:\\app", "versions\\D1.sql"), "C:/app/versions/D1.sql");
  assert.equal(absolutePath("/app", "D:\\x"), "D:/x");
});

Deno.test("shownPath() is relative to the working directory", () => {
  assert.equal(shownPath("/app", "/app/versions/D1.sql"), "versions/D1.sql");
  assert.equal(shownPath("/app/sub", "/app/versions/D1.sql"), "../versions/D1.sql");
  assert.equal(shownPath("/", "/app/x"), "app/x");
  assert.equal(shownPath("/app", "/app"), ".");
});

Deno.test("shownPath() is absolute when the way there is long", () => {
  assert.equal(shownPath("/a/b/c/d", "/x/y"), "/x/y");
  assert.equal(shownPath("C:/a", "D:/b"), "D:/b");
});
