import { deepStrictEqual, equal, match, rejects, throws } from "node:assert/strict";
import { installedNear } from "../../src/alembic/installed.ts";
import { type AlembicSettings, loadAlembic } from "../../src/alembic/load.ts";
import { DelembicError, FaultsError } from "../../src/errors.ts";
import { temporaryFolder } from "../support.ts";

function script(revision: string, down: string | null = null): string {
  return `revision = '${revision}'\ndown_revision = ${down === null ? "None" : `'${down}'`}\n`;
}

/** The tree of a project with these files. */
async function load(files: Record<string, string>, settings: Partial<AlembicSettings> & { config?: string } = {}) {
  await using folder = await temporaryFolder(files);
  const { config = "alembic.ini", ...others } = settings;
  const file = `${folder.path}/${config}`;
  try {
    return await loadAlembic({ folder: folder.path, alembic: { file, section: "alembic" }, ...others });
  } catch (error) {
    if (!(error instanceof DelembicError)) throw error;
    // what the tests compare must not name the temporary folder
    const shown = (text: string) => text.replaceAll(folder.path, "P");
    throw new DelembicError(shown(error.message), {
      code: error.code,
      exitCode: error.exitCode,
      hint: error.hint && shown(error.hint),
      place: error.place && { ...error.place, file: shown(error.place.file) },
    });
  }
}

Deno.test("loadAlembic() finds the scripts wherever the configuration says that they are", async () => {
  const layouts: Record<string, { files: Record<string, string>; ids: string[]; config?: string }> = {
    "relative path": {
      files: { "alembic.ini": "[alembic]\nscript_location = m\n", "m/versions/a.py": script("a") },
      ids: ["a"],
    },
    "here, and DEFAULT": {
      files: {
        "alembic.ini": "[DEFAULT]\nbase = %(here)s/m%%\n[alembic]\nscript_location = %(base)s\n",
        "m%/versions/a.py": script("a"),
      },
      ids: ["a"],
    },
    "folders are not entered": {
      files: {
        "alembic.ini": "[alembic]\nscript_location = m\n",
        "m/versions/a.py": script("a"),
        "m/versions/x/b.py": script("b"),
        "m/versions/__init__.py": "no",
        "m/versions/__init__x.py": "no",
        "m/versions/.#a.py": "no",
        "m/versions/a.pyc": "no",
        "m/versions/_b.py": script("c"),
      },
      ids: ["c", "a"],
    },
    recursive: {
      files: {
        "alembic.ini": "[alembic]\nscript_location = m\nrecursive_version_locations = true\n",
        "m/versions/b.py": script("b"),
        "m/versions/a/a.py": script("a"),
        "m/versions/a/__pycache__/x.py": "no",
      },
      ids: ["b", "a"],
    },
    "one folder named twice": {
      files: {
        "alembic.ini": "[alembic]\nscript_location = m\nversion_locations = m/versions ./m/versions m/../m/versions\n",
        "m/versions/a.py": script("a"),
      },
      ids: ["a"],
    },
    "no versions yet": { files: { "alembic.ini": "[alembic]\nscript_location = m\n", "m/env.py": "" }, ids: [] },
    package: {
      files: {
        "alembic.ini": "[alembic]\nscript_location = app.db:m:deep\n",
        "app/db/m/deep/versions/a.py": script("a"),
      },
      ids: ["a"],
    },
    "package in src": {
      files: { "alembic.ini": "[alembic]\nscript_location = app:m\n", "src/app/m/versions/a.py": script("a") },
      ids: ["a"],
    },
    "package on the path": {
      files: {
        "alembic.ini": "[alembic]\nscript_location = app:m\nprepend_sys_path = .,lib\n",
        "lib/app/m/versions/a.py": script("a"),
      },
      ids: ["a"],
    },
    "package in site-packages": {
      files: {
        "alembic.ini": "[alembic]\nscript_location = app:m\n",
        ".venv/lib/python3.13/site-packages/app/m/versions/a.py": script("a"),
      },
      ids: ["a"],
    },
    "pyproject.toml": {
      config: "pyproject.toml",
      files: {
        "pyproject.toml": '[tool.alembic]\nscript_location = "%(here)s/m"\nversion_locations = ["m/v", "%(here)s/w"]\n',
        "m/v/a.py": script("a"),
        "w/b.py": script("b"),
      },
      ids: ["a", "b"],
    },
    "both": {
      files: {
        "alembic.ini": "[alembic]\nversion_locations =\n",
        "pyproject.toml": '[tool.alembic]\nscript_location = "m"\nrecursive_version_locations = true\n',
        "m/versions/x/a.py": script("a"),
      },
      ids: ["a"],
    },
  };
  for (const [name, { files, ids, config }] of Object.entries(layouts)) {
    const tree = await load(files, config === undefined ? {} : { config });
    deepStrictEqual([...tree.revisions.keys()], ids, name);
    deepStrictEqual(tree.faults, [], name);
  }
});

