import assert from "node:assert/strict";
import fc from "fast-check";
import {
  chooseCommand,
  flag,
  list,
  optional,
  parseLine,
  readArguments,
  readOptions,
  required,
  requiredValue,
  seconds,
  UsageError,
  value,
} from "../../src/cli/command_line.ts";

const OPTIONS = {
  dryRun: flag("print", "d"),
  quiet: flag("less", "q"),
  lockTimeout: seconds("wait"),
  config: value("FILE", "file", "c"),
  dependsOn: list("ID", "needs"),
  hidden: flag(),
};

function read(...args: string[]) {
  return readOptions(parseLine(args, OPTIONS, "HELP"), OPTIONS);
}

function refused(work: () => unknown): { message: string; hint: string | undefined; code: string; exitCode: number } {
  try {
    work();
  } catch (error) {
    assert(error instanceof UsageError);
    const { message, hint, code, exitCode } = error;
    return { message, hint, code, exitCode };
  }
  assert.fail("was not refused");
}

Deno.test("readOptions() gives what was not given as false, undefined and empty", () => {
  assert.deepEqual(read(), {
    dryRun: false,
    quiet: false,
    lockTimeout: undefined,
    config: undefined,
    dependsOn: [],
    hidden: false,
  });
});

Deno.test("readOptions() understands each way of writing an option", () => {
  for (const args of [["--config", "a=b"], ["--config=a=b"], ["-c", "a=b"], ["-ca=b"], ["-c=a=b"]]) {
    assert.equal(read(...args).config, "a=b", args.join(" "));
  }
  const { quiet, dryRun, config } = read("-qdc", "x");
  assert.deepEqual({ quiet, dryRun, config }, { quiet: true, dryRun: true, config: "x" });
});

Deno.test("readOptions() takes a value that looks like an option", () => {
  assert.equal(read("--config", "--dry-run").config, "--dry-run");
});

Deno.test("readOptions() takes the last of several values, and all of a list", () => {
  const { config, dependsOn } = read("-c", "a", "--depends-on", "D1", "-c", "b", "--depends-on=D2");
  assert.deepEqual({ config, dependsOn }, { config: "b", dependsOn: ["D1", "D2"] });
});

Deno.test("readOptions() reads seconds as milliseconds", () => {
  assert.equal(read("--lock-timeout", "1.5").lockTimeout, 1500);
  assert.equal(read("--lock-timeout", "0").lockTimeout, 0);
});

Deno.test("readOptions() refuses what is no number of seconds", () => {
  for (const text of ["soon", "", "-1", "1e3", "Infinity", "NaN", "0x10", "99999999999"]) {
    assert.deepEqual(refused(() => read(`--lock-timeout=${text}`)), {
      message: `Option '--lock-timeout' needs a number of seconds, got '${text}'`,
      hint: "For example: --lock-timeout 30",
      code: "invalid-value",
      exitCode: 2,
    });
  }
});

Deno.test("readOptions() refuses a line without an option that is needed", () => {
  const options = { message: requiredValue("TEXT", "what it does", "m") };
  assert.deepEqual(refused(() => readOptions(parseLine([], options, ""), options)), {
    message: "Missing option '--message' (-m)",
    hint: "Write --message TEXT.",
    code: "missing-option",
    exitCode: 2,
  });
});

Deno.test("parseLine() refuses an unknown option and suggests the nearest one", () => {
  assert.deepEqual(refused(() => read("--dryrun")), {
    message: "Unknown option '--dryrun'",
    hint: "Did you mean '--dry-run'? HELP",
    code: "unknown-option",
    exitCode: 2,
  });
  assert.equal(refused(() => read("-dry-run")).hint, "Did you mean '--dry-run'? HELP");
  assert.equal(refused(() => read("--xyzzy")).hint, "HELP");
  assert.equal(refused(() => read("--hiden")).hint, "HELP");
  assert.equal(refused(() => read("-qx")).message, "Unknown option '-x'");
});

Deno.test("parseLine() refuses a flag with a value, and an option without one", () => {
  assert.equal(refused(() => read("--quiet=yes")).message, "Option '--quiet' takes no value");
  assert.deepEqual(refused(() => read("--config")), {
    message: "Option '--config' needs a value",
    hint: "Write --config FILE.",
    code: "missing-value",
    exitCode: 2,
  });
});

Deno.test("parseLine() takes a negative number for an argument, and everything behind --", () => {
  assert.deepEqual(parseLine(["-1", "-q", "--", "--dry-run", "--"], OPTIONS, "").texts, ["-1", "--dry-run", "--"]);
});

Deno.test("readArguments() gives arguments by their names", () => {
  const table = { id: required("which"), target: optional("where") };
  assert.deepEqual(readArguments(parseLine(["D1"], {}, ""), table, ""), { id: "D1", target: undefined });
  assert.deepEqual(readArguments(parseLine(["D1", "-2"], {}, ""), table, ""), { id: "D1", target: "-2" });
});

Deno.test("readArguments() refuses too few and too many", () => {
  const table = { id: required("which") };
  assert.deepEqual(refused(() => readArguments(parseLine([], {}, ""), table, "HELP")), {
    message: "Missing argument ID",
    hint: "HELP",
    code: "missing-argument",
    exitCode: 2,
  });
  assert.equal(
    refused(() => readArguments(parseLine(["D1", "D2"], {}, ""), table, "HELP")).message,
    "Unexpected argument 'D2'",
  );
});

Deno.test("chooseCommand() finds the command before and behind the options of all commands", () => {
  const choose = (...args: string[]) => chooseCommand(args, OPTIONS, (word) => word === "alembic");
  assert.deepEqual(choose("-c", "upgrade", "current", "-q"), { words: ["current"], rest: ["-c", "upgrade", "-q"] });
  assert.deepEqual(choose("alembic", "-q", "heads", "x"), { words: ["alembic", "heads"], rest: ["-q", "x"] });
  assert.deepEqual(choose("upgrade", "--of-its-own"), { words: ["upgrade"], rest: ["--of-its-own"] });
  assert.deepEqual(choose("-q"), { words: [], rest: ["-q"] });
});

Deno.test("chooseCommand() refuses an option of a command that stands before it", () => {
  assert.equal(
    refused(() => chooseCommand(["--max-time", "3", "upgrade"], OPTIONS, () => false)).hint,
    "Run 'delembic help' to see what there is.",
  );
});

Deno.test("parseLine() either understands a line or refuses it with a UsageError, whatever it is", () => {
  const word = fc.oneof(
    fc.constantFrom("-c", "--config", "--", "-q", "-qd", "--depends-on=x", "-1", "-", "", "--=", "-=", "--dry-run="),
    fc.string(),
  );
  fc.assert(fc.property(fc.array(word, { maxLength: 6 }), (args) => {
    try {
      readOptions(parseLine(args, OPTIONS, ""), OPTIONS);
    } catch (error) {
      assert(error instanceof UsageError);
    }
  }));
});
