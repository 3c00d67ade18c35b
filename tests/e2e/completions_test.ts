/** What each shell completes, in the shell itself. */

import assert from "node:assert/strict";
import { run, temporaryFolder } from "../support.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const FILES = {
  "delembic.ini": "[delembic]\nscript_location = delembic\n\n[archive]\nscript_location = archive\n",
  "delembic/versions/D001_person.sql":
    "-- delembic revision: D001\n-- delembic description: load person\n-- delembic upgrade\nselect 1;\n",
  // it is read, and never run
  "delembic/versions/D002_visit.js":
    'Deno.writeTextFileSync("ran", "");\nexport default { revision: "D002", upgrade() {} };\n',
  "archive/versions/A1.sql": "-- delembic revision: A1\n-- delembic upgrade\nselect 1;\n",
  "bin/delembic": `#!/bin/sh\nexec "${Deno.execPath()}" run -A --quiet --no-check "${MAIN}" "$@"\n`,
};

interface Ground extends AsyncDisposable {
  readonly path: string;
  shell(...command: string[]): Promise<string>;
}

async function ground(): Promise<Ground> {
  const folder = await temporaryFolder(FILES);
  await Deno.chmod(`${folder.path}/bin/delembic`, 0o755);
  const env = { PATH: `${folder.path}/bin:${Deno.env.get("PATH")}`, TERM: "xterm", NO_COLOR: "1" };
  return {
    path: folder.path,
    shell: async (program, ...args) => {
      const { code, out, err } = await run(program ?? "", args, { cwd: folder.path, env });
      assert.equal(code, 0, out + err);
      return out;
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** A test that needs a shell. */
function testIn(shell: string, fn: (ground: Ground) => Promise<void>) {
  const found = (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/${shell}`).isFile;
    } catch {
      return false;
    }
  });
  const name = `completions: ${shell} completes commands, options, revisions, sections and files`;
  Deno.test({
    name: found ? name : `${name} (needs ${shell})`,
    ignore: !found,
    fn: async () => {
      await using place = await ground();
      await Deno.writeTextFile(`${place.path}/script`, await place.shell("delembic", "completions", shell));
      await fn(place);
      await assert.rejects(Deno.stat(`${place.path}/ran`), Deno.errors.NotFound, "a migration was run");
    },
  });
}

testIn("bash", async ({ shell }) => {
  const program = `source ./script
complete -p delembic >/dev/null || exit 9
for line in "$@"; do
  COMP_LINE=$line COMP_POINT=\${#line}
  _delembic
  echo "\${COMPREPLY[*]}"
done`;
  const cases = {
    "delembic hist": "history",
    "delembic show D00": "D001 D002",
    "delembic -n ": "delembic archive",
    "delembic -n archive show ": "A1",
    "delembic upgrade D001 --dry": "--dry-run",
    "delembic graph --format ": "text mermaid dot svg",
    // bash replaces only what is behind the =
    "delembic graph --format=m": "mermaid",
    "delembic pipeline g": "generate",
    "delembic completions f": "fish",
    "delembic -c delembic.i": "delembic.ini",
    "delembic nosuch ": "",
  };
  const out = await shell("bash", "-c", program, "bash", ...Object.keys(cases));
  assert.deepEqual(out.trimEnd().split("\n"), Object.values(cases).slice(0, -1));
});

testIn("fish", async ({ shell }) => {
  const asked = async (line: string) =>
    await shell("fish", "--no-config", "-c", `source ./script; complete -C "${line}"`);
  assert.equal(await asked("delembic show D00"), "D001\tload person\nD002\n");
  assert.equal(await asked("delembic hist"), "history\tList all migrations with their state\n");
  assert.equal(await asked("delembic -n "), "archive\ndelembic\n");
  assert.equal(await asked("delembic -c delembic.i"), "delembic.ini\n");
});

testIn("zsh", async ({ path, shell }) => {
  const program = `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PS1=; autoload -U compinit; compinit -u -D; source ${path}/script; bindkey "^I" complete-word; print RE""ADY'
until zpty -r -m z line '*READY*'; do :; done
zpty -w -n z $'delembic show D00\\t'
sleep 2
zpty -w -n z $'\\t'
zpty -r -m z line '*load person*' && print -r -- "$line"
zpty -d z
`;
  assert.match(await shell("zsh", "-f", "-c", program), /D001 +-- load person/);
});

Deno.test("completions: the script for PowerShell asks the program too", async () => {
  await using place = await ground();
  assert.match(await place.shell("delembic", "completions", "powershell"), /& \$program __complete @words/);
});

Deno.test("completions: help knows commands, and the codes of errors for those who have begun to write one", async () => {
  await using place = await ground();
  const complete = async (word: string) => (await place.shell("delembic", "__complete", "help", word)).split("\n");
  assert.deepEqual(await complete("lock-"), [
    "lock-busy\terror: Locks and interruptions",
    "lock-lost\terror: Locks and interruptions",
    "",
  ]);
  const all = await complete("");
  assert.ok(all.some((line) => line.startsWith("upgrade\t")) && !all.some((line) => line.includes("error:")));
});

Deno.test("completions: an unknown shell is refused with the list of those that there are", async () => {
  await using place = await ground();
  const { code, err } = await run(`${place.path}/bin/delembic`, ["completions", "tcsh"], { cwd: place.path });
  assert.deepEqual([code, err], [
    2,
    "Error: Argument SHELL knows no 'tcsh'\nHint: There are bash, zsh, fish, powershell.\n",
  ]);
});

Deno.test("completions: where something is wrong there is nothing to complete, and no word of it", async () => {
  await using place = await ground();
  await Deno.writeTextFile(`${place.path}/delembic.ini`, "no ini");
  assert.equal(await place.shell("delembic", "__complete", "show", ""), "");
  assert.match(await place.shell("delembic", "__complete", "sh"), /^show\t/);
});
