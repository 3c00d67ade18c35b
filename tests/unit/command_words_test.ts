import { deepEqual, equal } from "node:assert/strict";
import { commandProgram, commandWords } from "../../src/command_words.ts";

Deno.test("a command is cut at blanks that are not in quotes", () => {
  deepEqual(commandWords(".venv/bin/python"), [".venv/bin/python"]);
  deepEqual(commandWords("  docker compose run --rm  -T app python "), [
    "docker",
    "compose",
    "run",
    "--rm",
    "-T",
    "app",
    "python",
  ]);
  deepEqual(commandWords(`"C:\\Program Files\\Python\\python.exe" -X 'a b'`), [
    "C:\\Program Files\\Python\\python.exe",
    "-X",
    "a b",
  ]);
  deepEqual(commandWords(`--name="a b"c`), ["--name=a bc"]);
  equal(commandWords("'python"), undefined);
  deepEqual(commandWords(""), []);
});

Deno.test("a program with a slash is a path from the folder, another one a name", () => {
  equal(commandProgram(".venv/bin/python", "/app"), "/app/.venv/bin/python");
  equal(commandProgram("/usr/bin/python3", "/app"), "/usr/bin/python3");
  equal(commandProgram("python3", "/app"), "python3");
});
