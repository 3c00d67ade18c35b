/** `pipeline` as a user meets it when something is in the way: files, targets, Alembic's command, signals, a terminal. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { outside, run, testWith } from "../support.ts";
import { finished, type TestProject, until } from "../project.ts";
import { delembic, onEachProgram } from "./cli.ts";
import {
  alembic,
  bothToolsProject,
  ENV_PY,
  FRAME,
  type Script,
  scriptText,
  sqlText,
  timeless,
} from "../pipeline_ground.ts";

const TERMINAL = fileURLToPath(new URL("./terminal.py", import.meta.url));
const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

const CHAIN: Readonly<Record<string, Script>> = {
  aaa: {
    upgrade: `op.create_table("seen", sa.Column("revision", sa.String(10)), sa.Column("version", sa.String(32)))`,
  },
  bbb: { down: "aaa" },
  ccc: { down: "bbb" },
};

const MIGRATIONS: Readonly<Record<string, string>> = { "D001.sql": sqlText("D001", "aaa", "select 1") };

function chain(migrations: Readonly<Record<string, string>> = MIGRATIONS): Promise<TestProject> {
  return bothToolsProject("sqlite", CHAIN, migrations);
}

async function pipeline(project: TestProject, ...args: string[]): Promise<[number, string, string]> {
  const { code, out, err } = await project.delembic(["pipeline", ...args]);
  return [code, timeless(out), err];
}

/** Nothing was run, by either tool. */
async function assertUntouched(project: TestProject): Promise<void> {
  assert.deepEqual(await project.rows("select name from sqlite_master"), []);
}

/** A script that sleeps in `bbb`, once it has told so in a file. */
const SLEEPING: Readonly<Record<string, Script>> = {
  ...CHAIN,
  bbb: {
    down: "aaa",
    upgrade: `import pathlib, time
    pathlib.Path("sleeps").write_text(str(__import__("os").getpid()))
    time.sleep(60)`,
  },
};

async function sleeps(project: TestProject): Promise<number> {
  const file = `${project.folder}/sleeps`;
  const read = () => Deno.readTextFile(file).catch(() => "");
  await until("Alembic is at work", async () => await read() !== "");
  return Number(await read());
}

/** Whether a process is still there. */
async function isAlive(pid: number): Promise<boolean> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return status !== "" && !/^State:\s+Z/m.test(status);
}

testWith(["python"], "pipeline init: writes the file once; run without a file says what to do", async () => {
  await using project = await chain();
  assert.deepEqual(await pipeline(project, "run"), [
    2,
    "",
    "Error: pipeline.yaml not found\nHint: Use --auto or run 'delembic pipeline generate' first.\n",
  ]);
  assert.deepEqual(await pipeline(project, "init"), [
    0,
    "Created pipeline.yaml\nEdit the file to add/reorder steps, then run: delembic pipeline run\n",
    "",
  ]);
  assert.deepEqual(await pipeline(project, "init"), [
    1,
    "",
    "Error: pipeline.yaml already exists\nHint: Edit it, or write another one with --file.\n",
  ]);
  const [code, out, err] = await pipeline(project, "run");
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /Pipeline complete — 2 step\(s\) ran\.\n$/);
});

testWith(["python"], "pipeline generate: overwrites only when it is told to", async () => {
  await using project = await chain();
  await project.write({ "/pipeline.yaml": "mine\n" });
  assert.deepEqual(await pipeline(project, "generate"), [
    1,
    "",
    "Error: pipeline.yaml already exists\nHint: Overwrite it with --force, or write another file with --output.\n",
  ]);
  assert.equal(await Deno.readTextFile(`${project.folder}/pipeline.yaml`), "mine\n");
  const { code, out } = await project.delembic(["pipeline", "generate", "--json"]);
  assert.deepEqual([code, JSON.parse(out).error.code], [1, "pipeline-exists"]);
  assert.deepEqual((await pipeline(project, "generate", "--output", "other.yaml"))[0], 0);
  assert.deepEqual((await pipeline(project, "generate", "--force"))[0], 0);
  assert.equal(
    await Deno.readTextFile(`${project.folder}/pipeline.yaml`),
    await Deno.readTextFile(`${project.folder}/other.yaml`),
  );
  assert.deepEqual(await pipeline(project, "generate"), [
    0,
    "Kept pipeline.yaml, which is as it would be generated  (4 steps)\n",
    "",
  ]);
});

