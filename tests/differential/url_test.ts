import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDatabaseUrl } from "../../src/url.ts";
import { outside, run, testWith } from "../support.ts";

const URLS = 3_000;

// encoded by the one who writes the URL, or plain where SQLAlchemy too reads it in one way only
const text = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }).filter((text) => text.isWellFormed()).map(
    encodeURIComponent,
  ),
  fc.stringMatching(/^[a-z0-9!$*+.~_-]{1,8}$/),
);
// `?a=` could begin the options: such a URL is refused as readable in two ways
const rawPassword = fc.stringMatching(/^[a-zA-Z0-9!$*+.~_/?#:%&=-]{1,8}$/)
  .filter((text) => !/%[0-9a-fA-F]{2}|\?.*=/.test(text));
const login = fc.oneof(
  fc.constant(""),
  text.map((user) => `${user}@`),
  fc.tuple(text, fc.oneof(text, rawPassword)).map(([user, password]) => `${user}:${password}@`),
);
const address = fc.tuple(
  fc.constantFrom("localhost", "db.example.org", "10.0.0.1", "[::1]", "[2001:db8::7]", "under_score"),
  fc.oneof(fc.constant(""), fc.integer({ min: 1, max: 65_535 }).map((port) => `:${port}`)),
  fc.oneof(fc.constant(""), fc.constant("/"), text.map((database) => `/${database}`)),
  fc.constantFrom("", "?", "?charset=utf8mb4", "?application_name=a%20b&connect_timeout=3"),
).map((parts) => parts.join(""));
const url = fc.tuple(fc.constantFrom("postgresql+psycopg", "postgresql", "mysql+pymysql"), login, address)
  .map(([scheme, login, address]) => `${scheme}://${login}${address}`);

testWith(["python"], "parseDatabaseUrl() reads 3,000 generated URLs as SQLAlchemy does", async () => {
  const seed = Number(Deno.env.get("DELEMBIC_TEST_SEED") ?? Date.now() % 2 ** 31);
  const urls = fc.sample(url, { numRuns: URLS, seed });
  const answer = await run(outside.python ?? "", [new URL("url.py", import.meta.url).pathname], {
    stdin: JSON.stringify(urls),
    env: { PYTHONIOENCODING: "utf-8" },
  });
  assert.equal(answer.code, 0, answer.err);
  const expected = JSON.parse(answer.out) as Record<string, unknown>[];
  urls.forEach((url, index) => assert.deepEqual(partsOf(url), expected[index], `seed ${seed}, URL ${index}: ${url}`));
});

function partsOf(url: string): Record<string, unknown> {
  const { target } = parseDatabaseUrl(url, { relativeTo: "/" });
  assert.ok(target.dialect !== "sqlite");
  const { dialect, user, password, host, port, database } = target;
  const written = url.includes(`:${port}`) || url.includes(`:0${port}`);
  return {
    scheme: dialect,
    user: user ?? null,
    password: password ?? null,
    host,
    port: written ? port : null,
    database: database ?? null,
  };
}
