import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import MarkdownIt from "markdown-it";
import { annotationLine, markdownText, withoutCommands } from "../../src/cli/github_text.ts";
import { visible } from "../../src/visible.ts";

interface RunnerCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

function unescapeData(text: string): string {
  return text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
}

function unescapeProperty(text: string): string {
  return unescapeData(text.replaceAll("%3A", ":").replaceAll("%2C", ","));
}

/** What GitHub's runner finds in a line: both of its ways, as `ActionCommand.cs` has them. */
function runnerCommand(line: string): RunnerCommand | undefined {
  const second = /^::([^: ]+)(?: ([^]*?))?::([^]*)$/.exec(line.trim());
  if (second !== null) {
    const [, name = "", properties = "", data = ""] = second;
    return {
      name,
      properties: Object.fromEntries(
        properties.split(",").filter(Boolean).map((pair) => {
          const at = pair.indexOf("=");
          return [pair.slice(0, at), unescapeProperty(pair.slice(at + 1))];
        }),
      ),
      data: unescapeData(data),
    };
  }
  const first = /##\[([^\] ]+)[^\]]*\]([^]*)/.exec(line);
  return first === null ? undefined : { name: first[1] ?? "", properties: {}, data: first[2] ?? "" };
}

/** Texts that try. */
const hostile = fc.array(
  fc.oneof(
    fc.constantFrom("::", "##[", "]", "error", "set-output name=x", "stop-commands", "%0A", "\n", "\r\n", " ", ","),
    fc.constantFrom(":", "%", "<script>", "|", "`", "```", "\\", "|--|", "<!--", "[a](http://x)", "\u202e", "&#124;"),
    fc.constantFrom("\u0085", "\u00a0", "\x1b[31m", "**", "_", "@everyone", "#1", "https://example.org", "\t"),
    fc.string({ unit: "binary" }),
  ),
  { maxLength: 12 },
).map((pieces) => pieces.join(""));

Deno.test("annotationLine() writes file, line, column and title", () => {
  const place = { file: "db/versions/D003 a,b.sql", line: 6, column: 2 };
  equal(
    annotationLine({ level: "error", title: "D003 failed: 100 %", message: "one\ntwo: 5 %", place }),
    "::error file=db/versions/D003 a%2Cb.sql,line=6,col=2,title=D003 failed%3A 100 %25::one%0Atwo: 5 %25",
  );
  equal(annotationLine({ level: "notice", title: "x", message: "" }), "::notice title=x::");
});

Deno.test("annotationLine() says to the runner what it was given, whatever it was given, and nothing else", () => {
  fc.assert(fc.property(hostile, hostile, hostile, fc.nat(), (file, title, before, line) => {
    // the runner takes blanks from the end of a line
    const message = `${before}.`;
    const text = annotationLine({ level: "warning", title, message, place: { file, line } });
    ok(!/[\r\n]/.test(text));
    deepEqual(runnerCommand(text), {
      name: "warning",
      properties: { file: visible(file), line: String(line), title: visible(title) },
      data: message.split(/\r\n|\n|\r/).map(visible).join("\n"),
    });
  }));
});

Deno.test("annotationLine() cuts a text of 10 kB, and no character in two", () => {
  const text = annotationLine({ level: "error", title: "x", message: "😀".repeat(5000) });
  ok(text.length < 4100);
  ok(text.isWellFormed());
  ok(text.endsWith("😀…"));
});

Deno.test("withoutCommands() leaves no command in a line, and a harmless line as it is", () => {
  equal(withoutCommands("  ::error::no"), "  \\x3a:error::no");
  equal(withoutCommands("a ##[add-mask]b"), "a #\\x23[add-mask]b");
  equal(withoutCommands("select 1::text -- ::error::"), "select 1::text -- ::error::");
  fc.assert(fc.property(hostile, (text) => equal(runnerCommand(withoutCommands(visible(text))), undefined)));
});

Deno.test("markdownText() is the same text on the page, in a cell of a table, and no markup", () => {
  const markdown = new MarkdownIt({ html: true, linkify: false });
  fc.assert(fc.property(hostile, (text) => {
    const html = markdown.render(`| a | b |\n| --- | --- |\n| x${markdownText(text)}x | ✓ |\n`);
    const [, cell = ""] = /<tbody>\n<tr>\n<td>([^]*?)<\/td>\n<td>✓<\/td>\n<\/tr>\n<\/tbody>/.exec(html) ?? [];
    equal(textOf(cell), `x${text.split(/\r\n|\n|\r/).map(visible).join("\n")}x`);
  }));
});

/** The text of HTML that has `<br>` for its only tag. */
function textOf(html: string): string {
  const named: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"' };
  return html.replaceAll("<br>", "\n").replace(/&(\w+);/g, (whole, name) => named[name] ?? whole);
}