testWith(["python"], "pipeline generate: asks at a terminal; only yes overwrites", async () => {
  await using project = await chain();
  for (
    const { keys, text, code, kept } of [
      { keys: "n\n", text: "Aborted!", code: 1, kept: true },
      { keys: "\n", text: "Aborted!", code: 1, kept: true },
      { keys: "y\n", text: "Generated pipeline.yaml", code: 0, kept: false },
    ]
  ) {
    await project.write({ "/pipeline.yaml": "mine\n" });
    const command = [Deno.execPath(), "run", "-A", "-q", "--no-check", MAIN, "pipeline", "generate"];
    const asked = await run("python3", [TERMINAL, "80", "[y/N]:", ...command], {
      cwd: project.folder,
      env: { DELEMBIC_TEST_URL: project.db.url, NO_COLOR: "1", TERMINAL_KEYS: keys },
    });
    assert.equal(asked.code, code, asked.out);
    assert.match(asked.out, /^pipeline\.yaml already exists\. Overwrite\? \[y\/N\]: /);
    assert.ok(asked.out.includes(text), asked.out);
    assert.equal(await Deno.readTextFile(`${project.folder}/pipeline.yaml`) === "mine\n", kept);
  }
});

testWith(["python"], "pipeline generate: without Alembic, and without migrations", async () => {
  await using project = await chain({});
  assert.deepEqual(await pipeline(project, "generate", "--print"), [
    0,
    "steps:\n- name: Schema → head\n  type: alembic\n  target: head\n",
    "",
  ]);
  await project.write({ "/delembic.ini": "[delembic]\nsqlalchemy.url = sqlite:///app.db\n" });
  assert.deepEqual(await pipeline(project, "generate", "--print"), [
    2,
    "",
    "Error: Cannot auto-generate pipeline: alembic_config not set in delembic.ini\n" +
    "Hint: Set 'alembic_config = alembic.ini' (or pyproject.toml) there and try again.\n",
  ]);
});

testWith(["python"], "pipeline: graphs that contradict each other are told as a ring", async () => {
  await using project = await chain({
    "D001.sql": sqlText("D001", "ccc", "select 1"),
    "D002.sql": sqlText("D002", "D001", "select 1", "-- delembic requires_before: bbb\n"),
  });
  const ring = [
    2,
    "",
    `Error: Schema and data wait for each other in a circle: D001 → ccc → bbb → D002 → D001
  at delembic/versions/D002.sql
Hint: D001 needs Alembic revision ccc; Alembic revision ccc builds on bbb; D002 has to run before Alembic revision bbb (requiresBefore); D002 depends on D001. Take one of these out.
`,
  ];
  assert.deepEqual(await pipeline(project, "generate"), ring);
  assert.deepEqual(await pipeline(project, "run", "--auto"), ring);
  await assertUntouched(project);
});

testWith(["python"], "pipeline: an applied migration whose file is gone may still be depended on", async () => {
  await using project = await chain({
    ...MIGRATIONS,
    "D002.sql": sqlText("D002", "D001, bbb", "select 1"),
  });
  assert.equal((await alembic(project, "upgrade", "aaa")).code, 0);
  assert.equal((await project.delembic(["upgrade", "D001"])).code, 0);
  await Deno.remove(`${project.folder}/delembic/versions/D001.sql`);
  const [code, out, err] = await pipeline(project, "run", "--auto");
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /Running D002: step D002\n {2}OK/);
});

