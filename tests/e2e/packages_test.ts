import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { platformPackage } from "../../tools/npm_package.ts";
import { RELEASE_TARGETS, releaseTarget } from "../../tools/release_targets.ts";
import { outside, type Ran, run, temporaryFolder, testWith } from "../support.ts";
import { finished, until } from "../project.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const { version: VERSION } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
const TARGET = Deno.build.target;
/** The npm package of this system. */
const OWN = platformPackage(releaseTarget(TARGET));

async function tool(...args: string[]): Promise<string> {
  const [name, ...rest] = args;
  const ran = await run(Deno.execPath(), ["run", "-A", "--quiet", `tools/${name}.ts`, ...rest], { cwd: ROOT });
  equal(ran.code, 0, ran.err);
  return ran.out.trim();
}

testWith(["executable"], "smoke: the executable runs a migration of each kind that its base loads", async () => {
  const executable = outside.executable ?? "";
  equal(await tool("smoke", executable, "js", "sql"), `${executable}: js, sql are fine`);
});

Deno.test("smoke: from source it runs all kinds, and an executable that does nothing is found out", async () => {
  const main = `exec '${Deno.execPath()}' run -A --quiet --no-check '${ROOT}main.ts' "$@"\n`;
  await using folder = await temporaryFolder({ "good": `#!/bin/sh\n${main}`, "bad": "#!/bin/sh\nexit 0\n" });
  for (const name of ["good", "bad"]) await Deno.chmod(`${folder.path}/${name}`, 0o755);
  equal(await tool("smoke", `${folder.path}/good`), `${folder.path}/good: ts, js, sql are fine`);
  const bad = await run(Deno.execPath(), ["run", "-A", "--quiet", "tools/smoke.ts", `${folder.path}/bad`], {
    cwd: ROOT,
  });
  equal(bad.code, 1);
  match(bad.err, /delembic \d+\.\d+\.\d+/);
});

/** Hashes of the files of a wheel beside those that its RECORD has. */
const RECORDED = `
import base64, csv, hashlib, io, sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
record = next(name for name in wheel.namelist() if name.endswith(".dist-info/RECORD"))
rows = list(csv.reader(io.StringIO(wheel.read(record).decode())))
assert sorted(row[0] for row in rows) == sorted(wheel.namelist())
for name, digest, size in rows:
    if name != record:
        data = wheel.read(name)
        real = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        assert (digest, size) == ("sha256=" + real, str(len(data))), name
print(*(f"{oct(info.external_attr >> 16)} {info.filename}" for info in wheel.infolist()), sep="\\n")
`;

testWith(["executable", "python"], "wheel: pip installs it, its command runs, and pip removes it", async () => {
  await using folder = await temporaryFolder();
  const python = outside.python ?? "";
  const file = await tool("wheel", outside.executable ?? "", TARGET, `${folder.path}/dist`);
  equal(file, `${folder.path}/dist/delembic_cli-${VERSION}-py3-none-${releaseTarget(TARGET).wheelTag}.whl`);
  const { out, err } = await run(python, ["-c", RECORDED, file]);
  equal(
    out,
    `0o100755 delembic_cli-${VERSION}.data/scripts/delembic-cli\n` +
      ["METADATA", "WHEEL", "licenses/LICENSE", "RECORD"]
        .map((name) => `0o100644 delembic_cli-${VERSION}.dist-info/${name}\n`).join(""),
    err,
  );

  const bin = `${folder.path}/venv/bin`;
  equal((await run(python, ["-m", "venv", `${folder.path}/venv`])).code, 0);
  const pip = (...args: string[]) =>
    run(`${bin}/python`, ["-m", "pip", "--disable-pip-version-check", ...args], { env: { PIP_NO_INDEX: "1" } });
  const installed = await pip("install", "--quiet", "--find-links", `${folder.path}/dist`, `delembic-cli==${VERSION}`);
  deepEqual([installed.code, installed.out], [0, ""], installed.err);
  deepEqual(await run(`${bin}/delembic-cli`, ["--version"], { cwd: folder.path }), {
    code: 0,
    out: `delembic ${VERSION}\n`,
    err: "",
  });
  // the Python tool's command is not ours to take
  deepEqual([...Deno.readDirSync(bin)].map(({ name }) => name).filter((name) => name.startsWith("delembic")), [
    "delembic-cli",
  ]);
  const { out: shown } = await pip("show", "delembic-cli");
  match(shown, /^Name: delembic-cli\nVersion: .*\nSummary: Data migrations .*\nHome-page: .*\n/);
  equal((await pip("check")).code, 0);
  equal((await pip("uninstall", "--quiet", "--yes", "delembic-cli")).code, 0);
  equal([...Deno.readDirSync(bin)].some(({ name }) => name.startsWith("delembic")), false);
});