Deno.test("loadAlembic() splits version_locations by every separator of Alembic", async () => {
  const files = { "m/env.py": "", "v 1/a.py": script("a"), "v2/b.py": script("b"), "v1/c.py": script("c") };
  const cases: readonly (readonly [lines: string, ids: readonly string[]])[] = [
    ["version_locations = v1 v2", ["c", "b"]],
    ["version_locations = v1,v2", ["c", "b"]],
    ["version_locations = v1, v2", ["c", "b"]],
    ["path_separator = space\nversion_locations = v1  v2", ["c", "b"]],
    ["path_separator = newline\nversion_locations =\n  v 1\n  v2", ["a", "b"]],
    ["path_separator = os\nversion_locations = v 1:v2", ["a", "b"]],
    ["version_path_separator = :\nversion_locations = v 1 : v2", ["a", "b"]],
    ["version_path_separator = ;\nversion_locations = v 1; v2", ["a", "b"]],
    ["path_separator = ;\nversion_path_separator = :\nversion_locations = v 1;v2", ["a", "b"]],
  ];
  for (const [lines, ids] of cases) {
    const tree = await load({ ...files, "alembic.ini": `[alembic]\nscript_location = m\n${lines}\n` });
    deepStrictEqual([...tree.revisions.keys()], ids, lines);
  }
});

Deno.test("loadAlembic() finds paths from the configuration's folder, else from the project's", async () => {
  const ids = async (files: Record<string, string>) => {
    const ini = "[alembic]\nscript_location = m\nprepend_sys_path = src\nversion_locations = m/versions app:v\n";
    const tree = await load({ "config/alembic.ini": ini, ...files }, { config: "config/alembic.ini" });
    return [...tree.revisions.keys()];
  };
  const app = { "src/app/__init__.py": "", "src/app/v/c.py": script("c") };
  deepStrictEqual(await ids({ "m/versions/a.py": script("a"), ...app }), ["a", "c"]);
  deepStrictEqual(await ids({ "config/m/versions/b.py": script("b"), "m/versions/a.py": script("a"), ...app }), [
    "b",
    "c",
  ]);
});

Deno.test("loadAlembic() finds packages in virtual environments", async () => {
  const ini = { "alembic.ini": "[alembic]\nscript_location = app:m\n" };
  const onPath = await load({ ...ini, "two/app/m/versions/a.py": script("a") }, { pythonPath: "/one:two" });
  deepStrictEqual([...onPath.revisions.keys()], ["a"]);
  const site = "lib/python3.13/site-packages/app/m/versions/a.py";
  const ids = async (files: Record<string, string>, virtualEnv?: string, config = "alembic.ini") => {
    const tree = await load({ ...files, "other.ini": "" }, { config, virtualEnv });
    return [...tree.revisions.keys()];
  };
  deepStrictEqual(await ids({ ...ini, [`venv/${site}`]: script("a") }), ["a"]);
  deepStrictEqual(await ids({ ...ini, "venv/Lib/site-packages/app/m/versions/a.py": script("a") }), ["a"]);
  // as in a repository of several projects
  const below = { "sub/project/alembic.ini": ini["alembic.ini"], [`.venv/${site}`]: script("a"), ".git": "" };
  deepStrictEqual(await ids(below, undefined, "sub/project/alembic.ini"), ["a"]);
  // as in an image in which Python is all there is
  await using system = await temporaryFolder({ "lib/python3/dist-packages/app/__init__.py": "" });
  const { folders } = installedNear(system.path, undefined, [system.path]);
  deepStrictEqual(folders, [`${system.path}/lib/python3/dist-packages`]);
  await using environment = await temporaryFolder({ [site]: script("b") });
  deepStrictEqual(await ids({ ...ini, [`.venv/${site}`]: script("a") }, environment.path), ["b"]);
});

