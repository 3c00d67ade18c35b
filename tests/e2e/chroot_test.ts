import { deepEqual, equal } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { outside, type Ran, run, temporaryFolder } from "../support.ts";
import { copyExample, EXAMPLE, withoutTimes } from "./example.ts";

// the folder that a process takes for the root of the system can be chosen by root alone
const missing = [
  ...(outside.executable === undefined ? ["executable"] : []),
  ...(Deno.build.os === "linux" && Deno.uid() === 0 ? [] : ["root on Linux"]),
];

/** A system that has the executable, the libraries that `ldd` names, the example, and nothing else. */
async function bareSystem(root: string, executable: string): Promise<void> {
  const { out } = await run("ldd", [executable]);
  for (const [library] of out.matchAll(/\/\S+/g)) {
    await Deno.mkdir(`${root}${library.replace(/\/[^/]*$/, "")}`, { recursive: true });
    await Deno.copyFile(library, `${root}${library}`);
  }
  await Deno.copyFile(executable, `${root}/delembic`);
  // a program that holds its own data asks the kernel where its file is; this stands for the kernel's /proc
  await Deno.mkdir(`${root}/proc/self`, { recursive: true });
  await Deno.symlink("/delembic", `${root}/proc/self/exe`);
  await copyExample(`${root}/app`, "executable");
  await run("chown", ["-R", "65534:65534", `${root}/app`]);
}

async function schema(root: string, ...names: string[]): Promise<void> {
  const database = new DatabaseSync(`${root}/app/countries.db`);
  for (const name of names) database.exec(await Deno.readTextFile(`${EXAMPLE}/schema/${name}.sql`));
  database.close();
  await run("chown", ["65534:65534", `${root}/app/countries.db`]);
}

Deno.test({
  name: "executable: runs the example with nothing but libc, as nobody, from a folder outside the project" +
    (missing.length === 0 ? "" : ` (needs ${missing.join(", ")})`),
  ignore: missing.length > 0,
  fn: async () => {
    await using folder = await temporaryFolder();
    const root = folder.path;
    await Deno.chmod(root, 0o755);
    await bareSystem(root, outside.executable ?? "");
    const call = async (...args: string[]): Promise<Ran> => {
      const ran = await run("chroot", ["--userspec=65534:65534", root, "/delembic", ...args], {
        clearEnv: true,
        env: { PATH: Deno.env.get("PATH") ?? "", DATABASE_URL: "sqlite:////app/countries.db", NO_COLOR: "1" },
      });
      return { ...ran, out: withoutTimes(ran.out) };
    };

    equal((await call("--version")).code, 0);
    await schema(root, "001_4b1f0c7a92d3");
    deepEqual(await call("-c", "/app/delembic.ini", "upgrade"), {
      code: 1,
      out: "Running D001: countries of ISO 3166\n  OK\nRunning D002: currencies of ISO 4217\n",
      err: "BLOCKED: Migration D002 requires Alembic revision(s) ['9e6d25b8310f'] to be applied first.\n" +
        "Run 'alembic upgrade head' before retrying.\n",
    });
    await schema(root, "002_9e6d25b8310f", "003_c07a4e1d86b5", "004_f83b5d20c69e");
    deepEqual(await call("upgrade", "--config=/app/delembic.ini"), {
      code: 0,
      out: "Running D002: currencies of ISO 4217\n  OK\nRunning D003: currencies that changed since 2024\n  OK\n",
      err: "",
    });
    deepEqual(await call("-c", "/app/delembic.ini", "check"), { code: 0, out: "Everything is applied.\n", err: "" });
  },
});
