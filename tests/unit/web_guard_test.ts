import assert from "node:assert/strict";
import fc from "fast-check";
import { type Guard, isLoopback, refusedHost, refusedOrigin } from "../../src/web/guard.ts";
import { htmlTag, trusted } from "../../src/web/html.ts";
import { errorLine } from "../../src/web/pieces.ts";
import { headline } from "../../src/web/overview_page.ts";
import { cookieOf, Token } from "../../src/web/token.ts";
import type { HistoryEntry, MigrationState } from "../../src/state.ts";

function asking(headers: Record<string, string>): Request {
  return new Request("http://localhost/", { headers });
}

function statusOf(host: string, guard: Partial<Guard> = {}): number | undefined {
  const whole = { host: "127.0.0.1", machine: "build-7", token: undefined, ...guard };
  // `Request` lets nobody set Host
  const request = { headers: new Headers({ host }) } as Request;
  return refusedHost(request, whole)?.status;
}

Deno.test("isLoopback() knows this machine's own addresses", () => {
  for (const host of ["localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"]) {
    assert.equal(isLoopback(host), true, host);
  }
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "localhost.example", "127.0.0.1.example"]) {
    assert.equal(isLoopback(host), false, host);
  }
});

Deno.test("refusedHost() answers on loopback to its own names alone", () => {
  for (const host of ["localhost", "localhost:8800", "127.0.0.1:1", "[::1]:8800"]) {
    assert.equal(statusOf(host), undefined);
  }
  for (const host of ["build-7", "example.org", "192.168.1.7", "localhost.example.org"]) {
    assert.equal(statusOf(host), 403);
  }
  for (const host of ["a/b", "user@localhost", "[::1", "a b"]) assert.equal(statusOf(host), 400, host);
});

Deno.test("refusedHost() answers on other hosts to addresses, the machine's name, and the name that was given", () => {
  for (const host of ["192.168.1.7:8800", "[fe80::1]", "BUILD-7", "localhost"]) {
    assert.equal(statusOf(host, { host: "0.0.0.0" }), undefined, host);
  }
  assert.equal(statusOf("evil.example", { host: "0.0.0.0" }), 403);
  assert.equal(statusOf("delembic.example.org", { host: "delembic.example.org" }), undefined);
});

Deno.test("refusedOrigin() lets the page itself ask, and programs, and nobody else", () => {
  const from = (headers: Record<string, string>) =>
    refusedOrigin({ headers: new Headers({ host: "localhost:8800", ...headers }) } as Request)?.status;
  assert.equal(from({}), undefined);
  assert.equal(from({ origin: "http://localhost:8800", "sec-fetch-site": "same-origin" }), undefined);
  assert.equal(from({ origin: "http://localhost:9900" }), 403);
  assert.equal(from({ origin: "null" }), 403);
  assert.equal(from({ "sec-fetch-site": "same-site" }), 403);
  assert.equal(from({ "sec-fetch-site": "none" }), 403);
});

Deno.test("Token fits itself alone, and its cookie is something else", async () => {
  const text = Token.random();
  assert.match(text, /^[A-Za-z0-9_-]{24}$/);
  assert.notEqual(text, Token.random());
  const token = await Token.of(text, 8800);
  assert.equal(await token.fits(text), true);
  for (const other of ["", text.slice(1), `${text}x`, text.toUpperCase()]) {
    assert.equal(await token.fits(other), false, other);
  }
  const [cookie = ""] = token.setCookie.split(";");
  assert.equal(await token.isShownBy(asking({ cookie })), true);
  assert.equal(await token.isShownBy(asking({ cookie: cookie.replace("8800", "8801") })), false);
  assert.equal(await token.isShownBy(asking({ cookie: `delembic_8800=${text}` })), false);
  assert.equal(await token.isShownBy(asking({ authorization: `Bearer ${text}` })), true);
  assert.equal(await token.isShownBy(asking({ authorization: `Bearer wrong`, cookie })), false);
  assert.equal(await token.isShownBy(asking({})), false);
});

Deno.test("cookieOf() finds a cookie among others", () => {
  const headers = new Headers({ cookie: "a=1; b = 2=3 ;c" });
  assert.deepEqual(["a", "b", "c", "d"].map((name) => cookieOf(headers, name)), ["1", "2=3", undefined, undefined]);
});

Deno.test("htmlTag() escapes each value, takes out secrets, and shows what hides", () => {
  const markup = htmlTag((text) => text.replaceAll("secret", "***"));
  const name = `<b>"'&</b> secret \u202eabc\x1b[0m\ud800\uffff`;
  assert.equal(
    String(markup`<p title="${name}">${name}</p>`),
    `<p title="&lt;b&gt;&quot;&#39;&amp;&lt;/b&gt; *** \\u202eabc\\x1b[0m\ufffd\ufffd">` +
      `&lt;b&gt;&quot;&#39;&amp;&lt;/b&gt; *** \\u202eabc\\x1b[0m\ufffd\ufffd</p>`,
  );
  assert.equal(
    String(markup`${["a<", markup`<i>${1}</i>`, [undefined, null, false, 0]]}${trusted("<hr>")}`),
    "a&lt;<i>1</i>0<hr>",
  );
  assert.equal(String(markup`${"one\r\ntwo\n\tthree\r"}`), "one\ntwo\n\tthree\\r");
});

Deno.test("htmlTag() lets no text be more than a text", () => {
  const markup = htmlTag((text) => text);
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const shown = String(markup`<p title="${text}">${text}</p>`);
    assert.match(shown, /^<p title="[^"<>]*">[^<>"]*<\/p>$/);
    assert.ok(shown.isWellFormed());
  }));
});

Deno.test("errorLine() finds the line that says what it is, in our errors and in Python's", () => {
  assert.equal(errorLine("Error: boom\n    at upgrade (file:///x.ts:1:1)\n"), "Error: boom");
  assert.equal(
    errorLine('Traceback (most recent call last):\n  File "x.py", line 1\n    raise\nRuntimeError: boom\n'),
    "RuntimeError: boom",
  );
  assert.equal(errorLine("\n\n"), "");
});

Deno.test("headline() is one sentence for any state of things", () => {
  const entry = (status: MigrationState): HistoryEntry => ({
    revision: "D",
    status,
    migration: undefined,
    record: undefined,
  });
  assert.equal(headline([], 0), "There are no migrations yet.");
  assert.equal(headline([entry("applied")], 0), "Everything is applied.");
  assert.equal(headline([entry("pending"), entry("pending")], 1), "2 pending and 1 fault in the files.");
  assert.equal(
    headline((["running", "failed", "blocked", "changed", "missing"] as const).map(entry), 2),
    "1 running, 1 failed, 1 blocked, 1 changed since it was applied, 1 without its file and 2 faults in the files.",
  );
});