Deno.test("loadAlembic() finds packages that hatchling's editable installs name", async () => {
  await using elsewhere = await temporaryFolder({ "app/__init__.py": "", "app/m/versions/a.py": script("a") });
  const site = ".venv/lib/python3.13/site-packages";
  const tree = await load({
    "alembic.ini": "[alembic]\nscript_location = app:m\n",
    [`${site}/app.pth`]: "import _editable_impl_app",
    [`${site}/_editable_impl_app.py`]: "from editables.redirector import RedirectingFinder as F\nF.install()\n" +
      `F.map_module('app', '${elsewhere.path}/app/__init__.py')`,
  });
  deepStrictEqual([...tree.revisions.keys()], ["a"]);
});

Deno.test("loadAlembic() shows files relative to the project", async () => {
  const tree = await load({ "alembic.ini": "[alembic]\nscript_location = m\n", "m/versions/a.py": script("a") });
  equal(tree.revisions.get("a")?.file, "m/versions/a.py");
});

Deno.test("loadAlembic() warns of a version location that is not there", async () => {
  const tree = await load({
    "alembic.ini": "[alembic]\nscript_location = m\nversion_locations = m/none\n",
    "m/env.py": "",
  });
  equal(tree.warnings.length, 1);
  match(tree.warnings[0]?.message ?? "", /^The folder .*\/m\/none of Alembic's version_locations is not there$/);
});

Deno.test("loadAlembic() says what is wrong with the configuration, where, and what to do", async () => {
  const ini = (lines: string) => ({ "alembic.ini": `[alembic]\n${lines}\n`, "m/env.py": "" });
  const cases: readonly (readonly [files: Record<string, string>, code: string, message: string, place: unknown])[] = [
    [{}, "alembic-config-missing", "Alembic's configuration P/alembic.ini is not there", { file: "P/alembic.ini" }],
    [
      { "alembic.ini": "[prod]\n[test]\n" },
      "alembic-section-missing",
      "There is no section [alembic] in alembic.ini",
      { file: "P/alembic.ini" },
    ],
    [
      ini(""),
      "alembic-script-location",
      "There is no 'script_location' in [alembic] of alembic.ini",
      { file: "P/alembic.ini" },
    ],
    [
      ini("x = 1\nscript_location = n"),
      "alembic-folder-missing",
      "The script_location of Alembic, P/n, is not there",
      { file: "P/alembic.ini", line: 3 },
    ],
    [
      ini("script_location = app:n"),
      "alembic-package-missing",
      "The package 'app' of Alembic's script_location was not found",
      { file: "P/alembic.ini", line: 2 },
    ],
    [
      ini("script_location = m\nversion_locations = a\npath_separator = |"),
      "alembic-separator",
      "'|' is no value of Alembic's path_separator",
      { file: "P/alembic.ini", line: 4 },
    ],
    [
      ini("script_location = %(nowhere)s"),
      "ini-interpolation",
      "The value of 'script_location' in [alembic] refers to %(nowhere)s, which is not in [alembic]",
      { file: "P/alembic.ini", line: 2 },
    ],
  ];
  for (const [files, code, message, place] of cases) {
    await rejects(load(files), (error) => {
      if (!(error instanceof DelembicError)) throw error;
      deepStrictEqual([error.code, error.message, error.place, error.exitCode], [code, message, place, 2]);
      match(error.hint ?? "", /\.$/);
      return true;
    });
  }
});

Deno.test("loadAlembic() says what is wrong with pyproject.toml", async () => {
  const cases: readonly (readonly [text: string, code: string, message: string])[] = [
    ["[tool.x]\n", "alembic-section-missing", "There is no [tool.alembic] in P/pyproject.toml"],
    [
      "[tool.alembic]\n",
      "alembic-script-location",
      "There is no 'script_location' in [tool.alembic] of pyproject.toml",
    ],
    ["[tool.alembic]\nscript_location = 1\n", "alembic-value", "'script_location' in [tool.alembic] is no text"],
    [
      '[tool.alembic]\nscript_location = "%(x)s"\n',
      "alembic-value",
      "'script_location' in [tool.alembic] has a '%' that means nothing",
    ],
    [
      "[tool.alembic\n",
      "toml-syntax",
      "pyproject.toml is no TOML: Invalid TOML document: illegal character in key",
    ],
  ];
  for (const [text, code, message] of cases) {
    await rejects(load({ "pyproject.toml": text }, { config: "pyproject.toml" }), (error) => {
      if (!(error instanceof DelembicError)) throw error;
      deepStrictEqual([error.code, error.message, error.exitCode], [code, message, 2]);
      return true;
    });
  }
});

Deno.test("loadAlembic() reads the version table that env.py sets", async () => {
  const files = { "alembic.ini": "[alembic]\nscript_location = m\n" };
  const table = async (env: string, settings: Partial<AlembicSettings> = {}) =>
    (await load({ ...files, "m/env.py": env, "settings.py": "SCHEMA = 'imported'\n" }, settings)).versionTable;
  deepStrictEqual(await table("context.configure(url=url)"), { table: "alembic_version", schema: undefined });
  deepStrictEqual(
    await table("def run():\n    context.configure(\n        version_table='v', version_table_schema=\"s\")\n"),
    { table: "v", schema: "s" },
  );
  deepStrictEqual(
    await table(
      "NAME = 'a' 'b'\nclass C:\n    def f(self):\n        context.configure(version_table=NAME,\n version_table_schema=None)\n",
    ),
    { table: "ab", schema: undefined },
  );
  deepStrictEqual(await table('OPTIONS = {"version_table": "d"}\ncontext.configure(**OPTIONS)\n'), {
    table: "d",
    schema: undefined,
  });
  deepStrictEqual(await table("from settings import SCHEMA\nx = dict(version_table_schema=SCHEMA)\n"), {
    table: "alembic_version",
    schema: "imported",
  });
  deepStrictEqual(await table("f(version_table='a')\ng(version_table=('a'))\n"), { table: "a", schema: undefined });
  deepStrictEqual(
    await table("context.configure(version_table=f())", { alembicVersionTable: "x", alembicVersionSchema: "y" }),
    { table: "x", schema: "y" },
  );
});

Deno.test("AlembicTree.versionTable raises what env.py sets by running code", async () => {
  const files = { "alembic.ini": "[alembic]\nscript_location = m\n", "m/versions/a.py": script("a") };
  const cases: readonly (readonly [env: string, line: number, why: string])[] = [
    ["\ncontext.configure(version_table=os.environ['T'])\n", 2, "it is os.environ['T']"],
    ["f(version_table='a')\nf(version_table='b')\n", 2, "it is set to several values"],
  ];
  for (const [env, line, why] of cases) {
    const tree = await load({ ...files, "m/env.py": env });
    // the scripts themselves are no worse for it
    deepStrictEqual(tree.heads(), ["a"]);
    throws(() => tree.versionTable, (error) => {
      if (!(error instanceof FaultsError)) throw error;
      equal(error.message, `The version_table that env.py sets cannot be known without running it: ${why}`);
      equal(error.hint, "Set 'alembic_version_table' in delembic.ini.");
      deepStrictEqual(error.place, { file: "m/env.py", line });
      return true;
    });
  }
});

Deno.test("loadAlembic() says that a compiled script has no source", async () => {
  const tree = await load({
    "alembic.ini": "[alembic]\nscript_location = m\nsourceless = true\n",
    "m/versions/a.py": script("a"),
    "m/versions/a.pyc": "",
    "m/versions/b.pyc": "",
  });
  deepStrictEqual(tree.faults.map(({ code, message }) => [code, message]), [
    ["alembic-compiled", "This Alembic script is compiled and has no source, so its ids are not known"],
  ]);
});
