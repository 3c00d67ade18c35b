import assert from "node:assert/strict";
import fc from "fast-check";
import { fileNameOf, nextRevisionId, slugOf } from "../../src/file_name.ts";

const NOW = new Date(2026, 0, 5, 7, 8, 9);

Deno.test("nextRevisionId() goes on from the highest number, with its prefix and its width", () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [[], "D001"],
    [["D001"], "D002"],
    [["D001", "D009", "D002"], "D010"],
    [["D999"], "D1000"],
    [["D1", "D2", "D10"], "D11"],
    [["M0007"], "M0008"],
    [["load-12"], "load-13"],
    [["0001", "0002"], "0003"],
    [["D001", "D002", "X9"], "D003"],
    [["567a8425324f", "head2head", "baseline"], "D001"],
    [["20260115103000"], "D001"],
  ];
  for (const [existing, next] of cases) assert.equal(nextRevisionId(existing, "sequential", NOW), next);
});

Deno.test("nextRevisionId() makes 12 hexadecimal digits, new ones each time", () => {
  const ids = Array.from({ length: 100 }, () => nextRevisionId([], "hex", NOW));
  assert.ok(ids.every((id) => /^[0-9a-f]{12}$/.test(id)));
  assert.equal(new Set(ids).size, ids.length);
});

Deno.test("nextRevisionId() makes timestamps in UTC, and takes the next second when one is taken", () => {
  const now = new Date(Date.UTC(2026, 0, 15, 10, 30, 59, 999));
  assert.equal(nextRevisionId([], "timestamp", now), "20260115103059");
  assert.equal(nextRevisionId(["20260115103059"], "timestamp", now), "20260115103100");
});

Deno.test("slugOf() is the Python tool's, but keeps letters that have accents", () => {
  const cases: Record<string, string> = {
    "load vocabulary": "load_vocabulary",
    "Load Person -- v2.0 (été)": "load_person_v2_0_ete",
    "ﬁne Ünï ①": "fine_uni_1",
    "__x__": "x",
    "日本語": "",
    "": "",
    "🎉 done": "done",
  };
  for (const [message, slug] of Object.entries(cases)) assert.equal(slugOf(message), slug);
});

Deno.test("fileNameOf() fills the template's fields as the Python tool does", () => {
  const parts = { revision: "D001", slug: "load_person", now: NOW, extension: "ts" } as const;
  const cases: Record<string, string> = {
    "%(revision)s_%(slug)s": "D001_load_person.ts",
    "%(year)s_%(month)s_%(day)s_%(hour)s%(minute)s%(second)s_%(revision)s_%(slug)s":
      "2026_01_05_070809_D001_load_person.ts",
    "%(year)d-%(month)d-%(day).2d-%(hour)02d-%(revision)s": "2026-1-05-07-D001.ts",
    "100%%_%(revision)s": "100%_D001.ts",
    "%%(year)s_%(revision)s": "%(year)s_D001.ts",
    "%(revision)s_%(slug).4s": "D001_load.ts",
    "%(month)2d%(day)-2d|%(revision)s": " 15 |D001.ts",
  };
  for (const [template, name] of Object.entries(cases)) assert.equal(fileNameOf(template, parts), name);
  assert.equal(fileNameOf("%(revision)s_%(slug)s", { ...parts, extension: "sql" }), "D001_load_person.sql");
});

Deno.test("fileNameOf() leaves no separator where the message gave no slug", () => {
  const parts = { revision: "D001", slug: "", now: NOW, extension: "ts" } as const;
  assert.equal(fileNameOf("%(revision)s_%(slug)s", parts), "D001.ts");
  assert.equal(fileNameOf("%(slug)s-%(revision)s", parts), "D001.ts");
  assert.equal(fileNameOf("%(revision)s-%(slug).40s", parts), "D001.ts");
  assert.equal(fileNameOf("%(revision)s_%(slug)s_%(year)s", parts), "D001_2026.ts");
});

Deno.test("fileNameOf() cuts a long slug at a word, so that the name has at most 100 bytes", () => {
  const name = fileNameOf("%(revision)s_%(slug)s", {
    revision: "D001",
    slug: slugOf("move every person ".repeat(20)),
    now: NOW,
    extension: "sql",
  });
  assert.equal(
    name,
    "D001_move_every_person_move_every_person_move_every_person_move_every_person_move_every_person.sql",
  );
  const one = fileNameOf("%(revision)s_%(slug)s", {
    revision: "D001",
    slug: "x".repeat(300),
    now: NOW,
    extension: "sql",
  });
  assert.equal(one, `D001_${"x".repeat(91)}.sql`);
  assert.equal(one.length, 100);
});

Deno.test("fileNameOf() gives a usable name for any message", () => {
  const message = fc.string({ unit: "binary", maxLength: 400 });
  fc.assert(fc.property(message, (text) => {
    const name = fileNameOf("%(revision)s_%(slug)s", {
      revision: "D001",
      slug: slugOf(text),
      now: NOW,
      extension: "ts",
    });
    assert.match(name, /^D001(?:_[a-z0-9]+)*\.ts$/);
    assert.ok(name.length <= 100);
  }));
});
