import assert from "node:assert/strict";
import fc from "fast-check";
import { main } from "../../src/cli/main.ts";
import { VERSION } from "../../src/version.ts";
import { call, recorder } from "./cli_recorder.ts";

Deno.test("VERSION is that of deno.json", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  assert.equal(VERSION, version);
});

Deno.test("main() prints the version", async () => {
  const expected = { code: 0, out: `delembic ${VERSION}\n`, err: "" };
  assert.deepEqual(await call(["--version"]), expected);
  assert.deepEqual(await call(["upgrade", "--version"]), expected);
  assert.deepEqual(await call(["-q", "--version"]), expected);
  assert.deepEqual(await call(["--version", "--json"]), { ...expected, out: `{"version":"${VERSION}"}\n` });
});

Deno.test("main() prints help on stderr, with exit code 2, when there is no command", async () => {
  const { code, out, err } = await call([]);
  assert.deepEqual({ code, out }, { code: 2, out: "" });
  assert.equal(err, (await call(["help"])).out);
});

Deno.test("main() prints the same help for each way of asking for it", async () => {
  const wanted = await call(["help", "upgrade"]);
  assert.equal(wanted.code, 0);
  assert.match(wanted.out, /^Run what is pending\n\nUsage: delembic upgrade \[OPTIONS\] \[TARGET\]\n/);
  for (const args of [["upgrade", "--help"], ["upgrade", "-h"], ["--help", "upgrade"], ["upgrade", "x", "y", "-h"]]) {
    assert.deepEqual(await call(args), wanted, args.join(" "));
  }
  assert.deepEqual(await call(["--help"]), await call(["help"]));
  assert.deepEqual(await call(["help", "alembic", "heads"]), await call(["alembic", "heads", "--help"]));
});

Deno.test("main() lists the commands of a group", async () => {
  const { code, out, err } = await call(["alembic"]);
  assert.deepEqual({ code, out }, { code: 2, out: "" });
  assert.match(err, /^Usage: delembic alembic COMMAND \[ARGUMENTS\]\n\nCommands:\n {2}alembic heads {6}The heads/);
  assert.deepEqual(await call(["help", "alembic"]), { code: 0, out: err, err: "" });
});

Deno.test("main() refuses an unknown command and suggests the nearest one", async () => {
  assert.deepEqual(await call(["upgrad"]), {
    code: 2,
    out: "",
    err: "Error: Unknown command 'upgrad'\n" +
      "Hint: Did you mean 'upgrade'? Run 'delembic help' to see all commands.\n",
  });
  assert.deepEqual(await call(["alembic", "head"]), {
    code: 2,
    out: "",
    err: "Error: Unknown command 'alembic head'\n" +
      "Hint: Did you mean 'alembic heads'? Run 'delembic help' to see all commands.\n",
  });
  assert.deepEqual(await call(["xyzzy"]), {
    code: 2,
    out: "",
    err: "Error: Unknown command 'xyzzy'\nHint: Run 'delembic help' to see all commands.\n",
  });
  assert.deepEqual(await call(["help", "upgrad"]), {
    code: 2,
    out: "",
    err: "Error: Unknown command 'upgrad'\nHint: Did you mean 'upgrade'?\n",
  });
});

Deno.test("main() knows no commands of other tools, and says how they are called here", async () => {
  const all = "Run 'delembic help' to see all commands.\n";
  const hints = {
    migrate: `Did you mean 'upgrade'? ${all}`,
    rollback: `Did you mean 'downgrade'? ${all}`,
    status: `Did you mean 'history'? ${all}`,
    version: `Did you mean '--version'? ${all}`,
    compl: `Did you mean 'completions'? ${all}`,
    clean: all,
  };
  for (const [name, hint] of Object.entries(hints)) {
    assert.deepEqual(await call([name]), { code: 2, out: "", err: `Error: Unknown command '${name}'\nHint: ${hint}` });
  }
});

Deno.test("main() refuses an unknown option and suggests the nearest one", async () => {
  assert.deepEqual(await call(["upgrade", "--dryrun"]), {
    code: 2,
    out: "",
    err: "Error: Unknown option '--dryrun'\n" +
      "Hint: Did you mean '--dry-run'? Run 'delembic help upgrade' to see its options.\n",
  });
});

Deno.test("main() refuses too many arguments and missing ones", async () => {
  assert.deepEqual(await call(["upgrade", "D1", "D2"]), {
    code: 2,
    out: "",
    err: "Error: Unexpected argument 'D2'\nHint: Run 'delembic help upgrade' to see its options.\n",
  });
  assert.deepEqual(await call(["show"]), {
    code: 2,
    out: "",
    err: "Error: Missing argument ID\nHint: Run 'delembic help show' to see its options.\n",
  });
  assert.deepEqual(await call(["revision"]), {
    code: 2,
    out: "",
    err: "Error: Missing option '--message' (-m)\nHint: Write --message TEXT.\n",
  });
});

Deno.test("main() asks for --force before it takes a lock", async () => {
  assert.deepEqual(await call(["unlock"]), {
    code: 2,
    out: "",
    err: "Error: Missing option '--force'\n" +
      "Hint: A living run would lose its work; a dead one's lock runs out by itself within a minute.\n",
  });
});