/** A registry of the packages in a folder, as npm asks for them. */
async function registry(folder: string, packages: readonly string[]) {
  const documents = new Map<string, unknown>();
  const tarballs = new Map<string, Uint8Array<ArrayBuffer>>();
  const asked: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const path = decodeURIComponent(new URL(request.url).pathname.slice(1));
    const tarball = tarballs.get(path);
    if (tarball !== undefined) {
      asked.push(path);
      return new Response(tarball);
    }
    const document = documents.get(path);
    return document === undefined ? new Response("{}", { status: 404 }) : Response.json(document);
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  for (const name of packages) {
    const packed = await run("npm", ["pack", "--json", "--pack-destination", folder, `${folder}/${name}`], {
      env: { HOME: folder, npm_config_cache: `${folder}/packing`, npm_config_update_notifier: "false" },
    });
    equal(packed.code, 0, packed.err);
    const manifest = JSON.parse(await Deno.readTextFile(`${folder}/${name}/package.json`));
    const file = `${manifest.name.replace("@", "").replace("/", "-")}-${VERSION}.tgz`;
    const bytes = await Deno.readFile(`${folder}/${file}`);
    tarballs.set(file, bytes);
    const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
    documents.set(manifest.name, {
      name: manifest.name,
      "dist-tags": { latest: VERSION },
      versions: { [VERSION]: { ...manifest, dist: { tarball: `${url}${file}`, integrity } } },
    });
  }
  return { url, asked, documents, [Symbol.asyncDispose]: () => server.shutdown() };
}

const hasNpm = await run("npm", ["--version"]).then(({ code }) => code === 0, () => false);
const lacking = [...(outside.executable === undefined ? ["executable"] : []), ...(hasNpm ? [] : ["npm"])];

Deno.test({
  name: "npm: installs the package of this system alone; its command passes arguments, codes and signals" +
    (lacking.length === 0 ? "" : ` (needs ${lacking.join(", ")})`),
  ignore: lacking.length > 0,
  fn: async () => {
    await using folder = await temporaryFolder({ "project/package.json": '{"private":true}\n' });
    const { path } = folder;
    await tool("npm_package", "main", `${path}/cli`);
    await tool("npm_package", "platform", outside.executable ?? "", TARGET, `${path}/own`);
    // those of other systems, which must not be fetched
    const others = RELEASE_TARGETS.map(({ triple }) => triple).filter((triple) => triple !== TARGET);
    for (const triple of others) await tool("npm_package", "platform", `${ROOT}LICENSE`, triple, `${path}/${triple}`);
    await using server = await registry(path, ["cli", "own", ...others]);
    const npm = (...args: string[]): Promise<Ran> =>
      run("npm", [...args, "--no-audit", "--no-fund"], {
        cwd: `${path}/project`,
        env: {
          HOME: path,
          npm_config_cache: `${path}/cache`,
          npm_config_registry: server.url,
          npm_config_update_notifier: "false",
        },
      });
    const command = `${path}/project/node_modules/.bin/delembic`;

    const installed = await npm("install", "@delembic/cli");
    equal(installed.code, 0, installed.err);
    deepEqual(server.asked.sort(), [
      `delembic-cli-${VERSION}.tgz`,
      `${OWN.replace("@delembic/", "delembic-")}-${VERSION}.tgz`,
    ]);
    deepEqual(await run(command, ["--version"], { cwd: path }), { code: 0, out: `delembic ${VERSION}\n`, err: "" });
    const wrong = await run(command, ["upgrade", "a b", "c"], { cwd: path });
    deepEqual([wrong.code, wrong.err.split("\n")[0]], [2, "Error: Unexpected argument 'c'"]);

    await endInGoodOrder(command, path);

    await Deno.remove(`${path}/project/node_modules`, { recursive: true });
    equal((await npm("ci", "--omit=optional")).code, 0);
    const alone = await run(command, ["--version"], { cwd: path });
    deepEqual([alone.code, alone.out], [1, ""]);
    ok(
      alone.err.startsWith(`Error: The package ${OWN} is not installed\nHint: Install @delembic/cli with its `),
      alone.err,
    );
  },
});

/** SIGTERM to the command of npm ends the run as it ends that of the executable. */
async function endInGoodOrder(command: string, folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/run/delembic/versions`, { recursive: true });
  await Deno.writeTextFile(
    `${folder}/run/delembic.ini`,
    "[delembic]\nscript_location = delembic\nsqlalchemy.url = sqlite:///app.db\n",
  );
  await Deno.writeTextFile(
    `${folder}/run/delembic/versions/D001.js`,
    `export default { revision: "D001", upgrade: () => new Promise((done) => setTimeout(done, 60_000)) };\n`,
  );
  const child = new Deno.Command(command, {
    args: ["upgrade"],
    cwd: `${folder}/run`,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const statuses = () => {
    const database = new DatabaseSync(`${folder}/run/app.db`, { readOnly: true });
    const rows = database.prepare("select status from delembic_run_history").all();
    database.close();
    return rows.map(({ status }) => status);
  };
  await until("the migration runs", () => {
    try {
      return Promise.resolve(statuses().length === 1);
    } catch {
      // the table is not there yet
      return Promise.resolve(false);
    }
  });
  child.kill("SIGTERM");
  const { code, err } = await finished(child);
  equal(code, 143, err);
  match(err, /INTERRUPTED: /);
  deepEqual(statuses(), ["interrupted"]);
  ok((await run(command, ["history"], { cwd: `${folder}/run` })).out.startsWith("pending   D001"));
}
