import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import MarkdownIt from "markdown-it";
import { errorAnnotations, eventAnnotations } from "../../src/cli/github_annotations.ts";
import { problemAnnotations } from "../../src/cli/github_problems.ts";
import { type Finished, pendingCount, summaryMarkdown } from "../../src/cli/github_summary.ts";
import { annotationLine } from "../../src/cli/github_text.ts";
import { DelembicError, FaultsError } from "../../src/errors.ts";
import type { LoadedMigration } from "../../src/migration.ts";
import type { HistoryEntry, MigrationState } from "../../src/state.ts";

function entry(revision: string, status: MigrationState, seconds: number | null = null): HistoryEntry {
  const record = { revision, appliedAt: null, seconds, status: "success" };
  return { revision, status, migration: undefined, record: status === "applied" ? record : undefined };
}

function summary(finished: Partial<Finished>): string {
  return summaryMarkdown({
    commandLine: "upgrade",
    exitCode: 0,
    applied: new Set(),
    annotations: [],
    entries: undefined,
    graph: undefined,
    redact: (text) => text,
    ...finished,
  });
}

Deno.test("summaryMarkdown() tells what was done, what went wrong, all migrations, and the graph", () => {
  equal(
    summary({
      exitCode: 1,
      applied: new Set(["D2"]),
      annotations: [
        { level: "error", title: "D3 failed", message: "no <b>\nline two", place: { file: "a|b.sql", line: 4 } },
      ],
      entries: [entry("D1", "applied", 61.5), entry("D2", "applied", 0.25), entry("D3", "failed")],
      graph: "flowchart TD\n  n0\n",
    }),
    "### ❌ <code>delembic upgrade</code>: exit code 1\n\n" +
      "1 applied now, 2 of 3 are applied\n\n" +
      "> ❌ **D3 failed** <code>a&#124;b.sql&#58;4</code><br>no &#60;b&#62;<br>line two\n\n" +
      "| Revision | Description | State | Took |\n| --- | --- | --- | --- |\n" +
      "| <code>D1</code> |  | ✅ applied | 61.50s |\n" +
      "| <code>D2</code> |  | ✅ applied now | 0.25s |\n" +
      "| <code>D3</code> |  | ❌ failed |  |\n\n" +
      "```mermaid\nflowchart TD\n  n0\n```\n",
  );
});

Deno.test("summaryMarkdown() of a project that cannot be looked at is the error alone", () => {
  const error = new DelembicError("Cannot connect", { code: "unreachable", hint: "Is it up?" });
  equal(
    summary({ exitCode: 3, annotations: errorAnnotations(error, "/app") }),
    "### ❌ <code>delembic upgrade</code>: exit code 3\n\n" +
      "> ❌ **Delembic&#58; unreachable**<br>Cannot connect<br>Is it up?\n",
  );
});

Deno.test("summaryMarkdown() of 5,000 migrations has a hundred rows, and those that matter among them", () => {
  const entries = Array.from(
    { length: 5000 },
    (_, at) => entry(`D${at}`, at === 7 ? "changed" : at < 4990 ? "applied" : "pending"),
  );
  const text = summary({ entries });
  equal(text.match(/^\| <code>/gm)?.length, 100);
  ok(text.includes("| <code>D7</code> |  | ✏️ changed |"));
  ok(text.includes("| <code>D4999</code> |  | ⏳ pending |"));
  ok(text.includes("| <code>D4989</code> |"));
  ok(text.endsWith("\n4900 more are not shown.\n"), text.slice(-100));
  equal(pendingCount(entries), 10);
});

/** Texts that try to be more than text. */
const hostile = fc.array(
  fc.oneof(
    fc.constantFrom(
      "|",
      "\n",
      "\r\n",
      "\n\n",
      "```",
      "> ",
      "# ",
      "- ",
      "1. ",
      "---",
      "<!--",
      "</code>",
      "<script>",
      "&#124;",
    ),
    fc.constantFrom(
      "[x](y)",
      "![x](y)",
      "`",
      "**",
      "\\",
      "    ",
      "\t",
      "\u2028",
      "\u202e",
      "</td></tr></table>",
      "<details>",
    ),
    fc.string({ unit: "binary" }),
  ),
  { maxLength: 10 },
).map((pieces) => pieces.join(""));

