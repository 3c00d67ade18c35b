import assert from "node:assert/strict";
import { readArguments, readOptions } from "../../src/cli/command_line.ts";
import { GLOBAL_OPTIONS } from "../../src/cli/command.ts";
import { allCommands } from "../../src/cli/commands.ts";
import { commandHelp, overview, usageOf } from "../../src/cli/help.ts";
import { LineReader } from "../../src/cli/line_reader.ts";
import { plain } from "./cli_recorder.ts";

/** Words of a line as a shell gives them, up to where its output goes. */
function shellWords(line: string): string[] {
  return [...line.replace(/ (?:>>?|\|) .*$/, "").matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) =>
    quoted ?? bare ?? ""
  );
}

Deno.test("overview() names every command", () => {
  const text = plain(overview());
  for (const { name, summary } of allCommands()) assert.match(text, new RegExp(`^  ${name} +${summary}$`, "m"));
});

Deno.test("commandHelp() teaches each command, its options, and two to five examples that are understood", async () => {
  const commands = allCommands();
  for (const entry of commands) {
    const command = await entry.load();
    assert.ok(command.description.join(" ").length > 60, entry.name);
    assert.ok(command.examples.length >= 2 && command.examples.length <= 5, entry.name);
    for (const { text } of Object.values(command.arguments)) assert.notEqual(text, "");
    for (const { line } of command.examples) {
      const reader = new LineReader(shellWords(line));
      const words = reader.chooseCommand(commands.map(({ name }) => name), GLOBAL_OPTIONS);
      const meant = await commands.find(({ name }) => name === words.join(" "))?.load();
      assert.ok(meant, line);
      const table = { ...GLOBAL_OPTIONS, ...meant.options };
      const texts = reader.readRest(table, "");
      readOptions(reader.given, table);
      readArguments(texts, meant.arguments, "");
    }
  }
});

Deno.test("commandHelp() and overview() keep within 80 columns", async () => {
  const pages = [overview()];
  for (const entry of allCommands()) pages.push(commandHelp(entry, await entry.load()));
  for (const line of pages.flatMap((page) => plain(page).split("\n"))) assert.ok(line.length <= 80, line);
});

Deno.test("commandHelp() is this for downgrade", async () => {
  const entry = allCommands().find(({ name }) => name === "downgrade");
  assert.ok(entry);
  assert.equal(
    plain(commandHelp(entry, await entry.load())),
    `Undo what was applied

Usage: delembic downgrade [OPTIONS] TARGET

Runs the downgrade of applied migrations, in the reverse of the order in which
they are applied, and takes them out of the record. Nothing is undone when one
of those that would have to go has no downgrade.

With --sql it prints a script for psql, mariadb or sqlite3 instead, as 'upgrade'
does: START:END, where START is what the database has, and END what it is to
come back to.

In production a new migration that corrects the data is mostly the better way:
it runs everywhere the same.

Arguments:
  TARGET  -N (the last N), a revision (what builds on it), LABEL@-N, LABEL@base,
          or base (all); with --sql START:END

Options:
      --dry-run               print what would be undone; change nothing
      --sql                   print a script that does it, for the database's
                              own client; run nothing, ask no database
      --lock-timeout SECONDS  how long to wait for another run to end (default:
                              300)

Examples:
  delembic downgrade -1
      Undo the last migration.
  delembic downgrade D002 --dry-run
      See what would be undone to come back to D002.
  delembic downgrade base
      Undo everything.
  delembic downgrade D005:D002 --sql > undo.sql
      For a database that is at D005 and that only others may change.

Run 'delembic help' for the options of every command.`,
  );
});

Deno.test("usageOf() does not tell of options that are not listed", async () => {
  const entry = allCommands().find(({ name }) => name === "heads");
  assert.equal(usageOf("heads", await entry?.load() ?? { arguments: {}, options: {} }), "heads");
});

Deno.test("a command's options do not have names of those of every command", async () => {
  for (const entry of allCommands()) {
    const { options } = await entry.load();
    const shorts = new Set(Object.values(GLOBAL_OPTIONS).map(({ short }) => short));
    for (const [key, { short }] of Object.entries(options)) {
      assert.ok(!(key in GLOBAL_OPTIONS), `${entry.name} ${key}`);
      assert.ok(short === undefined || !shorts.has(short), `${entry.name} ${short}`);
    }
  }
});
