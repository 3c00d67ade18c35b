import { deepEqual, equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { RELEASE_TARGETS } from "../../tools/release_targets.ts";
import { outside, type Ran, run, temporaryFolder, testWith } from "../support.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");
const WORKFLOWS = `${ROOT}/.github/workflows`;

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly needs?: string | readonly string[];
  readonly uses?: string;
  readonly environment?: unknown;
  readonly steps?: readonly Step[];
  readonly "timeout-minutes"?: number;
  readonly strategy?: { readonly matrix: { readonly include: readonly { readonly target: string }[] } };
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

async function workflow(name: string): Promise<Workflow> {
  return parse(await Deno.readTextFile(`${WORKFLOWS}/${name}.yml`));
}

async function lint(program: string, ...args: string[]): Promise<void> {
  const ran: Ran = await run(`${outside.linters}/${program}`, args, {
    cwd: ROOT,
    env: { PATH: `${outside.linters}:${Deno.env.get("PATH")}`, NO_COLOR: "1" },
  });
  equal(ran.out + ran.err, "", `${program} ${args.join(" ")}`);
  equal(ran.code, 0);
}

const NOT_OURS = [".git", "node_modules", "bundle", "dist", ".venv"];

/** The paths of the project's files that fit, sorted. */
async function filesWhere(fits: (path: string) => boolean | Promise<boolean>, folder = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory, isFile } of Deno.readDir(`${ROOT}/${folder}`)) {
    const path = `${folder}${name}`;
    if (isDirectory && !NOT_OURS.includes(name)) found.push(...await filesWhere(fits, `${path}/`));
    else if (isFile && await fits(path)) found.push(path);
  }
  return found.sort();
}

/** An executable may be among the files. */
async function beginningOf(file: string): Promise<string> {
  using opened = await Deno.open(file);
  const bytes = new Uint8Array(100);
  return new TextDecoder().decode(bytes.subarray(0, await opened.read(bytes) ?? 0));
}

testWith(["linters"], "workflows: actionlint finds nothing, in their scripts neither", async () => {
  await lint("actionlint");
});

testWith(["linters"], "Dockerfiles: hadolint finds nothing", async () => {
  const files = await filesWhere((path) => /(^|[./])Dockerfile$/.test(path));
  for (const file of ["Dockerfile", "examples/compose/alembic.Dockerfile", "examples/kubernetes/Dockerfile"]) {
    ok(files.includes(file), file);
  }
  await lint("hadolint", ...files);
});

testWith(["linters"], "shell scripts: shellcheck finds nothing", async () => {
  const files = await filesWhere(async (path) => {
    if (!/(^|\/)[^.]+(\.sh)?$/.test(path)) return false;
    return /^#!.*\b(ba)?sh\n/.test(await beginningOf(`${ROOT}/${path}`));
  });
  for (const file of [".ci/run", "tools/action/get.sh", "tools/action/run.sh", "tools/servers"]) {
    ok(files.includes(file), file);
  }
  await lint("shellcheck", "--severity=warning", ...files);
});

testWith(["linters"], "sbom: what the tool writes is CycloneDX 1.6 to the letter", async () => {
  const { code, out, err } = await run(Deno.execPath(), ["run", "-A", "--quiet", "tools/sbom.ts"], {
    cwd: ROOT,
    env: { SOURCE_DATE_EPOCH: "1767225600" },
  });
  equal(code, 0, err);
  equal(JSON.parse(out).metadata.timestamp, "2026-01-01T00:00:00.000Z");
  const check = "import sys\nfrom cyclonedx.schema import SchemaVersion\n" +
    "from cyclonedx.validation.json import JsonStrictValidator\n" +
    "print(JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read()))";
  const python = `${outside.linters}/python`;
  deepEqual(await run(python, ["-c", check], { stdin: out }), { code: 0, out: "None\n", err: "" });
  const wrong = await run(python, ["-c", check], { stdin: out.replace('"library"', '"book"') });
  match(wrong.out, /'book' is not one of/);
});

Deno.test("workflows: each job has its few rights and an end, and each action a whole version", async () => {
  for (const name of ["ci", "release"]) {
    const { permissions, jobs } = await workflow(name);
    ok(Object.values(permissions).every((right) => right === "read"));
    for (const [key, job] of Object.entries(jobs)) {
      ok(job.uses !== undefined || (job["timeout-minutes"] ?? 0) > 0, key);
      for (const { uses = "" } of job.steps ?? []) match(uses, /^$|^[\w-]+\/[\w-]+@v\d+\.\d+\.\d+$/, uses);
      // who may write is an environment that people can guard
      const writes = Object.entries(job.permissions ?? {}).filter(([, right]) => right === "write").map(([right]) =>
        right
      );
      ok(key === "assemble" || writes.length === 0 || job.environment !== undefined, key);
    }
  }
});