Deno.test("summaryMarkdown() has the same parts whatever descriptions, errors and names of files hold", () => {
  const markdown = new MarkdownIt({ html: true });
  fc.assert(fc.property(hostile, hostile, hostile, (description, message, file) => {
    const migration = { description } as LoadedMigration;
    const text = summary({
      commandLine: `upgrade ${file}`,
      exitCode: 1,
      annotations: [{ level: "error", title: message, message, place: { file, line: 1 } }],
      entries: [{ ...entry("D1", "pending"), migration }, entry("D2", "applied")],
      graph: "flowchart TD\n  n0",
    });
    const tokens = markdown.parse(text, {});
    const blocks = tokens.filter(({ level, nesting }) => level === 0 && nesting >= 0).map(({ type }) => type);
    deepEqual(blocks, ["heading_open", "paragraph_open", "blockquote_open", "table_open", "fence"]);
    equal(tokens.filter(({ type }) => type === "td_open").length, 8);
    const html = tokens.flatMap(({ children }) => children ?? []).filter(({ type }) => type === "html_inline");
    deepEqual(
      new Set(html.map(({ content }) => content)).difference(new Set(["<code>", "</code>", "<br>"])),
      new Set(),
    );
    const types = new Set(tokens.flatMap(({ children }) => children ?? []).map(({ type }) => type));
    deepEqual([...types].filter((type) => /link|image|em_|code/.test(type)), []);
  }));
});

Deno.test("errorAnnotations() has one of each fault, with its file", () => {
  const faults = new FaultsError([
    { code: "a", message: "First", place: { file: "versions/D1.sql", line: 3 }, hint: "Mend it." },
    { code: "b", message: "Second", place: { file: "/elsewhere/D2.ts" } },
  ]);
  equal(
    errorAnnotations(faults, "/repo/app").map(annotationLine).join("\n"),
    "::error file=/repo/app/versions/D1.sql,line=3,title=Delembic%3A a::First%0AMend it.\n" +
      "::error file=/elsewhere/D2.ts,title=Delembic%3A b::Second",
  );
  equal(
    errorAnnotations(new TypeError("x is undefined"), "/").map(annotationLine).join(),
    "::error title=Delembic%3A internal::TypeError: x is undefined",
  );
});

Deno.test("eventAnnotations() has what went wrong with a migration, and a pause as a notice", () => {
  const files = () => ({ file: "/repo/versions/D1.sql", folder: "/repo" });
  const lines = [
    { type: "ok", revision: "D1", durationSeconds: 1 } as const,
    { type: "blocked", revision: "D1", message: "It needs 3d1e", hint: "Run alembic." } as const,
    { type: "interrupted", revision: "D1", reason: "D1 is paused", code: "paused" } as const,
    { type: "interrupted", revision: "D1", reason: "time is up", code: "time-up" } as const,
    { type: "failed", revision: "D1", error: "no", partial: false } as const,
  ].flatMap((event) => eventAnnotations(event, files)).map(annotationLine);
  equal(
    lines.join("\n"),
    "::error file=/repo/versions/D1.sql,title=D1 is blocked::It needs 3d1e%0ARun alembic.\n" +
      "::notice file=/repo/versions/D1.sql,title=D1 was paused::D1 is paused\n" +
      "::warning file=/repo/versions/D1.sql,title=D1 was interrupted::time is up\n" +
      "::error file=/repo/versions/D1.sql,title=D1 failed::no",
  );
});

Deno.test("problemAnnotations() says of each problem what it is, and in which file", () => {
  const problems = [
    { kind: "changed", revision: "D1", message: "D1 was changed.", hint: "Accept it." } as const,
    { kind: "missing", revision: "D2", message: "D2 has no file." } as const,
    { kind: "fault", fault: { code: "x", message: "Bad", place: { file: "versions/D3.sql", line: 1 } } } as const,
  ];
  const fileOf = (revision: string) => revision === "D1" ? "versions/D1.sql" : undefined;
  equal(
    problemAnnotations(problems, { folder: "/repo", fileOf }).map(annotationLine).join("\n"),
    "::error file=/repo/versions/D1.sql,title=D1 was changed::D1 was changed.%0AAccept it.\n" +
      "::error title=D2 has no file::D2 has no file.\n" +
      "::error file=/repo/versions/D3.sql,line=1,title=Delembic%3A x::Bad",
  );
});