testWith(["python"], "pipeline run: targets that mean nothing are told together, before anything runs", async () => {
  await using project = await bothToolsProject("sqlite", { ...CHAIN, ddd: { down: "bbb" } }, MIGRATIONS);
  await project.write({
    "/pipeline.yaml": `steps:
- {name: one, type: alembic, target: zzz}
- {name: two, type: delembic, target: D009}
- {name: three, type: alembic, target: head}
- {name: four, type: delembic, target: D0}
`,
  });
  assert.deepEqual(await pipeline(project, "run"), [
    2,
    "",
    `Error: 3 problems in pipeline.yaml

  Step 'one': There is no Alembic revision or branch 'zzz'
    at pipeline.yaml:2
      1 | steps:
      2 | - {name: one, type: alembic, target: zzz}
    Hint: 'delembic alembic history' lists the revisions.

  Step 'two': Unknown target revision: D009
    at pipeline.yaml:3
      2 | - {name: one, type: alembic, target: zzz}
      3 | - {name: two, type: delembic, target: D009}
    Hint: Run 'delembic history' to see what there is.

  Step 'three': 'head' could be several Alembic revisions: ccc, ddd
    at pipeline.yaml:4
      3 | - {name: two, type: delembic, target: D009}
      4 | - {name: three, type: alembic, target: head}
    Hint: Write heads, which means all of them.
`,
  ]);
  await assertUntouched(project);
});

testWith(
  ["python"],
  "pipeline run: steps in the wrong order stop where they cannot go on; a dry run says so",
  async () => {
    await using project = await chain({ "D001.sql": sqlText("D001", "bbb", "select 1") });
    await project.write({
      "/pipeline.yaml": `steps:
- {name: some schema, type: alembic, target: aaa}
- {name: data, type: delembic, target: D001}
- {name: all schema, type: alembic, target: head}
`,
    });
    assert.deepEqual((await pipeline(project, "run", "--dry-run")).slice(0, 2), [
      1,
      `Running pipeline: pipeline.yaml  (3 steps)

[1/3] some schema  (alembic → aaa)
    would run: alembic upgrade aaa

[2/3] data  (delembic → D001)
    would stop at D001: step D001
    BLOCKED: Migration D001 requires Alembic revision(s) ['bbb'] to be applied first.
    Run 'alembic upgrade head' before retrying.

[3/3] all schema  (alembic → head)
    would not be reached
`,
    ]);
    assert.deepEqual(await pipeline(project, "run"), [
      1,
      `Running pipeline: pipeline.yaml  (3 steps)

[1/3] some schema  (alembic → aaa)
    done in 0.0s

[2/3] data  (delembic → D001)
Running D001: step D001
`,
      `BLOCKED: Migration D001 requires Alembic revision(s) ['bbb'] to be applied first.
Run 'alembic upgrade head' before retrying.

Pipeline stopped at step 2 of 3. Run it again to go on from there.
`,
    ]);
  },
);

/** The ini file with another command for Alembic. */
function withCommand(command: string): Record<string, string> {
  return {
    "/delembic.ini": (FRAME["/delembic.ini"] ?? "").replace(/alembic_command = .*/, `alembic_command = ${command}`),
  };
}

const UNUSABLE_HINT =
  "Hint: Install Alembic, or set 'alembic_command' in delembic.ini: .venv/bin/alembic, python -m alembic, …\n";

testWith(["python"], "pipeline run: an Alembic that cannot be run is told before anything runs", async () => {
  await using project = await chain({ "D001.sql": "-- delembic revision: D001\n-- delembic upgrade\nselect 1;\n" });
  for (
    const [command, reason] of [
      ["no-such-alembic", "Cannot run 'no-such-alembic': not found"],
      ["./bin/alembic", "Cannot run './bin/alembic': not found"],
      [
        `sh -c "echo No module named alembic >&2; exit 1"`,
        "Cannot run 'sh -c echo No module named alembic >&2; exit 1': No module named alembic",
      ],
    ] as const
  ) {
    await project.write(withCommand(command));
    assert.deepEqual(await pipeline(project, "run", "--auto"), [2, "", `Error: ${reason}\n${UNUSABLE_HINT}`]);
    await assertUntouched(project);
  }
  await project.write(withCommand(`"never closed`));
  assert.deepEqual((await pipeline(project, "run", "--auto"))[0], 2);
});

