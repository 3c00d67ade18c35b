import { deepEqual, equal } from "node:assert/strict";
import { Output, type OutputMode } from "../../src/cli/output.ts";
import { Redactor } from "../../src/redact.ts";
import { recorder, type RecorderOptions } from "./cli_recorder.ts";

const GITHUB = { GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: "/repo" };
const HOSTILE = ["::add-mask::x", "  ::error::y", "a ##[group]b"];

function output(options: RecorderOptions = {}, mode: Partial<OutputMode> = {}) {
  const io = recorder({ cwd: "/repo/app", env: GITHUB, ...options });
  const redactor = new Redactor();
  redactor.add("s3cret:word");
  return { io, output: new Output(io, { json: false, quiet: false, verbose: true, noColor: true, ...mode }, redactor) };
}

Deno.test("Output prints no command for GitHub's runner that it was not told to, on either stream", () => {
  const { io, output: told } = output();
  told.result(HOSTILE);
  told.problem(HOSTILE);
  const harmless = "\\x3a:add-mask::x\n  \\x3a:error::y\na #\\x23[group]b\n";
  deepEqual(io.written, { out: harmless, err: harmless });
});

Deno.test("Output leaves text as it is elsewhere, and prints no annotations there", () => {
  for (const env of [{}, { GITHUB_ACTIONS: "false" }, { GITHUB_ACTIONS: "" }]) {
    const { io, output: told } = output({ env });
    told.result(HOSTILE);
    told.annotate([{ level: "error", title: "x", message: "y" }]);
    deepEqual(io.written, { out: "::add-mask::x\n  ::error::y\na ##[group]b\n", err: "" });
  }
});

Deno.test("Output with --json prints the same values in a build of GitHub, no command, and no annotations", () => {
  const { io, output: told } = output({}, { json: true });
  told.annotate([{ level: "error", title: "x", message: "y" }]);
  told.event({ event: "log", message: "##[error]::error::" });
  told.document({ text: HOSTILE });
  deepEqual(JSON.parse(io.written.out), { text: HOSTILE });
  deepEqual(JSON.parse(io.written.err), { event: "log", message: "##[error]::error::" });
  equal(/##\[|^::/m.test(io.written.out + io.written.err), false);
});

Deno.test("Output.annotate() prints nothing among the objects of a log", () => {
  const { io, output: told } = output({}, { logFormat: "json" });
  told.annotate([{ level: "error", title: "x", message: "y" }]);
  equal(io.written.err, "");
  equal(told.annotations.length, 1);
});

Deno.test("Output.annotate() names files as the repository does, and those elsewhere by their whole names", () => {
  const { io, output: told } = output();
  const at = (file: string) => told.annotate([{ level: "error", title: "t", message: "m", place: { file, line: 1 } }]);
  at("/repo/app/versions/D1.sql");
  at("versions/D1.sql");
  at("/repository/D1.sql");
  equal(
    io.written.err,
    "::error file=app/versions/D1.sql,line=1,title=t::m\n".repeat(2) +
      "::error file=/repository/D1.sql,line=1,title=t::m\n",
  );
});

Deno.test("Output.annotate() hides passwords before it writes their colons otherwise", () => {
  const { io, output: told } = output();
  told.annotate([{
    level: "error",
    title: "s3cret:word",
    message: "it is s3cret:word",
    place: { file: "s3cret:word" },
  }]);
  told.warn("pwd s3cret:word", "No s3cret:word.");
  equal(
    io.written.err,
    "::error file=app/***,title=***::it is ***\n" +
      "Warning: pwd ***\n  No ***.\n::warning title=Delembic::pwd ***%0ANo ***.\n",
  );
});

Deno.test("Output.annotate() prints ten of each level, and keeps all for the summary", () => {
  const { io, output: told } = output();
  for (const level of ["error", "warning"] as const) {
    told.annotate(Array.from({ length: 15 }, () => ({ level, title: "t", message: "m" })));
  }
  equal(io.written.err, "::error title=t::m\n".repeat(10) + "::warning title=t::m\n".repeat(10));
  equal(told.annotations.length, 30);
});
