import { deepEqual, equal, match, ok } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { finished } from "../project.ts";
import { freshDatabase, outside, type Ran, run, temporaryFolder, type TestDatabase } from "../support.ts";
import { EXAMPLE, withoutTimes } from "./example.ts";
import { bareBase, buildImage, containerCommand, type Image, type Start } from "./image.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");

// the root and the user of a process can be chosen by root alone
const missing = [
  ...(outside.executable === undefined ? ["executable"] : []),
  ...(Deno.build.os === "linux" && Deno.uid() === 0 ? [] : ["root on Linux"]),
];

const hasStrace = await run("strace", ["-V"]).then(({ code }) => code === 0, () => false);

function testImage(
  needs: readonly ("postgres" | "python" | "strace")[],
  name: string,
  fn: (folder: string, image: Image) => Promise<void>,
) {
  const lacking = [...missing, ...needs.filter((need) => need === "strace" ? !hasStrace : outside[need] === undefined)];
  Deno.test({
    name: lacking.length === 0 ? name : `${name} (needs ${lacking.join(", ")})`,
    ignore: lacking.length > 0,
    fn: async () => {
      await using folder = await temporaryFolder();
      await Deno.chmod(folder.path, 0o755);
      await fn(folder.path, await ownImage(folder.path));
    },
  });
}

/** The image of the Dockerfile in the project's folder. */
async function ownImage(folder: string): Promise<Image> {
  const executable = outside.executable ?? "";
  const context = `${folder}/context`;
  await Deno.mkdir(`${context}/dist/linux-amd64`, { recursive: true });
  await Deno.copyFile(executable, `${context}/dist/linux-amd64/delembic`);
  await Deno.copyFile(`${ROOT}/LICENSE`, `${context}/LICENSE`);
  const image = await buildImage(await Deno.readTextFile(`${ROOT}/Dockerfile`), {
    context,
    ignored: await Deno.readTextFile(`${ROOT}/.dockerignore`),
    args: { TARGETARCH: "amd64" },
    base(name) {
      match(name, /^gcr\.io\/distroless\/cc-debian12:nonroot$/);
      return bareBase(`${folder}/root`, executable);
    },
  });
  // a program that holds its own data asks the kernel where its file is; this stands for the kernel's /proc
  await Deno.mkdir(`${image.root}/proc/self`, { recursive: true });
  await Deno.symlink("/usr/local/bin/delembic", `${image.root}/proc/self/exe`);
  return image;
}

/** The image of examples/kubernetes, whose base is the one above. */
async function projectImage(image: Image): Promise<Image> {
  const built = await buildImage(await Deno.readTextFile(`${ROOT}/examples/kubernetes/Dockerfile`), {
    context: EXAMPLE,
    base(name) {
      match(name, /^ghcr\.io\/delembic\/delembic:\d+\.\d+\.\d+$/);
      return image;
    },
  });
  // the executable of the tests has a base that loads no TypeScript
  await Deno.remove(`${built.root}${built.workdir}/delembic/versions/D004_flags.ts`);
  return built;
}

async function start(image: Image, options: Start): Promise<Ran> {
  const ran = await finished(containerCommand(image, options).spawn());
  return { ...ran, out: withoutTimes(ran.out) };
}

Deno.test("images: each names the release that it is made of, and the parts that it copies are there", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(`${ROOT}/deno.json`));
  for (const file of ["examples/kubernetes/Dockerfile", "examples/compose/compose.yaml", "README.md"]) {
    const named = (await Deno.readTextFile(`${ROOT}/${file}`)).match(/ghcr\.io\/delembic\/delembic:[\w.-]+/g) ?? [];
    deepEqual([...new Set(named)], [`ghcr.io/delembic/delembic:${version}`], file);
  }
  const steps = await Deno.readTextFile(`${ROOT}/examples/compose/alembic.Dockerfile`);
  for (const [, path] of steps.matchAll(/^COPY (\S+) /gm)) ok((await Deno.stat(`${EXAMPLE}/${path}`)).size > 0, path);
});