testWith(
  ["python"],
  "pipeline run: Alembic is called in its folder, with its file and the section of ours",
  async () => {
    await using project = await chain();
    const ini = `[alembic]
script_location = nowhere
[prod]
script_location = %(here)s/migrations
path_separator = os
`;
    const log = `${project.folder}/calls.txt`;
    await project.write({
      "/delembic.ini": `[delembic.source.none]
url = sqlite:///none.db
[prod]
script_location = delembic
sqlalchemy.url = \${DELEMBIC_TEST_URL}
alembic_config = schema/alembic.ini
alembic_command = "./my tools/alembic" --raiseerr
`,
      "/schema/alembic.ini": ini,
      "/my tools/alembic": `#!/bin/sh\necho "$PWD $*" >> '${log}'\nexec '${outside.python}' -m alembic "$@"\n`,
    });
    await Deno.chmod(`${project.folder}/my tools/alembic`, 0o755);
    await Deno.rename(`${project.folder}/migrations`, `${project.folder}/schema/migrations`);
    const { code, out, err } = await project.delembic(["-n", "prod", "pipeline", "run", "--auto"]);
    assert.deepEqual([code, err], [0, ""], out);
    const folder = `${project.folder}/schema`;
    assert.deepEqual((await Deno.readTextFile(log)).trim().split("\n"), [
      `${folder} --raiseerr -c alembic.ini -n prod --version`,
      `${folder} --raiseerr -c alembic.ini -n prod upgrade aaa`,
      `${folder} --raiseerr -c alembic.ini -n prod upgrade head`,
    ]);
  },
);

testWith(["python"], "pipeline run: Alembic's configuration may be pyproject.toml", async () => {
  await using project = await chain();
  await Deno.remove(`${project.folder}/alembic.ini`);
  await project.write({
    "/delembic.ini": (FRAME["/delembic.ini"] ?? "").replace("= alembic.ini", "= pyproject.toml"),
    "/pyproject.toml": '[tool.alembic]\nscript_location = "%(here)s/migrations"\n',
  });
  const [code, out, err] = await pipeline(project, "run", "--auto");
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /Pipeline complete — 3 step\(s\) ran, 1 already there\./);
});

testWith(["python"], "pipeline run: an Alembic that works on another database is found out", async () => {
  await using project = await chain();
  const { code, out, err } = await project.delembic(["pipeline", "run", "--auto"], {
    PYTHON_URL: `sqlite:///${project.folder}/other.db`,
  });
  assert.deepEqual([code, timeless(out)], [
    1,
    "Auto-generated pipeline  (4 steps)\n\n[1/4] Schema → aaa  (alembic → aaa)\n",
  ]);
  assert.equal(
    err,
    `Error: Alembic is done, but aaa is not in the database that Delembic uses: ${project.db.url}
Hint: Alembic goes where its env.py says. Let env.py and delembic.ini name the same database and version table.

Pipeline stopped at step 1 of 4. Run it again to go on from there.
`,
  );
});

testWith(["python"], "pipeline run --url: says that Alembic does not know of it", async () => {
  await using project = await chain();
  const ran = () => project.delembic(["--url", project.db.url, "pipeline", "run", "--auto"]);
  const first = await ran();
  assert.deepEqual([first.code, first.err], [
    0,
    `Warning: Alembic does not know of --url
  It connects as its env.py says; let that name the same database.
`,
  ]);
  const second = await ran();
  assert.deepEqual([second.code, second.err], [0, ""]);
});

