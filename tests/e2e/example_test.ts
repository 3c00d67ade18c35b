import { deepEqual, equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { testProject } from "../project.ts";
import { type Kind, type Outside, outside, run, temporaryFolder, testWith } from "../support.ts";
import { delembic, onEachProgram, type Program } from "./cli.ts";
import { copyExample, EXAMPLE, withoutTimes } from "./example.ts";

const SERVERS: readonly (readonly [Kind, Outside[]])[] = [
  ["sqlite", []],
  ["postgresql", ["postgres"]],
  ["mysql", ["mysql"]],
];

const FIRST = "Running D001: countries of ISO 3166\n  OK\nRunning D002: currencies of ISO 4217\n";
const BLOCKED = `BLOCKED: Migration D002 requires Alembic revision(s) ['9e6d25b8310f'] to be applied first.
Run 'alembic upgrade head' before retrying.
`;

/** What is said of the fourth migration; the executable of the tests loads no TypeScript. */
function withFlags(program: Program, text: string): string {
  return program === "source" ? text : "";
}

/** Runs Alembic itself. */
async function alembic(cwd: string, url: string, ...args: string[]): Promise<void> {
  const env = { DATABASE_URL: url, PYTHONDONTWRITEBYTECODE: "1" };
  const ran = await run(outside.python ?? "", ["-m", "alembic", ...args], { cwd, env });
  equal(ran.code, 0, ran.err);
}

for (const [kind, servers] of SERVERS) {
  onEachProgram(["python", ...servers], `${kind}: the example goes hand in hand with Alembic`, async (program) => {
    await using project = await testProject(kind);
    await copyExample(project.folder, program);
    // Python's URL, with its driver's name: both tools read the same variable
    const env = { DATABASE_URL: project.db.pythonUrl };
    const call = async (...args: string[]) => {
      const { code, out, err } = await delembic(program, args, { cwd: project.folder, env });
      return { code, out: withoutTimes(out), err };
    };

    await alembic(project.folder, project.db.pythonUrl, "upgrade", "4b1f0c7a92d3");
    deepEqual(await call("upgrade"), { code: 1, out: FIRST, err: BLOCKED });
    deepEqual(await project.rows("select count(*) from country"), ["249"]);

    await alembic(project.folder, project.db.pythonUrl, "upgrade", "head");
    deepEqual(await call("upgrade"), {
      code: 0,
      out: "Running D002: currencies of ISO 4217\n  OK\nRunning D003: currencies that changed since 2024\n  OK\n" +
        withFlags(program, "Running D004: flags\n  OK\n"),
      err: "",
    });
    deepEqual(await call("upgrade"), { code: 0, out: "Already up to date.\n", err: "" });
    deepEqual(await call("history"), {
      code: 0,
      out: "applied   D001  countries of ISO 3166\napplied   D002  currencies of ISO 4217\n" +
        "applied   D003  currencies that changed since 2024\n" + withFlags(program, "applied   D004  flags\n"),
      err: "",
    });
    deepEqual(await project.rows("select count(*), min(numeric_code), max(minor_units) from currency"), [
      "180 | 008 | 4",
    ]);
    deepEqual(
      await project.rows(
        "select currency, count(*) from country_currency group by currency having count(*) > 9 order by 2",
      ),
      ["USD | 19", "EUR | 36"],
    );
    // what is not ASCII arrived whole
    deepEqual(await project.rows("select name from country where alpha2 in ('AX', 'TR') order by alpha2"), [
      "Åland Islands",
      "Türkiye",
    ]);
    if (program === "source") {
      deepEqual(await project.rows("select flag from country where alpha2 = 'FR'"), ["🇫🇷"]);
    }

    const undone = await call("downgrade", "base");
    equal(undone.code, 0, undone.err);
    deepEqual(await project.rows("select count(*) from country"), ["0"]);
    deepEqual(await call("current"), { code: 0, out: "No migrations applied yet.\n", err: "" });
  });
}

testWith(["python"], "the example's kept SQL is what Alembic prints", async () => {
  await using folder = await temporaryFolder();
  await copyExample(folder.path, "source");
  const names = [...Deno.readDirSync(`${EXAMPLE}/schema`)].map(({ name }) => name).filter((name) =>
    name.endsWith(".sql")
  );
  equal(names.length, 4);
  for (const name of names) await Deno.remove(`${folder.path}/schema/${name}`);
  const bin = (outside.python ?? "").replace(/\/[^/]*$/, "");
  const made = await run("bash", [`${folder.path}/schema/make`], { env: { PATH: `${bin}:${Deno.env.get("PATH")}` } });
  equal(made.code, 0, made.err);
  for (const name of names) {
    equal(
      await Deno.readTextFile(`${folder.path}/schema/${name}`),
      await Deno.readTextFile(`${EXAMPLE}/schema/${name}`),
    );
  }
});

Deno.test("the example's types are those that init writes", async () => {
  const template = fileURLToPath(new URL("../../versions_template/delembic.d.ts", import.meta.url));
  equal(await Deno.readTextFile(`${EXAMPLE}/delembic/delembic.d.ts`), await Deno.readTextFile(template));
});

Deno.test("the demo blocks a migration, then runs it, and ends with data that is right, in ten seconds", async () => {
  const started = performance.now();
  const demo = fileURLToPath(new URL("../../examples/countries/demo.ts", import.meta.url));
  const { code, out, err } = await run(Deno.execPath(), ["run", "-A", "--quiet", demo], { env: { NO_COLOR: "1" } });
  ok(performance.now() - started < 10_000, "the demo took longer than ten seconds");
  deepEqual({ code, err }, { code: 0, err: BLOCKED });
  const text = withoutTimes(out);
  ok(text.includes(`$ delembic upgrade\n${FIRST}[exit code 1]\n`), text);
  ok(text.includes("applied   D001  countries of ISO 3166\napplied   D002  currencies of ISO 4217\n"), text);
  match(text, /\nEUR {2}Euro +36 countries {2}🇦🇩 .*🇧🇬 /);
});