testImage([], "image: help without a command; no root, no shell, no home", async (_, image) => {
  const { user, entrypoint, cmd, workdir, labels } = image;
  deepEqual({ user, entrypoint, cmd, workdir }, {
    user: "65532:65532",
    entrypoint: ["/usr/local/bin/delembic"],
    cmd: ["--help"],
    workdir: "/app",
  });
  match(labels, /^org\.opencontainers\.image\.title="Delembic" .*licenses="MIT"$/);
  const help = await start(image, {});
  deepEqual([help.code, help.err], [0, ""]);
  match(help.out, /^Delembic |^Usage: /m);
  const none = await start(image, { args: ["current"] });
  deepEqual([none.code, none.out], [2, ""]);
  match(none.err, /^Error: /);
});

testImage([], "image: any user runs it, without an account or a home, and the ledger says who", async (_, image) => {
  const project = await projectImage(image);
  await Deno.mkdir(`${project.root}/data`);
  await Deno.writeTextFile(`${project.root}/app/delembic.ini`, "[delembic]\nscript_location = own\n");
  await Deno.mkdir(`${project.root}/app/own/versions`, { recursive: true });
  await Deno.writeTextFile(
    `${project.root}/app/own/versions/D001.sql`,
    "-- delembic revision: D001\n-- delembic upgrade\ncreate table letter (name text);\n",
  );
  await Deno.chown(`${project.root}/data`, 4711, 4711);
  const options = { user: "4711:4711", env: { DELEMBIC_URL: "sqlite:////data/app.db" } };
  deepEqual(await start(project, { ...options, args: ["upgrade"] }), { code: 0, out: "Running D001\n  OK\n", err: "" });
  deepEqual(await start(project, { ...options, args: ["check"] }), {
    code: 0,
    out: "Everything is applied.\n",
    err: "",
  });
  const database = new DatabaseSync(`${project.root}/data/app.db`, { readOnly: true });
  deepEqual(database.prepare("select username, status from delembic_run_history").all().map((row) => ({ ...row })), [
    { username: "uid 4711", status: "success" },
  ]);
  database.close();
  // its lock lies beside the database, and there is nothing else
  const files = [...Deno.readDirSync(`${project.root}/data`)].map(({ name }) => name).sort();
  ok(files.every((name) => name.startsWith("app.db")), files.join());
  const { out } = await run("find", [project.root, "-user", "4711", "-not", "-path", `${project.root}/data*`]);
  equal(out, "");
});

interface Service {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly healthcheck?: unknown;
  readonly volumes?: readonly string[];
}

/** Runs the two steps of an example for real, the second one while its database is not up yet. */
async function schemaThenData(
  image: Image,
  db: TestDatabase,
  { schema, data }: { readonly schema: readonly string[]; readonly data: readonly string[] },
): Promise<void> {
  const [alembic, ...args] = schema;
  equal(alembic, "alembic");
  const upgraded = await run(outside.python ?? "", ["-m", "alembic", ...args], {
    cwd: EXAMPLE,
    env: { DATABASE_URL: db.pythonUrl, PYTHONDONTWRITEBYTECODE: "1" },
  });
  equal(upgraded.code, 0, upgraded.err);

  const real = new URL(db.pythonUrl);
  const late = new URL(db.pythonUrl);
  const reserved = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = reserved.addr;
  reserved.close();
  late.port = String(port);
  const running = start(image, { args: data, env: { DATABASE_URL: late.href, NO_COLOR: "1" } });
  await new Promise((resolve) => setTimeout(resolve, 2000));
  using _server = forward(port, { hostname: real.hostname, port: Number(real.port) });
  const ran = await running;
  equal(ran.code, 0, ran.err);
  match(ran.err, /^Waiting up to 60 s for the database: /);
  equal(
    ran.out,
    "Running D001: countries of ISO 3166\n  OK\nRunning D002: currencies of ISO 4217\n  OK\n" +
      "Running D003: currencies that changed since 2024\n  OK\n",
  );
  const again = await start(image, { args: data, env: { DATABASE_URL: late.href, NO_COLOR: "1" } });
  deepEqual(again, { code: 0, out: "Already up to date.\n", err: "" });
}