testWith(
  ["python"],
  "pipeline run --json: stdout is one document, what Alembic prints is among the events on stderr",
  async () => {
    await using project = await chain();
    await project.write({
      "/migrations/versions/bbb_script.py": scriptText("bbb", {
        down: "aaa",
        upgrade: 'print("bbb speaks")\n    raise RuntimeError("not today")',
      }),
    });
    const { code, out, err } = await project.delembic(["pipeline", "run", "--auto", "--json"]);
    assert.equal(code, 1);
    const { steps, applied, failed, blocked, upToDate } = JSON.parse(out);
    assert.deepEqual(
      steps.map(({ name, status }: Record<string, string>) => [name, status]),
      [
        ["Schema → aaa", "done"],
        ["Data: step D001", "done"],
        ["Schema → head", "failed"],
        ["Data migrations → head", "not-reached"],
      ],
    );
    assert.deepEqual(applied.map(({ revision }: Record<string, string>) => revision), ["D001"]);
    assert.deepEqual([blocked, upToDate], [[], false]);
    assert.deepEqual([failed.step, failed.name, failed.code], [3, "Schema → head", "alembic-failed"]);
    const events = err.trim().split("\n").map((line) => JSON.parse(line));
    const told = events.map(({ event, step, line, status }) =>
      [event, step ?? line, status].filter((part) => part).join(" ")
    );
    assert.deepEqual(told.slice(0, 6), ["step 1", "step-ended 1 done", "step 2", "running", "ok", "step-ended 2 done"]);
    assert.deepEqual([told[6], told[7], told.at(-1)], ["step 3", "alembic bbb speaks", "step-ended 3 failed"]);
    assert.ok(told.includes("alembic RuntimeError: not today"));
  },
);

testWith(["python"], "pipeline run --quiet: what Alembic prints is shown only when it fails", async () => {
  await using project = await chain();
  const bbb = (upgrade: string) => ({
    "/migrations/versions/bbb_script.py": scriptText("bbb", { down: "aaa", upgrade }),
  });
  await project.write(bbb('print("bbb speaks")\n    raise RuntimeError("not today")'));
  const [code, out, err] = await pipeline(project, "run", "--auto", "--quiet");
  assert.deepEqual([code, out], [1, ""]);
  assert.match(err, /^bbb speaks\nTraceback [^]*RuntimeError: not today\nError: .* ended with exit code 1\n/);
  await project.write(bbb('print("bbb speaks")'));
  assert.deepEqual(await pipeline(project, "run", "--auto", "--quiet"), [0, "", ""]);
});

for (const [signal, code] of [["SIGTERM", 143], ["SIGINT", 130]] as const) {
  testWith(["python"], `pipeline run: ${signal} ends Alembic too, and the next run goes on`, async () => {
    await using project = await bothToolsProject("sqlite", SLEEPING, MIGRATIONS);
    const child = project.start(["pipeline", "run", "--auto"]);
    const pid = await sleeps(project);
    child.kill(signal);
    const ended = await finished(child);
    assert.equal(ended.code, code, ended.err);
    assert.equal(await isAlive(pid), false);
    assert.match(
      ended.err,
      new RegExp(`  INTERRUPTED: Interrupted by ${signal}\n\nPipeline stopped at step 3 of 4\\. Run it again to go on`),
    );
    await project.write({ "/migrations/versions/bbb_script.py": scriptText("bbb", { down: "aaa" }) });
    const [again, out] = await pipeline(project, "run", "--auto");
    assert.equal(again, 0);
    assert.match(out, /\n\nPipeline complete — 1 step\(s\) ran, 3 already there\.\n$/);
  });
}