Deno.test("main() understands a negative target without --", async () => {
  const { err } = await call(["downgrade", "-1"]);
  assert.equal(
    err,
    "Error: delembic.ini not found in /nowhere or any folder above\nHint: Run 'delembic init' first.\n",
  );
});

Deno.test("main() refuses what is no target before it looks for a project", async () => {
  const { code, err } = await call(["upgrade", "what?"]);
  assert.equal(code, 2);
  assert.match(err, /^Error: Cannot understand the target 'what\?'\nHint: A target is head, /);
});

Deno.test("main() prints an error as one document with --json, wherever that stands", async () => {
  const expected = {
    code: 2,
    out: '{"error":{"code":"no-config","message":"delembic.ini not found in /nowhere or any folder above",' +
      '"hint":"Run \'delembic init\' first."}}\n',
    err: "",
  };
  assert.deepEqual(await call(["current", "--json"]), expected);
  assert.deepEqual(await call(["--json", "current"]), expected);
});

Deno.test("main() also tells people about an error with --json and --verbose", async () => {
  const { out, err } = await call(["current", "--json", "-v"]);
  assert.equal(JSON.parse(out).error.code, "no-config");
  assert.match(err, /^Error: delembic\.ini not found in/);
});

Deno.test("main() shows no stack of a wrong line, with --verbose either", async () => {
  const err = "Error: Unknown command 'upgrad'\n" +
    "Hint: Did you mean 'upgrade'? Run 'delembic help' to see all commands.\n";
  const code = "Code: unknown-command; 'delembic help unknown-command' explains it.\n";
  assert.equal((await call(["-v", "upgrad"])).err, err + code);
  assert.doesNotMatch((await call(["show", "-v"])).err, /UsageError/);
});

Deno.test("main() understands each way to write a value of a letter, as Alembic does", async () => {
  for (const args of [["-c=prod.ini"], ["-cprod.ini"], ["-c", "prod.ini"], ["-qc=prod.ini"]]) {
    for (const line of [[...args, "current"], ["current", ...args]]) {
      assert.match((await call(line)).err, /^Error: prod\.ini not found\n/, line.join(" "));
    }
  }
});

Deno.test("main() answers --version and --help at once, and among other options as well", async () => {
  assert.equal((await call(["-q", "--version"])).out, (await call(["--version"])).out);
  assert.equal((await call(["alembic", "heads", "--version"])).out, (await call(["--version"])).out);
  assert.equal((await call(["-q", "-h"])).out, (await call(["--help"])).out);
  assert.equal((await call(["upgrade", "-qh"])).out, (await call(["help", "upgrade"])).out);
});

Deno.test("main() prints no document without a command but an error", async () => {
  const { code, out, err } = await call(["--json"]);
  assert.deepEqual({ code, err }, { code: 2, err: "" });
  assert.equal(JSON.parse(out).error.code, "missing-command");
});

Deno.test("main() colours on a terminal alone, and as the environment says", async () => {
  const coloured = async (env: Record<string, string>, isTerminal: boolean, args: string[] = []) =>
    (await call(["upgrad", ...args], { env, isTerminal })).err.includes("\x1b[31mError:\x1b[39m");
  assert.equal(await coloured({}, true), true);
  assert.equal(await coloured({}, false), false);
  assert.equal(await coloured({ NO_COLOR: "1" }, true), false);
  assert.equal(await coloured({ NO_COLOR: "" }, true), true);
  assert.equal(await coloured({}, true, ["--no-color"]), false);
  assert.equal(await coloured({ FORCE_COLOR: "1" }, false), true);
  assert.equal(await coloured({ FORCE_COLOR: "0" }, true), false);
  assert.equal(await coloured({ FORCE_COLOR: "1", NO_COLOR: "1" }, true), false);
  assert.equal(await coloured({ TERM: "dumb" }, true), false);
});

Deno.test("main() makes harmless what it repeats of a command line", async () => {
  const { err } = await call(["\x1b[2Jup\u202Egrade"]);
  assert.match(err, /^Error: Unknown command '\\x1b\[2Jup\\u202egrade'\n/);
});

Deno.test("main() hides a password that it repeats of a command line", async () => {
  const { err } = await call(["upgrade", "x", "postgresql://me:s3cr3tpass@db/app"]);
  assert.match(err, /^Error: Unexpected argument 'postgresql:\/\/me:\*\*\*@db\/app'\n/);
});

Deno.test("main() prints exactly one JSON value with --json for any command line, and ends with a code", async () => {
  const word = fc.oneof(
    fc.constantFrom("upgrade", "current", "alembic", "heads", "-1", "-q", "--url", "--help", "help", "-m", "--sql"),
    fc.constantFrom("--dry-run", "--limit=x", "--wait", "show", "check", "-n", "repair", "--applied", "--reverted"),
    fc.string({ maxLength: 6 }),
  );
  // nothing is to be written: `init` and what begins with it are left out
  const words = fc.array(word.filter((word) => word !== "--" && word !== "init"), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(words, async (args) => {
      const io = recorder();
      const code = await main(["--json", ...args], io);
      assert.equal(typeof JSON.parse(io.written.out), "object", args.join(" "));
      assert.ok(code === 0 || code === 2, `${args.join(" ")}: ${code} ${io.written.out}`);
    }),
    { numRuns: 300 },
  );
});
