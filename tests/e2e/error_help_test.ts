import { deepEqual, equal, match } from "node:assert/strict";
import { readErrorReference } from "../../src/error_reference.ts";
import { temporaryFolder } from "../support.ts";
import { delembic, onEachProgram } from "./cli.ts";

const LOCK_BUSY = `lock-busy  (Locks and interruptions)

  Error: Another run holds the lock: deploy@ci-7, process 4711 (upgrade), since 2026-11-21 15:29:30+00:00; waited 60 s

One run at a time works on a database. Wait for the other one, or give
'--lock-timeout' more. The lease of a process that died runs out by itself
within a minute; 'delembic unlock --force' takes it at once. The exit code is 4.
`;

onEachProgram([], "help explains the code of an error, in a folder that is no project too", async (program) => {
  await using folder = await temporaryFolder();
  const call = (...args: string[]) => delembic(program, args, { cwd: folder.path });
  deepEqual(await call("help", "lock-busy"), { code: 0, out: LOCK_BUSY, err: "" });
  const { out } = await call("help", "lock-busy", "--json");
  deepEqual(JSON.parse(out), { help: LOCK_BUSY.trimEnd() });
});

onEachProgram([], "help for a word that means nothing suggests a command or a code", async (program) => {
  await using folder = await temporaryFolder();
  const call = (...args: string[]) => delembic(program, args, { cwd: folder.path });
  const refused = (word: string, hint: string) => ({
    code: 2,
    out: "",
    err: `Error: Unknown command '${word}'\nHint: ${hint}\n`,
  });
  deepEqual(await call("help", "upgarde"), refused("upgarde", "Did you mean 'upgrade'?"));
  deepEqual(await call("help", "lock-bsy"), refused("lock-bsy", "Did you mean 'lock-busy'?"));
  deepEqual(await call("help", "xyzzy"), refused("xyzzy", "Run 'delembic help' to see all commands."));
});

onEachProgram([], "an error names its code with -v, and help knows it", async (program) => {
  await using folder = await temporaryFolder({
    "delembic.ini": "[delembic]\nsqlalchemy.url = sqlite:///app.db\n",
    "delembic/versions/D001_fails.sql":
      "-- delembic revision: D001\n-- delembic upgrade\nselect 1;\n-- delembic validate\nselect 1 = 2;\n",
  });
  const call = (...args: string[]) => delembic(program, args, { cwd: folder.path });
  const lastLine = (text: string) => text.trimEnd().split("\n").at(-1);
  const wrong = await call("upgrade", "D009", "-v");
  equal(wrong.code, 2);
  equal(lastLine(wrong.err), "Code: unknown-target; 'delembic help unknown-target' explains it.");
  const failed = await call("upgrade", "-v");
  equal(failed.code, 1);
  match(failed.err, /^ {4}Code: validation-failed; 'delembic help validation-failed' explains it\.$/m);
  const quiet = await call("upgrade", "D009");
  equal(lastLine(quiet.err), "Hint: Run 'delembic history' to see what there is.");
  for (const code of ["unknown-target", "validation-failed"]) equal((await call("help", code)).code, 0);
});

onEachProgram([], "no code is a command's name, which help would tell of instead", async (program) => {
  await using folder = await temporaryFolder();
  const { out } = await delembic(program, ["help"], { cwd: folder.path });
  const commands = new Set([...out.matchAll(/^ {2}([a-z]+)/gm)].map(([, word]) => word));
  deepEqual([...(await readErrorReference()).keys()].filter((code) => commands.has(code)), []);
});