testWith(
  ["python"],
  "pipeline run: a signal during a data migration rolls it back, and the next run does it",
  async () => {
    const slow = (milliseconds: number) =>
      `export default {
  revision: "D001",
  dependsOn: ["aaa"],
  description: "slow",
  async upgrade({ sql }) {
    await sql\`insert into seen (revision, version) values ('D001', 'aaa')\`;
    await Deno.writeTextFile("sleeps", String(Deno.pid));
    await new Promise((resolve) => setTimeout(resolve, ${milliseconds}));
  },
};
`;
    await using project = await chain({ "D001.ts": slow(60_000) });
    const child = project.start(["pipeline", "run", "--auto"]);
    await sleeps(project);
    child.kill("SIGTERM");
    const ended = await finished(child);
    assert.equal(ended.code, 143);
    assert.equal(
      ended.err,
      "  INTERRUPTED: Interrupted by SIGTERM\n\nPipeline stopped at step 2 of 4. Run it again to go on from there.\n",
    );
    await project.write({ "D001.ts": slow(0) });
    assert.equal((await pipeline(project, "run", "--auto"))[0], 0);
    assert.deepEqual(await project.rows("select revision, version from seen"), ["D001 | aaa"]);
  },
);

testWith(["python"], "pipeline run: who waits for an Alembic that does not end is told how to end it", async () => {
  const deaf = `import os, pathlib, signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    pathlib.Path("sleeps").write_text(str(os.getpid()))
    time.sleep(60)`;
  await using project = await bothToolsProject("sqlite", { ...CHAIN, bbb: { down: "aaa", upgrade: deaf } }, MIGRATIONS);
  const child = project.start(["pipeline", "run", "--auto"]);
  const pid = await sleeps(project);
  child.kill("SIGTERM");
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  child.kill("SIGTERM");
  const ended = await finished(child);
  assert.equal(ended.code, 143);
  assert.match(ended.err, /^Waiting for Alembic to end; a second signal ends it at once\.$/m);
  assert.equal(await isAlive(pid), false);
});

testWith(["python"], "pipeline run: Ctrl-C at a terminal reaches Alembic once", async () => {
  await using project = await bothToolsProject("sqlite", {
    ...SLEEPING,
    bbb: {
      down: "aaa",
      upgrade: `import time
    try:
        print("asleep", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        time.sleep(0.4)
        print("cleaned up", flush=True)
        raise`,
    },
  }, MIGRATIONS);
  const command = [Deno.execPath(), "run", "-A", "-q", "--no-check", MAIN, "pipeline", "run", "--auto"];
  const { code, out } = await run("python3", [TERMINAL, "80", "asleep", ...command], {
    cwd: project.folder,
    env: { DELEMBIC_TEST_URL: project.db.url, PYTHON_URL: project.db.pythonUrl, NO_COLOR: "1" },
  });
  assert.equal(code, 130, out);
  assert.match(out, /cleaned up/);
  assert.match(out, /INTERRUPTED: Interrupted by SIGINT/);
});

testWith(["python"], "pipeline run: a second signal ends everything at once", async () => {
  await using project = await bothToolsProject("sqlite", {
    ...SLEEPING,
    bbb: {
      down: "aaa",
      upgrade: `import os, pathlib, signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    pathlib.Path("sleeps").write_text(str(os.getpid()))
    time.sleep(60)`,
    },
  }, MIGRATIONS);
  const child = project.start(["pipeline", "run", "--auto"]);
  const pid = await sleeps(project);
  child.kill("SIGTERM");
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(await isAlive(pid), true);
  child.kill("SIGTERM");
  assert.equal((await finished(child)).code, 143);
  await until("Alembic is gone", async () => !await isAlive(pid), 5_000);
});

