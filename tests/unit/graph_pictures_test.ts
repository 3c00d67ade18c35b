import assert from "node:assert/strict";
import fc from "fast-check";
import { graphLines } from "../../src/cli/graph.ts";
import { graphDot } from "../../src/graph_dot.ts";
import { graphMermaid } from "../../src/graph_mermaid.ts";
import { graphSvg } from "../../src/graph_svg.ts";
import { HOSTILE_TEXTS, nodeOf, viewOf } from "../graph_ground.ts";
import { plain } from "./cli_recorder.ts";

const DIAMOND = viewOf("D001: load people", "D002 < D001", "D003 < D001", "D004 < D002 D003 = pending");

Deno.test("graphLines() draws lanes, forks and merges, the oldest first", () => {
  assert.equal(
    plain(graphLines(DIAMOND)),
    `
●    D001  load people
├─╮
● │  D002
│ ●  D003
├─╯
○    D004  (pending)
`.trim(),
  );
});

Deno.test("graphLines() keeps a lane that only passes in front of what crosses it", () => {
  const view = viewOf("D001", "D002", "D003 < D001", "D004 < D002 D001", "D005 < D002", "D006 < D003 D005");
  assert.equal(
    plain(graphLines(view)),
    `
●      D001
├─╮
│ │ ●  D002
│ ├─┤
● │ │  D003
│ ● │  D004
│   ●  D005
├───╯
●      D006
`.trim(),
  );
  const crossed = viewOf("D001", "D002 < D001", "D003 < D001", "D004 < D001", "D005 < D002 D004", "D006 < D003");
  assert.equal(
    plain(graphLines(crossed)),
    `
●      D001
├─┬─╮
● │ │  D002
│ ● │  D003
│ │ ●  D004
├─│─╯
● │    D005
  ●    D006
`.trim(),
  );
});

Deno.test("graphLines() tells every state by a sign and a word, and Alembic's by squares; what follows nothing is moved aside", () => {
  const view = viewOf(
    "a1",
    "a2 < a1 = pending",
    "a3 = unknown",
    ...["running", "failed", "blocked", "changed", "missing", "faulty"].map((state, at) => `D00${at} = ${state}`),
  );
  assert.equal(
    plain(graphLines(view)),
    `
■    a1  (schema)
□    a2  (schema, pending)
  ▫  a3  (schema, unknown)
◉    D000  (running)
  ✗  D001  (failed)
⊘    D002  (blocked)
  ◐  D003  (changed)
◌    D004  (missing)
  !  D005  (faulty)
`.trim(),
  );
  assert.deepEqual(graphLines({ nodes: [], edges: [] }), ["No migrations found."]);
});

Deno.test("graphLines() cuts lines off where the terminal ends", () => {
  const view = { nodes: [nodeOf("D001", { text: "a description that is rather long", isHead: true })], edges: [] };
  assert.equal(plain(graphLines(view, 30)), "●  D001  (head)  a descriptio…");
  assert.equal(plain(graphLines(view, 30)).length, 30);
});

Deno.test("graphMermaid() names nodes by numbers and writes labels so that nothing in them is Mermaid", () => {
  assert.equal(
    graphMermaid(viewOf("a1: create", "D001 < a1 = failed: it's <b>")),
    `flowchart TD
  n0[["■ a1<br/>create"]]:::applied
  n1("✗ D001 (failed)<br/>it#39;s #60;b#62;"):::failed
  n0 -.-> n1
  classDef applied fill:#dcf5e3,stroke:#1a7f37,color:#0b3d1c
  classDef failed fill:#fde4e1,stroke:#c62828,color:#5f1412,stroke-width:2px
`,
  );
});

Deno.test("graphDot() quotes all names", () => {
  assert.match(
    graphDot(viewOf(`D001: say "hi" \\N & go`)),
    /^ {2}"data:D001" \[label="● D001\\nsay \\"hi\\" \\\\N &amp; go", style="rounded,filled", /m,
  );
});

Deno.test("hostile texts are texts in the terminal, Mermaid, DOT and SVG, and a long one is cut off", () => {
  for (const text of HOSTILE_TEXTS) {
    const view = { nodes: [nodeOf("D001", { text, labels: [] })], edges: [] };
    const terminal = plain(graphLines(view, 80));
    assert.doesNotMatch(terminal, /[\p{Cc}\u061c\u200f\u2028\u202a-\u202e]/u, text);
    assert.ok(terminal.length <= 80);

    const mermaid = graphMermaid(view);
    assert.match(
      mermaid,
      /^flowchart TD\n {2}n0\("● D001<br\/>[\p{L}\p{N}\p{M} .,/+#;…-]*"\):::applied\n {2}classDef .*\n$/u,
      text,
    );

    const dot = graphDot(view).split("\n");
    assert.equal(dot.length, 7, text);
    // one string, in which every quote and backslash is escaped
    assert.match(dot[4] ?? "", /^ {2}"data:D001" \[label="● D001\\n(?:[^"\\]|\\\\|\\")*", style="/, text);

    const svg = graphSvg(view);
    assert.doesNotMatch(svg, /<script|<image|javascript:alert\(1\)"[ >]/, text);
    assert.doesNotMatch(svg, /(?!\n)[\p{Cc}\u061c\u200f\u202a-\u202e\ufffe\uffff]/u, text);
    assert.ok(svg.isWellFormed());
    assert.deepEqual([...new Set([...svg.matchAll(/<([a-z]+)/g)].map(([, tag]) => tag))].sort(), [
      ...["circle", "defs", "desc", "g", "marker", "path", "rect", "style", "svg", "text", "title"],
    ], text);
    assert.ok(svg.length < 12_000, `${svg.length} characters`);
  }
});

Deno.test("any text at all makes well-formed SVG of the same elements", () => {
  const shape = (svg: string) => svg.replace(/>[^<]*</g, "><").replace(/="[^"]*"/g, "");
  const expected = shape(graphSvg({ nodes: [nodeOf("D001", { text: "x" })], edges: [] }));
  fc.assert(fc.property(fc.string({ unit: "binary", minLength: 1 }), (text) => {
    assert.equal(shape(graphSvg({ nodes: [nodeOf("D001", { text })], edges: [] })), expected);
  }));
});

Deno.test("graphSvg() tells by colour, shape and words, and draws for light and dark", () => {
  const svg = graphSvg(viewOf("a1", "D001 < a1 = blocked: later"));
  assert.match(
    svg,
    /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" .* role="img" aria-labelledby="dg-title dg-desc">\n/,
  );
  assert.match(svg, /<desc id="dg-desc">2 revisions, those .*: 1 applied, 1 blocked\.<\/desc>/);
  assert.match(svg, /<title>D001: blocked\. later<\/title>/);
  assert.match(svg, /<title>a1: applied, in Alembic<\/title>/);
  assert.match(svg, /@media \(prefers-color-scheme:dark\)/);
  assert.match(svg, /class="dg-edge gate"/);
  assert.doesNotMatch(svg, /<a /);
  const part = graphSvg(viewOf("D001"), { isPart: true, linkOf: ({ id }) => `/revision?id=${id}&x=1` });
  assert.match(part, /<a href="\/revision\?id=D001&amp;x=1">/);
  assert.doesNotMatch(part, /<style|style=|role="img"/);
});
