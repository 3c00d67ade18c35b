import { deepEqual, equal, match, ok } from "node:assert/strict";
import { parse } from "yaml";
import { outside, run, temporaryFolder, testWith } from "../support.ts";
import { type ActionRun, readAction, ROOT, runAction } from "./action.ts";
import { blocksOf } from "./readme.ts";

const INI = "[delembic]\nscript_location = delembic\nsqlalchemy.url = ${DATABASE_URL}\n";
const TABLE = "-- delembic revision: D001\n-- delembic description: people\n-- delembic upgrade\n" +
  "create table person (name text unique);\n";
const ROWS = "-- delembic revision: D002\n-- delembic depends_on: D001\n-- delembic upgrade\n" +
  "insert into person values ('Ada');\n";
const TWICE = ROWS + "insert into person values ('Ada');\n";

/** A repository with a project in `app/`, and the program from source as its executable. */
async function repository(migrations: Record<string, string>, more: Record<string, string> = {}) {
  const folder = await temporaryFolder({
    "bin/delembic": `#!/bin/sh\nexec '${Deno.execPath()}' run -A --quiet --no-check '${ROOT}/main.ts' "$@"\n`,
    "repo/app/delembic.ini": INI,
    "repo/app/delembic/versions/.gitkeep": "",
    "temp/.keep": "",
    ...Object.fromEntries(
      Object.entries(migrations).map(([name, text]) => [`repo/app/delembic/versions/${name}`, text]),
    ),
    ...more,
  });
  await Deno.chmod(`${folder.path}/bin/delembic`, 0o755);
  const call = (inputs: Record<string, string>, env: Record<string, string> = {}): Promise<ActionRun> =>
    runAction({ binary: `${folder.path}/bin/delembic`, "working-directory": "app", ...inputs }, {
      workspace: `${folder.path}/repo`,
      temp: `${folder.path}/temp`,
      env: { DATABASE_URL: "sqlite:///app.db", ...env },
    });
  return { path: folder.path, call, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** The lines by which the runner makes annotations. */
function annotations({ log }: ActionRun): string[] {
  return log.split("\n").filter((line) => /^\s*::|##\[/.test(line));
}

Deno.test("action.yml: no input is a part of a script, each is described, and all of them are used", async () => {
  const { inputs, outputs, runs } = await readAction();
  const text = await Deno.readTextFile(`${ROOT}/action.yml`);
  equal(runs.using, "composite");
  for (const step of runs.steps) ok(!step.run.includes("${{"), step.name);
  for (const [name, { description }] of Object.entries({ ...inputs, ...outputs })) {
    match(description, /^[A-Z].*\.$/s, name);
  }
  for (const name of Object.keys(inputs)) {
    ok(text.includes(`\${{ inputs.${name} }}`) || text.includes(`inputs.${name} ==`), name);
  }
});

Deno.test("action.yml: runs upgrade, and tells what it did in outputs and on the page", async () => {
  await using repo = await repository({ "D001_people.sql": TABLE, "D002_rows.sql": ROWS });
  const ran = await repo.call({});
  ok(ran.succeeded, ran.log);
  const { json, binary, ...counts } = ran.outputs;
  deepEqual(counts, { applied: "2", pending: "0" });
  deepEqual(JSON.parse(json ?? "").upToDate, false);
  equal(binary, `${repo.path}/bin/delembic`);
  deepEqual(ran.path, [`${repo.path}/bin`]);
  match(ran.log, /^delembic \d+\.\d+\.\d+\nRunning D001: people\n {2}OK \(\d\.\d\ds\)\nRunning D002\n {2}OK/);
  deepEqual(annotations(ran), []);
  equal(
    ran.summary.replace(/\d\.\d\ds/g, "0.00s").replace(/ {2}classDef .*\n/g, ""),
    "### ✅ <code>delembic upgrade</code>: done\n\n" +
      "2 applied now, 2 of 2 are applied\n\n" +
      "| Revision | Description | State | Took |\n| --- | --- | --- | --- |\n" +
      "| <code>D001</code> | people | ✅ applied now | 0.00s |\n" +
      "| <code>D002</code> |  | ✅ applied now | 0.00s |\n\n" +
      '```mermaid\nflowchart TD\n  n0("● D001<br/>people"):::applied\n  n1("● D002"):::applied\n  n0 --> n1\n```\n',
  );
  const again = await repo.call({ command: "check" });
  deepEqual([again.succeeded, again.outputs["applied"], again.outputs["pending"]], [true, "0", "0"]);
});

Deno.test("action.yml: a failure stands beside its line, and the step fails", async () => {
  await using repo = await repository({ "D001_people.sql": TABLE, "D002_rows.sql": TWICE });
  const ran = await repo.call({});
  equal(ran.succeeded, false);
  deepEqual([ran.outputs["applied"], ran.outputs["pending"]], ["1", "1"]);
  equal(JSON.parse(ran.outputs["json"] ?? "").failed.error, "UNIQUE constraint failed: person.name");
  deepEqual(annotations(ran), [
    "::error file=app/delembic/versions/D002_rows.sql,line=5,col=1,title=D002 failed::" +
    "UNIQUE constraint failed: person.name",
  ]);
  match(
    ran.summary,
    /^### ❌ <code>delembic upgrade<\/code>: exit code 1\n\n1 applied now, 1 of 2 are applied\n\n> ❌ /,
  );
  ok(ran.summary.includes("| <code>D002</code> |  | ❌ failed |  |"));
});

Deno.test("action.yml: what waits for the schema is blocked, and says for what", async () => {
  const script = 'revision = "3d1e3e6abc12"\ndown_revision = None\n\n\ndef upgrade():\n    pass\n';
  await using repo = await repository({
    "D001_people.sql": TABLE.replace("D001\n", "D001\n-- delembic depends_on: 3d1e3e6abc12\n"),
  }, {
    "repo/app/delembic.ini": `${INI}alembic_config = alembic.ini\n`,
    "repo/app/alembic.ini": "[alembic]\nscript_location = migrations\n",
    "repo/app/migrations/versions/3d1e3e6abc12_person.py": script,
  });
  const ran = await repo.call({});
  deepEqual([ran.succeeded, ran.outputs["applied"], ran.outputs["pending"]], [false, "0", "1"]);
  deepEqual(annotations(ran), [
    "::error file=app/delembic/versions/D001_people.sql,title=D001 is blocked::Migration D001 requires Alembic " +
    "revision(s) ['3d1e3e6abc12'] to be applied first.%0ARun 'alembic upgrade head' before retrying.",
  ]);
  ok(ran.summary.includes("| <code>D001</code> | people | ⛔ blocked |  |"), ran.summary);
  const check = await repo.call({ command: "check", args: "--allow-pending" });
  deepEqual([check.succeeded, annotations(check)], [true, []]);
});

Deno.test("action.yml: fail-on-pending fails with what is not applied, and not when all is", async () => {
  await using repo = await repository({ "D001_people.sql": TABLE, "D002_rows.sql": ROWS });
  const dry = await repo.call({ args: "--dry-run", "fail-on-pending": "true" });
  equal(dry.succeeded, false);
  deepEqual(
    annotations(dry).filter((line) => line.startsWith("::error")),
    ["D001_people", "D002_rows"].map((name) =>
      `::error file=app/delembic/versions/${name}.sql,title=${name.slice(0, 4)} is not applied::` +
      `Migration ${name.slice(0, 4)} is not applied.%0ARun 'delembic upgrade'.`
    ),
  );
  equal(dry.summary.match(/^###/gm)?.length, 1);
  const some = await repo.call({ args: "D001", "fail-on-pending": "true" });
  deepEqual([some.succeeded, some.outputs["applied"], some.outputs["pending"]], [false, "1", "1"]);
  const all = await repo.call({ "fail-on-pending": "true" });
  deepEqual([all.succeeded, all.outputs["applied"], all.outputs["pending"]], [true, "1", "0"]);
  ok(all.log.endsWith("Everything is applied.\n"), all.log);
});

Deno.test("action.yml: a pull request may bring migrations, and may not change applied ones", async () => {
  await using repo = await repository({ "D001_people.sql": TABLE });
  ok((await repo.call({})).succeeded);
  await Deno.writeTextFile(`${repo.path}/repo/app/delembic/versions/D002_rows.sql`, ROWS);
  const input = { command: "check", args: "--allow-pending" };
  const brings = await repo.call(input);
  deepEqual([brings.succeeded, brings.outputs["pending"]], [true, "1"]);
  ok(brings.log.endsWith("Nothing is wrong; 1 to be applied.\n"), brings.log);
  await Deno.writeTextFile(`${repo.path}/repo/app/delembic/versions/D001_people.sql`, `${TABLE}-- more\n`);
  const changes = await repo.call(input);
  equal(changes.succeeded, false);
  match(
    annotations(changes).join("\n"),
    /^::error file=app\/delembic\/versions\/D001_people\.sql,title=D001 was changed::[^\n]*$/,
  );
});

Deno.test("action.yml: every fault of the files is an annotation, and the summary is there without a database", async () => {
  await using repo = await repository({
    "D001_people.sql": "-- delembic revision: D001\n-- delembic depnds_on: D000\n-- delembic upgrade\nselect 1;\n",
    "D002_a.sql": "-- delembic revision: D002\n-- delembic depends_on: D999\n-- delembic upgrade\nselect 1;\n",
    "D002_b.sql": "-- delembic revision: D002\n-- delembic upgrade\nselect 1;\n",
  });
  const ran = await repo.call({});
  equal(ran.succeeded, false);
  equal(ran.outputs["applied"], "0");
  const files = annotations(ran).map((line) => /^::error file=([^,]+),/.exec(line)?.[1]);
  ok(
    files.includes("app/delembic/versions/D001_people.sql") && files.includes("app/delembic/versions/D002_b.sql"),
    ran.log,
  );
  ok(files.every((file) => file !== undefined), ran.log);
  match(ran.summary, /^### ❌ <code>delembic upgrade<\/code>: exit code 2\n/);
  const unreachable = await repo.call({ url: "postgresql://nobody:s3cret-word@127.0.0.1:1/none" });
  equal(unreachable.succeeded, false);
  equal(unreachable.outputs["pending"], "");
  ok(!(unreachable.log + unreachable.summary).includes("s3cret-word"));
  match(unreachable.summary, /^### ❌ <code>delembic upgrade<\/code>: exit code \d\n\n> ❌ \*\*Delembic&#58; /);
});

Deno.test("action.yml: names, descriptions and errors cannot command the runner, nor break the page", async () => {
  const name = "D001_a,line=1::b%0A `|<script>alert(1)<∕script>.sql";
  const hostile = "::stop-commands::x | <img src=x onerror=alert(1)> `code` ##[add-mask]y";
  await using repo = await repository({
    [name]: `-- delembic revision: D001\n-- delembic description: ${hostile}\n-- delembic upgrade\n` +
      `create table a (b text check (b <> 'x'));\ninsert into "##[error]\n::error::oops" values (1);\n`,
  });
  const ran = await repo.call({});
  equal(ran.succeeded, false);
  const [only, ...others] = annotations(ran);
  deepEqual(others, []);
  ok(
    only?.startsWith(
      "::error file=app/delembic/versions/D001_a%2Cline=1%3A%3Ab%250A `|<script>alert(1)<∕script>.sql,line=5,col=1," +
        "title=D001 failed::",
    ),
    only,
  );
  ok(!ran.summary.includes("<script>") && !ran.summary.includes("<img"), ran.summary);
  equal(ran.summary.match(/^\| .*/gm)?.length, 3, ran.summary);
  match(ran.summary, /^\| <code>D001<\/code> \| &#58;&#58;stop-commands&#58;&#58;x &#124; .* \| ❌ failed \| {2}\|$/m);
});

Deno.test("action.yml: a schema change that looks as if it needs data stands beside its line", async () => {
  const script = (revision: string, down: string, body: string) =>
    `import sqlalchemy as sa\nfrom alembic import op\n\nrevision = "${revision}"\ndown_revision = ${down}\n\n\n` +
    `def upgrade():\n    ${body}\n`;
  await using repo = await repository({
    "D001_people.sql": TABLE.replace("D001\n", "D001\n-- delembic depends_on: aaaa\n"),
  }, {
    "repo/app/delembic.ini": `${INI}alembic_config = alembic.ini\n`,
    "repo/app/alembic.ini": "[alembic]\nscript_location = migrations\n",
    "repo/app/migrations/versions/aaaa.py": script(
      "aaaa",
      "None",
      "op.create_table('visit', sa.Column('id', sa.Integer()))",
    ),
    "repo/app/migrations/versions/bbbb.py": script("bbbb", '"aaaa"', "op.alter_column('visit', 'day', nullable=False)"),
  });
  const ran = await repo.call({ command: "check", args: "--schema" });
  equal(ran.succeeded, false);
  match(
    annotations(ran).filter((line) => line.startsWith("::error")).join("\n"),
    /^::error file=app\/migrations\/versions\/bbbb\.py,line=9,(?:col=\d+,)?title=No data migration::[^\n]*day[^\n]*%0ARun 'delembic rev[^\n]*$/,
  );
});

Deno.test("action.yml: a step of a pipeline that Alembic refuses is told, and the outputs count what was done before it", async () => {
  await using repo = await repository({ "D001_people.sql": TABLE }, {
    "repo/app/delembic.ini": `${INI}alembic_config = alembic.ini\nalembic_command = sh alembic.sh\n`,
    "repo/app/alembic.sh": 'case "$*" in *--version*) echo alembic 1.20.1 ;; *) exit 3 ;; esac\n',
    "repo/app/alembic.ini": "[alembic]\nscript_location = migrations\n",
    "repo/app/migrations/versions/3d1e3e6abc12_person.py": 'revision = "3d1e3e6abc12"\ndown_revision = None\n',
    "repo/app/pipeline.yaml": "steps:\n- { name: people, type: delembic, target: D001 }\n" +
      "- { name: schema, type: alembic, target: head }\n",
  });
  const ran = await repo.call({ command: "pipeline run" });
  deepEqual([ran.succeeded, ran.outputs["applied"], ran.outputs["pending"]], [false, "1", "0"], ran.log);
  match(annotations(ran).join("\n"), /^::error title=Delembic%3A [\w-]+::[^\n]*exit code 3[^\n]*$/);
});

Deno.test("action.yml: what is in inputs is never run, and a path may have blanks", async () => {
  await using repo = await repository({ "D001_people.sql": TABLE });
  await Deno.rename(`${repo.path}/repo/app/delembic.ini`, `${repo.path}/repo/app/my $(touch hacked) 'app'.ini`);
  const ran = await repo.call({ config: "my $(touch hacked) 'app'.ini", args: "head --lock-timeout 5" });
  ok(ran.succeeded, ran.log);
  const odd = await repo.call({
    config: "my $(touch hacked) 'app'.ini",
    command: "current",
    args: "$(touch${IFS}hacked) *",
  });
  equal(odd.succeeded, false);
  match(odd.log, /Error: Unexpected argument '\$\(touch\$\{IFS\}hacked\)'\n/);
  deepEqual(
    [...Deno.readDirSync(`${repo.path}/repo/app`)].map(({ name }) => name).filter((name) => name === "hacked"),
    [],
  );
  const two = await repo.call({ config: "my $(touch hacked) 'app'.ini", command: "alembic current" });
  match(two.summary, /^### . <code>delembic alembic current<\/code>/u);
});

Deno.test("docs: the steps with the action are those of this release, and run", async () => {
  const page = await Deno.readTextFile(`${ROOT}/docs/how-to/ci.md`);
  const blocks = blocksOf(page).filter(({ language }) => language === "yaml");
  const jobs = blocks.flatMap(({ text }) => Object.values<{ steps?: unknown[] }>(parse(text).jobs ?? {}));
  const steps = jobs.flatMap(({ steps = [] }) => steps as { uses?: string; with: Record<string, string> }[])
    .filter(({ uses = "" }) => uses.startsWith("delembic/"));
  equal(steps.length, 3);
  await using repo = await repository({ "D001_people.sql": TABLE });
  const url = `sqlite:///${repo.path}/app.db`;
  for (const { uses, with: inputs } of steps) {
    equal(uses, `delembic/delembic@v${VERSION}`);
    // the schema's scripts are read without a database; there are none here
    if (inputs.url === undefined) continue;
    match(inputs.url, /^\$\{\{ secrets\.\w+ \}\}$/);
    const ran = await repo.call({ ...inputs, url });
    ok(ran.succeeded, ran.log);
  }
});

const VERSION = JSON.parse(await Deno.readTextFile(`${ROOT}/deno.json`)).version;
const TARGET = "x86_64-unknown-linux-gnu";

/** A server of releases; with what is to be wrong. */
async function releases(folder: string, wrong: { sum?: string; unnamed?: boolean } = {}) {
  await run("tar", ["-czf", `${folder}/delembic-${TARGET}.tar.gz`, "-C", `${folder}/bin`, "delembic"]);
  const archive = await Deno.readFile(`${folder}/delembic-${TARGET}.tar.gz`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", archive)).toHex();
  const sums = wrong.unnamed ? "" : `${wrong.sum ?? digest}  delembic-${TARGET}.tar.gz\n`;
  const asked: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    const name = /^\/releases\/(?:download\/v[^/]+|latest\/download)\/([^/]+)$/.exec(pathname)?.[1];
    if (name === "SHA256SUMS") return new Response(`${"0".repeat(64)}  delembic-other.tar.gz\n${sums}`);
    if (name === `delembic-${TARGET}.tar.gz`) return new Response(archive);
    return new Response("none", { status: 404 });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/releases`,
    asked,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("action.yml: fetches the release that it belongs to, another one, or the latest", async () => {
  await using repo = await repository({ "D001_people.sql": TABLE });
  await using server = await releases(repo.path);
  const fetched = { binary: "", "download-url": server.url, command: "history" };
  const own = await repo.call(fetched);
  ok(own.succeeded, own.log);
  const { binary = "" } = own.outputs;
  ok(binary.startsWith(`${repo.path}/temp/delembic-`) && binary.endsWith("/delembic"), binary);
  deepEqual(own.path, [binary.replace(/\/delembic$/, "")]);
  deepEqual([...Deno.readDirSync(own.path[0] ?? "")].map(({ name }) => name), ["delembic"]);
  ok((await repo.call({ ...fetched, version: "0.0.9" })).succeeded);
  ok((await repo.call({ ...fetched, version: "v0.0.9" })).succeeded);
  ok((await repo.call({ ...fetched, version: "latest" })).succeeded);
  const archive = `delembic-${TARGET}.tar.gz`;
  deepEqual(
    server.asked,
    [`download/v${VERSION}`, "download/v0.0.9", "download/v0.0.9", "latest/download"].flatMap((folder) => [
      `/releases/${folder}/SHA256SUMS`,
      `/releases/${folder}/${archive}`,
    ]),
  );
});

Deno.test("action.yml: runs nothing whose checksum is another one, or that is not there", async () => {
  await using repo = await repository({ "D001_people.sql": TABLE });
  const fails = async (
    wrong: { sum?: string; unnamed?: boolean },
    env: Record<string, string>,
    inputs: Record<string, string> = {},
  ) => {
    await using server = await releases(repo.path, wrong);
    const ran = await repo.call({ binary: "", "download-url": server.url, ...inputs }, env);
    deepEqual([ran.succeeded, ran.outputs["binary"], ran.path], [false, "", []], ran.log);
    return annotations(ran).join("\n").replaceAll(server.url, "URL");
  };
  equal(
    await fails({ sum: "f".repeat(64) }, {}),
    `::error title=Delembic::delembic-${TARGET}.tar.gz is not the file that the release was made with: its SHA-256 is another one.`,
  );
  equal(
    await fails({ unnamed: true }, {}),
    `::error title=Delembic::SHA256SUMS of the release does not name delembic-${TARGET}.tar.gz`,
  );
  equal(
    await fails({}, { RUNNER_ARCH: "ARM64" }),
    `::error title=Delembic::Cannot fetch URL/download/v${VERSION}/delembic-aarch64-unknown-linux-gnu.tar.gz`,
  );
  equal(
    await fails({}, { RUNNER_OS: "Linux", RUNNER_ARCH: "ARM" }),
    "::error title=Delembic::There is no executable for Linux on ARM; name your own with the input 'binary'.",
  );
  equal(
    await fails({}, {}, { version: "../../evil" }),
    "::error title=Delembic::The input 'version' is a number as 0.1.0, or latest.",
  );
  equal(
    await fails({}, {}, { binary: "/nowhere/delembic" }),
    "::error title=Delembic::The input 'binary' names no file.",
  );
});

testWith(["executable"], "action.yml: runs the executable itself", async () => {
  await using repo = await repository({ "D001_people.sql": TABLE });
  const ran = await repo.call({ binary: outside.executable ?? "" });
  ok(ran.succeeded, ran.log);
  deepEqual([ran.outputs["applied"], ran.outputs["pending"]], ["1", "0"]);
});