testWith(["python"], "pipeline run --max-time: ends Alembic when the time is up", async () => {
  await using project = await bothToolsProject("sqlite", SLEEPING, MIGRATIONS);
  assert.equal((await alembic(project, "upgrade", "aaa")).code, 0);
  const { code, err } = await project.delembic(["pipeline", "run", "--auto", "--max-time", "6"]);
  assert.equal(code, 124, err);
  const again = await project.delembic(["pipeline", "run", "--auto", "--max-time", "6", "--json"]);
  assert.deepEqual([again.code, JSON.parse(again.out).error], [124, {
    code: "time-up",
    message: "The time given with --max-time is used up",
    hint: "What is done stays. Run 'delembic pipeline run' again to go on from there.",
  }]);
  assert.equal(await isAlive(await sleeps(project)), false);
  assert.match(err, / {2}INTERRUPTED: The time given with --max-time is used up\n/);
});

testWith(["python"], "pipeline run: a run of migrations that has the lock is waited for", async () => {
  await using project = await bothToolsProject("sqlite", CHAIN, {
    ...MIGRATIONS,
    "D000.ts": `export default {
  revision: "D000",
  description: "slow",
  async upgrade() {
    await Deno.writeTextFile("sleeps", String(Deno.pid));
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  },
};
`,
  });
  const child = project.start(["upgrade", "D000"]);
  await sleeps(project);
  const [code, , err] = await pipeline(project, "run", "--auto", "--lock-timeout", "0.5");
  assert.equal(code, 4, err);
  assert.match(err, /\n\nPipeline stopped at step 1 of 4\. Run it again to go on from there\.\n$/);
  child.kill("SIGTERM");
  assert.equal((await finished(child)).code, 143);
});

testWith(["python"], "pipeline run: rejects options that exclude each other", async () => {
  await using project = await chain();
  assert.deepEqual(await pipeline(project, "run", "--auto", "--file", "x.yaml"), [
    2,
    "",
    "Error: Options '--auto' and '--file' exclude each other\n",
  ]);
  assert.deepEqual(await pipeline(project, "generate", "--print", "--force"), [
    2,
    "",
    "Error: Options '--print' and '--force' exclude each other\n",
  ]);
});

testWith(["python"], "pipeline run: a file elsewhere, with an env.py of the usual template", async () => {
  await using project = await chain();
  await project.write({ "/deploy/steps.yml": "steps: [{name: all, type: alembic, target: head}]\n" });
  await project.write({ "/migrations/env.py": `${ENV_PY}\nprint("env.py is done")\n` });
  const [code, out, err] = await pipeline(project, "run", "--file", "deploy/steps.yml");
  assert.deepEqual([code, err], [0, ""]);
  assert.equal(
    out,
    `Running pipeline: deploy/steps.yml  (1 steps)

[1/1] all  (alembic → head)
env.py is done
    done in 0.0s

Pipeline complete — 1 step(s) ran.
`,
  );
});

onEachProgram(
  ["python"],
  "a pipeline is generated, read with its faults, and run to a failure and on",
  async (program) => {
    await using project = await chain();
    const call = async (...args: string[]) => {
      const { code, out, err } = await delembic(program, ["pipeline", ...args], {
        cwd: project.folder,
        env: { DELEMBIC_TEST_URL: project.db.url, PYTHON_URL: project.db.pythonUrl },
      });
      return [code, timeless(out), err] as const;
    };
    const bbb = (upgrade: string) => ({
      "/migrations/versions/bbb_script.py": scriptText("bbb", { down: "aaa", upgrade }),
    });
    assert.equal((await call("generate"))[0], 0);
    await project.write({
      "/bad.yaml": "steps: [{name: x, type: alembic}]\n",
      ...bbb('raise RuntimeError("not today")'),
    });
    assert.match((await call("run", "--file", "bad.yaml"))[2], /^Error: Step 1 has no target\n {2}at bad\.yaml:1:9\n/);
    const [failed, , err] = await call("run");
    assert.equal(failed, 1);
    assert.match(err, /\nRuntimeError: not today\nError: .* ended with exit code 1\n/);
    await project.write(bbb("pass"));
    const [code, out] = await call("run");
    assert.equal(code, 0);
    assert.match(out, /\nPipeline complete — 1 step\(s\) ran, 3 already there\.\n$/);
  },
);