Deno.test("release: builds for all systems by the Deno that the tests run on, and publishes when everything has passed", async () => {
  const { env, jobs } = await workflow("release");
  const targets = jobs["build"]?.strategy?.matrix.include.map(({ target }) => target);
  deepEqual(targets, RELEASE_TARGETS.map(({ triple }) => triple));
  const [, version] = /deno@(\S+) /.exec(await Deno.readTextFile(`${ROOT}/.ci/run`)) ?? [];
  equal(env?.["DENO_VERSION"], version);
  deepEqual(jobs["assemble"]?.needs, ["ci", "build"]);
  for (const name of ["image", "pypi", "npm"]) equal(jobs[name]?.needs, "assemble");
  deepEqual(jobs["github"]?.needs, ["assemble", "image", "pypi", "npm"]);
});

/** A script of the release, run in a folder that has what a checkout has. */
async function runScript(folder: string, job: string, name: string, env: Record<string, string> = {}): Promise<void> {
  const step = (await workflow("release")).jobs[job]?.steps?.find((step) => step.name === name);
  const ran = await run("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", step?.run ?? "exit 99"], {
    cwd: folder,
    env: { PATH: `${Deno.execPath().replace(/\/[^/]*$/, "")}:${Deno.env.get("PATH")}`, ...env },
  });
  equal(ran.code, 0, `${name}: ${ran.out}${ran.err}`);
}

Deno.test("release: its scripts pack what the action, Docker, pip and npm take", async () => {
  await using folder = await temporaryFolder({ "dist/delembic": "#!/bin/sh\necho a program\n", "parts/.keep": "" });
  const { path } = folder;
  await Deno.chmod(`${path}/dist/delembic`, 0o755);
  for (const name of ["tools", "src", "main.ts", "mod.ts", "deno.json", "deno.lock", "LICENSE"]) {
    await Deno.symlink(`${ROOT}/${name}`, `${path}/${name}`);
  }
  const linux = RELEASE_TARGETS.filter(({ triple }) => triple.includes("linux"));
  for (const { triple } of linux) {
    await runScript(path, "build", "Pack", { TARGET: triple, PROGRAM: "delembic" });
  }
  // the artifacts of the builds, as they are downloaded
  for (const { name } of [...Deno.readDirSync(`${path}/dist`)]) {
    if (/\.tar(\.gz)?$|^wheels$/.test(name)) await Deno.rename(`${path}/dist/${name}`, `${path}/parts/${name}`);
  }
  await Deno.remove(`${path}/dist`, { recursive: true });
  await runScript(path, "assemble", "Put together");
  const archives = linux.map(({ triple }) => `delembic-${triple}.tar.gz`);
  const named = (folder: string) => [...Deno.readDirSync(`${path}/dist/${folder}`)].map(({ name }) => name).sort();
  deepEqual(named("release"), ["SHA256SUMS", "delembic.cdx.json", ...archives].sort());
  equal(
    (await run("sha256sum", ["--check", "--strict", "--quiet", "SHA256SUMS"], { cwd: `${path}/dist/release` })).code,
    0,
  );
  deepEqual(named("npm"), ["main", ...linux.map(({ triple }) => `npm-${triple}`)].sort());
  equal(named("wheels").length, 2);
  equal((await run(`${path}/dist/npm/npm-x86_64-unknown-linux-gnu/bin/delembic`, [])).out, "a program\n");
  await runScript(path, "assemble", "Keep the rights of files");
  equal((await run("tar", ["-tf", "dist/npm.tar"], { cwd: path })).out.includes("npm/main/bin/delembic.js\n"), true);

  await runScript(path, "image", "Lay the executables where the Dockerfile takes them from");
  for (const cpu of ["amd64", "arm64"]) equal((await run(`${path}/dist/linux-${cpu}/delembic`, [])).out, "a program\n");
});

Deno.test("release: what npm has already is not published again, and the main package comes last", async () => {
  await using folder = await temporaryFolder({
    "bin/npm": '#!/bin/sh\ncase "$1 $2" in\n  "view @delembic/cli-b@1.0.0") echo 1.0.0 ;;\n  view*) exit 1 ;;\n' +
      '  *) echo "$@" >>published ;;\nesac\n',
    "dist/npm/main/package.json": '{"name":"@delembic/cli","version":"1.0.0"}',
    "dist/npm/npm-a/package.json": '{"name":"@delembic/cli-a","version":"1.0.0"}',
    "dist/npm/npm-b/package.json": '{"name":"@delembic/cli-b","version":"1.0.0"}',
  });
  const { path } = folder;
  await Deno.chmod(`${path}/bin/npm`, 0o755);
  await run("tar", ["-cf", "dist/npm.tar", "-C", "dist", "npm"], { cwd: path });
  const env = { PATH: `${path}/bin:${Deno.env.get("PATH")}` };
  await runScript(path, "npm", "Publish what the main package depends on, and then it", env);
  equal(
    await Deno.readTextFile(`${path}/published`),
    ["npm-a", "main"].map((name) => `publish --provenance --access public ./npm/${name}\n`).join(""),
  );
});