/** A server that comes up now: its connections are passed on. */
function forward(port: number, to: { hostname: string; port: number }): Disposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  const ends: Deno.Conn[] = [];
  const serve = async () => {
    for await (const near of listener) {
      const far = await Deno.connect(to);
      ends.push(near, far);
      for (const [from, into] of [[near, far], [far, near]] as const) {
        // either side may go away first
        from.readable.pipeTo(into.writable).catch(() => undefined);
      }
    }
  };
  void serve();
  return {
    [Symbol.dispose]() {
      listener.close();
      for (const end of ends) {
        try {
          end.close();
        } catch (error) {
          if (!(error instanceof Deno.errors.BadResource)) throw error;
        }
      }
    },
  };
}

testImage(["postgres", "python"], "compose: schema, then data; the database may come up later", async (_, image) => {
  const { services }: { services: Record<string, Service> } = parse(
    await Deno.readTextFile(`${ROOT}/examples/compose/compose.yaml`),
    { merge: true },
  );
  const { schema, data, application, database } = services;
  ok(schema && data && application && database?.healthcheck);
  deepEqual(schema.depends_on, { database: { condition: "service_healthy" } });
  deepEqual(data.depends_on, { schema: { condition: "service_completed_successfully" } });
  deepEqual(application.depends_on, { data: { condition: "service_completed_successfully" } });
  deepEqual([data.read_only, data.cap_drop, data.volumes], [true, ["ALL"], ["../countries:/app:ro"]]);
  // what Alembic is told is what Delembic is told
  deepEqual(schema.environment, data.environment);
  deepEqual(Object.keys(data.environment), ["DATABASE_URL"]);
  match(
    data.environment["DATABASE_URL"] ?? "",
    /^postgresql\+psycopg:\/\/app:\$\{DATABASE_PASSWORD:-[\w-]+\}@database:5432\/app$/,
  );
  await using db = await freshDatabase("postgresql");
  await schemaThenData(await projectImage(image), db, { schema: schema.command, data: data.command });
});

testImage(
  ["postgres", "python", "strace"],
  "kubernetes: the job's containers do the same, without rights and without writing",
  async (folder, image) => {
    const job = parse(await Deno.readTextFile(`${ROOT}/examples/kubernetes/job.yaml`));
    const { podFailurePolicy, template: { spec } } = job.spec;
    const [schema, data] = [...spec.initContainers, ...spec.containers];
    equal(podFailurePolicy.rules[0].onExitCodes.containerName, data.name);
    deepEqual([spec.restartPolicy, spec.automountServiceAccountToken, spec.securityContext.runAsNonRoot], [
      "Never",
      false,
      true,
    ]);
    for (const container of [schema, data]) {
      deepEqual(container.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      deepEqual(container.env, [
        { name: "DATABASE_URL", valueFrom: { secretKeyRef: { name: "countries-database", key: "url" } } },
      ]);
    }
    equal(`${spec.securityContext.runAsUser}:${spec.securityContext.runAsGroup}`, image.user);

    await using db = await freshDatabase("postgresql");
    const project = await projectImage(image);
    await schemaThenData(project, db, { schema: schema.command, data: data.args });

    await Deno.writeTextFile(
      `${project.root}${project.workdir}/delembic/versions/D005.sql`,
      "-- delembic revision: D005\n-- delembic depends_on: D003\n-- delembic upgrade\nselect 1;\n",
    );
    const trace = `${folder}/trace`;
    const under = ["strace", "--follow-forks", "--trace=file", `--output=${trace}`];
    const ran = await start(project, { args: data.args, env: { DATABASE_URL: db.url }, under });
    deepEqual([ran.code, ran.out], [0, "Running D005\n  OK\n"], ran.err);
    const calls = (await Deno.readTextFile(trace)).split("\n");
    const own = calls.slice(calls.findIndex((line) => line.includes('execve("/usr/local/bin/delembic"')));
    ok(own.length > 50, `${own.length} calls`);
    const writing = own.filter((line) =>
      /O_WRONLY|O_RDWR|O_CREAT|\b(mkdir|unlink|rename|link|symlink|chmod|truncate)\w*\(/.test(line)
    );
    deepEqual(writing.filter((line) => !line.includes('"/dev/')), []);
  },
);
