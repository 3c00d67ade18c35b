import assert from "node:assert/strict";
import fc from "fast-check";
import {
  flag,
  list,
  optional,
  type Options,
  readArguments,
  readOptions,
  required,
  requiredValue,
  seconds,
  UsageError,
  value,
} from "../../src/cli/command_line.ts";
import { LineReader } from "../../src/cli/line_reader.ts";

const OPTIONS = {
  dryRun: flag("print", "d"),
  quiet: flag("less", "q"),
  lockTimeout: seconds("wait"),
  config: value("FILE", "file", "c"),
  dependsOn: list("ID", "needs"),
  hidden: flag(),
};

/** What a line without a command gives, and its arguments. */
function parse(args: string[], options: Options = OPTIONS) {
  const line = new LineReader(args);
  const texts = line.readRest(options, "HELP");
  return { given: line.given, texts };
}

function read(...args: string[]) {
  return readOptions(parse(args).given, OPTIONS);
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

Deno.test("readOptions() takes a = at the beginning of a value for a part of it, unless it belongs to -c=", () => {
  for (const args of [["-c", "=a"], ["--config==a"], ["--config", "=a"], ["-c==a"], ["-qc==a"]]) {
    assert.equal(read(...args).config, "=a", args.join(" "));
  }
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
  assert.deepEqual(refused(() => readOptions(new Map(), options)), {
    message: "Missing option '--message' (-m)",
    hint: "Write --message TEXT.",
    code: "missing-option",
    exitCode: 2,
  });
});

Deno.test("LineReader.readRest() refuses an unknown option and suggests the nearest one", () => {
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
  assert.equal(refused(() => read("-😀")).message, "Unknown option '-😀'");
});

Deno.test("LineReader.readRest() does not repeat the value of an unknown option, which can be a secret", () => {
  assert.equal(refused(() => read("--pasword=s3cr3t\ns3cr3t")).message, "Unknown option '--pasword'");
  assert.equal(refused(() => read("-ps3cr3t")).message, "Unknown option '-p'");
});

Deno.test("LineReader.readRest() refuses a flag with a value, and an option without one", () => {
  assert.equal(refused(() => read("--quiet=yes")).message, "Option '--quiet' takes no value");
  assert.deepEqual(refused(() => read("--config")), {
    message: "Option '--config' needs a value",
    hint: "Write --config FILE.",
    code: "missing-value",
    exitCode: 2,
  });
  assert.deepEqual(refused(() => read("x", "-qc")), {
    message: "Option '-c' needs a value",
    hint: "Write -c FILE.",
    code: "missing-value",
    exitCode: 2,
  });
});

Deno.test("LineReader.readRest() takes a negative number for an argument, and everything behind --", () => {
  assert.deepEqual(parse(["-1", "-q", "--", "--dry-run", "--"]).texts, ["-1", "--dry-run", "--"]);
});

Deno.test("readArguments() gives arguments by their names", () => {
  const table = { id: required("which"), target: optional("where") };
  assert.deepEqual(readArguments(["D1"], table, ""), { id: "D1", target: undefined });
  assert.deepEqual(readArguments(["D1", "-2"], table, ""), { id: "D1", target: "-2" });
});

Deno.test("readArguments() refuses too few and too many", () => {
  const table = { id: required("which") };
  assert.deepEqual(refused(() => readArguments([], table, "HELP")), {
    message: "Missing argument ID",
    hint: "HELP",
    code: "missing-argument",
    exitCode: 2,
  });
  assert.equal(
    refused(() => readArguments(["D1", "D2"], table, "HELP")).message,
    "Unexpected argument 'D2'",
  );
});

const NAMES = ["current", "upgrade", "heads", "alembic heads", "alembic current"];

/** The words of the command of a line, what was given, and what is left as arguments. */
function choose(...args: string[]) {
  const line = new LineReader(args);
  const words = line.chooseCommand(NAMES, OPTIONS);
  return { words, texts: line.readRest(OPTIONS, "HELP"), given: Object.fromEntries(line.given) };
}

Deno.test("LineReader.chooseCommand() finds the command before and behind the options of all commands", () => {
  assert.deepEqual(choose("-c", "upgrade", "current", "-q"), {
    words: ["current"],
    texts: [],
    given: { config: ["upgrade"], quiet: [""] },
  });
  assert.deepEqual(choose("alembic", "-q", "heads", "x"), {
    words: ["alembic", "heads"],
    texts: ["x"],
    given: { quiet: [""] },
  });
  assert.deepEqual(choose("-ca", "upgrade", "-1", "-cb").given, { config: ["a", "b"] });
  assert.deepEqual(choose("--", "upgrade", "-q"), { words: ["upgrade"], texts: ["-q"], given: {} });
});

Deno.test("LineReader.chooseCommand() leaves what it does not know to the command", () => {
  const line = new LineReader(["upgrade", "--of-its-own", "-q", "x"]);
  assert.deepEqual(line.chooseCommand(NAMES, OPTIONS), ["upgrade"]);
  assert.equal(line.given.size, 0);
  const options = { ...OPTIONS, ofItsOwn: value("X", "its own") };
  assert.deepEqual(line.readRest(options, "HELP"), ["x"]);
  assert.deepEqual(Object.fromEntries(line.given), { ofItsOwn: ["-q"] });
});

Deno.test("LineReader.chooseCommand() gives the first word that leads to no command, and what stands beside it", () => {
  assert.deepEqual(choose().words, []);
  assert.deepEqual(choose("-q"), { words: [], texts: [], given: { quiet: [""] } });
  assert.deepEqual(choose("alembic", "-q").words, ["alembic"]);
  for (const words of [["bogus"], ["alembic", "upgrade"], ["constructor"], ["help"], ["-"]]) {
    const line = new LineReader([...words, "-x", "more", "-q"]);
    assert.deepEqual(line.chooseCommand(NAMES, OPTIONS), words);
    assert.deepEqual(Object.fromEntries(line.given), { quiet: [""] });
  }
});

Deno.test("LineReader.chooseCommand() refuses an option of a command that stands before it", () => {
  const line = new LineReader(["--max-time", "3", "upgrade", "-q"]);
  assert.deepEqual(refused(() => line.chooseCommand(NAMES, OPTIONS)), {
    message: "Unknown option '--max-time'",
    hint: "Run 'delembic help' to see what there is.",
    code: "unknown-option",
    exitCode: 2,
  });
  assert.ok(line.given.has("quiet"));
});

/** One thing that is meant, and a way to write it. */
const meant = fc.oneof(
  fc.constantFrom("-q", "--quiet").map((word) => ({ key: "quiet", value: "", written: [word] })),
  fc.tuple(fc.constantFrom("config", "dependsOn"), fc.string().filter((text) => !text.startsWith("="))).chain(
    ([key, value]) => {
      const ways = key === "config"
        ? [["-c", value], ["--config", value], [`--config=${value}`], [`-c=${value}`]]
        : [["--depends-on", value], [`--depends-on=${value}`]];
      return fc.constantFrom(...ways).map((written) => ({ key, value, written }));
    },
  ),
  fc.oneof(fc.string().filter((text) => !/^-./.test(text)), fc.integer({ max: -1 }).map(String))
    .map((value) => ({ key: undefined, value, written: [value] })),
);

Deno.test("LineReader.readRest() understands what was meant, however it is written", () => {
  fc.assert(fc.property(fc.array(meant, { maxLength: 6 }), (things) => {
    const { given, texts } = parse(things.flatMap(({ written }) => written));
    const of = (key: string | undefined) => things.filter((thing) => thing.key === key).map(({ value }) => value);
    assert.deepEqual(texts, of(undefined));
    for (const key of ["quiet", "config", "dependsOn"]) assert.deepEqual(given.get(key) ?? [], of(key));
  }));
});

Deno.test("LineReader.readRest() either understands a line or refuses it with a UsageError, whatever it is", () => {
  const word = fc.oneof(
    fc.constantFrom("-c", "--config", "--", "-q", "-qd", "--depends-on=x", "-1", "-", "", "--=", "-=", "--dry-run="),
    fc.string(),
  );
  fc.assert(fc.property(fc.array(word, { maxLength: 6 }), (args) => {
    try {
      choose(...args);
      readOptions(parse(args).given, OPTIONS);
    } catch (error) {
      assert(error instanceof UsageError);
    }
  }));
});
