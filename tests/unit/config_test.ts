import assert from "node:assert/strict";
import { type Config, ConfigError, type ConfigOptions, loadConfig } from "../../src/config.ts";
import type { Place } from "../../src/errors.ts";
import { temporaryFolder } from "../support.ts";

type Files = Record<string, string | Uint8Array>;
type Options = Partial<Omit<ConfigOptions, "env" | "cwd">> & { env?: Record<string, string>; below?: string };

/** Reads the configuration in a folder with these files; with a text, in one with that `delembic.ini`. */
async function withConfig<T>(
  files: Files | string,
  options: Options,
  fn: (load: () => Promise<Config>, folder: string) => Promise<T>,
): Promise<T> {
  const { env = {}, below = "", ...others } = options;
  await using folder = await temporaryFolder(typeof files === "string" ? { "delembic.ini": files } : files);
  const cwd = `${folder.path}${below}`;
  const load = () => loadConfig({ ...others, cwd, env: (name) => Object.hasOwn(env, name) ? env[name] : undefined });
  return await fn(load, folder.path);
}

async function configOf(files: Files | string, options: Options = {}): Promise<Config> {
  return await withConfig(files, options, (load) => load());
}

async function labelOf(files: Files | string, options: Options = {}): Promise<string> {
  return await withConfig(files, options, async (load, folder) => {
    const { target } = await (await load()).databaseUrl();
    return target.label.replace(folder, "DIR");
  });
}

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly place: Place | undefined;
}

/** The error of reading, or of asking for the URL; the folder's name in it is `DIR`. */
async function refusal(files: Files | string, options: Options = {}): Promise<Refusal> {
  return await withConfig(files, options, async (load, folder) => {
    const plain = (text: string) => text.replaceAll(folder, "DIR");
    try {
      await (await load()).databaseUrl();
    } catch (error) {
      assert.ok(error instanceof ConfigError, String(error));
      assert.equal(error.exitCode, 2);
      const { code, message, hint, place } = error;
      return {
        code,
        message: plain(message),
        hint: hint === undefined ? undefined : plain(hint),
        place: place === undefined ? undefined : { ...place, file: plain(place.file) },
      };
    }
    assert.fail("nothing was thrown");
  });
}

const MINIMAL = "[delembic]\nsqlalchemy.url = postgresql://u:pw12@h/d\n";

Deno.test("loadConfig() has the Python tool's defaults", async () => {
  await withConfig("[delembic]\n", {}, async (load, folder) => {
    const { databaseUrl: _, ...config } = await load();
    assert.deepEqual(config, {
      file: `${folder}/delembic.ini`,
      folder,
      section: "delembic",
      scriptLocation: `${folder}/delembic`,
      versionsFolder: `${folder}/delembic/versions`,
      alembic: undefined,
      alembicCommand: ["alembic"],
      python: undefined,
      ...{ onSuccess: undefined, onFailure: undefined, hookTimeoutMs: 30_000 },
      filenameTemplate: "%(year)s_%(month)s_%(day)s_%(hour)s%(minute)s%(second)s_%(revision)s_%(slug)s",
      revisionIds: "sequential",
      virtualEnv: undefined,
      pythonPath: undefined,
      warnings: [],
      sources: new Map(),
    });
  });
});

Deno.test("loadConfig() reads every key, with paths from the ini file's folder", async () => {
  const ini = `[delembic]
script_location = ../data
sqlalchemy.url = mysql://h/d
alembic_config = schema/alembic.ini
filename_template = %(revision)s
revision_ids = hex
alembic_version_table = av
alembic_version_schema = ops
alembic_command = poetry run alembic # not a comment
python = .venv/bin/python
on_success = tell
on_failure = call
hook_timeout = 2m
`;
  await withConfig(
    { "conf/delembic.ini": ini },
    { config: "conf/delembic.ini", env: { VIRTUAL_ENV: "/envs/app", PYTHONPATH: "/lib/one:two" } },
    async (load, folder) => {
      const { databaseUrl, ...config } = await load();
      assert.deepEqual(config, {
        file: `${folder}/conf/delembic.ini`,
        folder: `${folder}/conf`,
        section: "delembic",
        scriptLocation: `${folder}/data`,
        versionsFolder: `${folder}/data/versions`,
        alembic: { file: `${folder}/conf/schema/alembic.ini`, section: "alembic" },
        alembicVersionTable: "av",
        alembicVersionSchema: "ops",
        alembicCommand: ["poetry", "run", "alembic", "#", "not", "a", "comment"],
        python: [".venv/bin/python"],
        ...{ onSuccess: "tell", onFailure: "call", hookTimeoutMs: 120_000 },
        filenameTemplate: "%(revision)s",
        revisionIds: "hex",
        virtualEnv: "/envs/app",
        pythonPath: "/lib/one:two",
        warnings: [],
        sources: new Map(),
      });
      assert.equal((await databaseUrl()).target.label, "mysql://h:3306/d");
    },
  );
});

Deno.test("loadConfig() finds the nearest delembic.ini from the working directory upward", async () => {
  const files = { "delembic.ini": "[delembic]\n", "a/delembic.ini": "[delembic]\n", "a/b/c/x": "" };
  await withConfig(files, { below: "/a/b/c" }, async (load, folder) => {
    assert.equal((await load()).file, `${folder}/a/delembic.ini`);
  });
});

Deno.test("loadConfig() without a file says where it looked, and what to do", async () => {
  assert.deepEqual(await refusal({}), {
    code: "no-config",
    message: "delembic.ini not found in DIR or any folder above",
    hint: "Run 'delembic init' first.",
    place: undefined,
  });
  assert.deepEqual(await refusal({}, { config: "nope.ini" }), {
    code: "no-config",
    message: "nope.ini not found",
    hint: "Name an ini file with -c, or run 'delembic init'.",
    place: undefined,
  });
});

Deno.test("loadConfig() says why a file cannot be read", async () => {
  const folder = await refusal({ "x/y": "" }, { config: "x" });
  assert.equal(folder.code, "config-unreadable");
  assert.match(folder.message, /^Cannot read DIR\/x: .*[Ii]s a directory/);
  assert.equal(folder.hint, "Is it a file that this user may read?");
  const latin = await refusal({ "delembic.ini": new Uint8Array([0x5b, 0xe9, 0x5d]) });
  assert.equal(latin.message, "Cannot read DIR/delembic.ini: it is not UTF-8");
  assert.equal(latin.hint, "Save it as UTF-8.");
});

Deno.test("loadConfig() refuses a section that is not there, and suggests those that are", async () => {
  assert.deepEqual(await refusal("[delembik]\n[silver]\n[delembic.source.legacy]\n"), {
    code: "no-section",
    message: "Section [delembic] not found in DIR/delembic.ini",
    hint: "Did you mean [delembik]? The file has [delembik], [silver]; name one with -n.",
    place: { file: "DIR/delembic.ini" },
  });
  assert.equal(
    (await refusal("[delembic]\n", { section: "gold" })).hint,
    "The file has [delembic]; name one with -n.",
  );
  assert.equal(
    (await refusal("# nothing\n")).hint,
    "The file has no section yet; run 'delembic init' in an empty folder to see how it should look.",
  );
});

Deno.test("loadConfig() reads another section with -n, and the one of Alembic with the same name if there is one", async () => {
  const ini = "[DEFAULT]\nalembic_config = alembic.ini\n[delembic]\n[prod]\nscript_location = prod\n";
  const files = { "delembic.ini": ini, "alembic.ini": "[alembic]\n[prod]\n" };
  await withConfig(files, { section: "prod" }, async (load, folder) => {
    const { section, scriptLocation, alembic } = await load();
    assert.deepEqual([section, scriptLocation], ["prod", `${folder}/prod`]);
    assert.deepEqual(alembic, { file: `${folder}/alembic.ini`, section: "prod" });
  });
  const section = async (files: Files, section: string) => (await configOf(files, { section })).alembic?.section;
  assert.equal(await section(files, "delembic"), "alembic");
  assert.equal(await section({ ...files, "alembic.ini": "[alembic]\n" }, "prod"), "alembic");
  assert.equal(await section({ ...files, "alembic.ini": "no ini" }, "prod"), "alembic");
  assert.equal(await section({ "delembic.ini": ini }, "prod"), "alembic");
  assert.equal(
    await section({ "delembic.ini": ini.replace("alembic.ini", "pyproject.toml"), "pyproject.toml": "[prod]" }, "prod"),
    "alembic",
  );
});

Deno.test("loadConfig() warns of unknown keys, but not of those of later commands and of other sections", async () => {
  const ini = "[DEFAULT]\nmine = 1\n[delembic]\nsqlalchemy.ulr = x\nquux = 1\n[other]\nscript_locatoin = x\n" +
    "[delembic.source.legacy]\nurl = x\n";
  assert.deepEqual((await configOf(ini)).warnings, [
    "Unknown key 'sqlalchemy.ulr' in [delembic], line 4; did you mean 'sqlalchemy.url'?",
    "Unknown key 'quux' in [delembic], line 5",
  ]);
});

Deno.test("loadConfig() warns of what looks like a comment and is part of the value, without showing the value", async () => {
  const ini = "[delembic]\nalembic_config = alembic.ini ; secret\nscript_location = data # x\n";
  assert.deepEqual((await configOf(ini)).warnings, [
    "The ';' in the value of 'alembic_config' in [delembic], line 2, begins no comment: it is part of the value. " +
    "A comment needs a line of its own",
    "The '#' in the value of 'script_location' in [delembic], line 3, begins no comment: it is part of the value. " +
    "A comment needs a line of its own",
  ]);
});

Deno.test("loadConfig() refuses a value that goes on in the next line", async () => {
  assert.deepEqual(await refusal("[delembic]\nscript_location = data\n  revision_ids = hex\n"), {
    code: "config-value",
    message: "The value of 'script_location' in [delembic] goes on in the next line",
    hint: "An indented line continues the value above it: take the spaces before the next key away.",
    place: { file: "DIR/delembic.ini", line: 2 },
  });
});

Deno.test("loadConfig() puts the environment into values; $${ stands for ${", async () => {
  const ini = "[delembic]\nscript_location = ${A}/$${B}/$C/${A}${_d1}\n";
  await withConfig(ini, { env: { A: "x", _d1: "y" } }, async (load, folder) => {
    assert.equal((await load()).scriptLocation, `${folder}/x/\${B}/$C/xy`);
  });
});

Deno.test("loadConfig() does not read the environment in what comes from the environment", async () => {
  const ini = "[delembic]\nsqlalchemy.url = ${URL}\n";
  const env = { URL: "postgresql://u:$${x}${URL}@h/d" };
  await withConfig(ini, { env }, async (load) => {
    const { target } = await (await load()).databaseUrl();
    assert.equal(target.dialect !== "sqlite" && target.password, "$${x}${URL}");
  });
});

Deno.test("loadConfig() names the environment variable that is not set", async () => {
  const ini = "[delembic]\n\nscript_location = ${DATA_DIR}\n";
  assert.deepEqual(await refusal(ini), {
    code: "unset-variable",
    message: "The environment variable DATA_DIR is not set; 'script_location' in [delembic] needs it",
    hint: "Set it.",
    place: { file: "DIR/delembic.ini", line: 3 },
  });
  assert.deepEqual(await refusal(ini, { env: { DATA_DIR: " " } }), {
    code: "empty-variable",
    message: "The value of 'script_location' in [delembic] is empty",
    hint: "The environment variable in it is set to nothing.",
    place: { file: "DIR/delembic.ini", line: 3 },
  });
});

Deno.test("loadConfig() refuses a ${ that names no variable, without showing what stands in it", async () => {
  for (const value of ["${X:-secret}", "${}", "${X", "${1}"]) {
    const { message, hint, place } = await refusal(`[delembic]\nscript_location = ${value}\n`);
    assert.equal(message, "The value of 'script_location' in [delembic] has a '${' that names no environment variable");
    assert.equal(hint, "Write ${NAME}, with letters, digits and _; $${ stands for ${ itself.");
    assert.deepEqual(place, { file: "DIR/delembic.ini", line: 2 });
  }
});

Deno.test("loadConfig() needs the variables of the URL only when the URL is used", async () => {
  const ini = "[delembic]\nsqlalchemy.url = ${DATABASE_URL}\n";
  assert.deepEqual((await configOf(ini)).warnings, []);
  assert.equal(await labelOf(ini, { url: "mysql://h/d" }), "mysql://h:3306/d");
  assert.deepEqual(await refusal(ini), {
    code: "unset-variable",
    message: "The environment variable DATABASE_URL is not set; 'sqlalchemy.url' in [delembic] needs it",
    hint: "Set it, or give --url.",
    place: { file: "DIR/delembic.ini", line: 2 },
  });
});

Deno.test("loadConfig() refuses unknown ways to make ids", async () => {
  assert.deepEqual(await refusal("[delembic]\nrevision_ids = sequental\n"), {
    code: "config-value",
    message: "'sequental' is no value of 'revision_ids' in [delembic]",
    hint: "Did you mean sequential? There are sequential, hex, timestamp.",
    place: { file: "DIR/delembic.ini", line: 2 },
  });
});

Deno.test("loadConfig() takes templates of file names as Python and Alembic write them", async () => {
  const template = async (text: string) =>
    (await configOf(`[delembic]\nfilename_template = ${text}\n`)).filenameTemplate;
  assert.equal(
    await template("%(year)d_%(month).2d_%(revision)s_%(slug)s"),
    "%(year)d_%(month).2d_%(revision)s_%(slug)s",
  );
  assert.equal(await template("%%(year)d_%%(month).2d_%%(revision)s"), "%(year)d_%(month).2d_%(revision)s");
  assert.equal(await template("100%%_%(revision)s"), "100%%_%(revision)s");
});

Deno.test("loadConfig() refuses templates of file names that lose or hide files", async () => {
  const all = "There are revision, slug, year, month, day, hour, minute, second.";
  const cases: Record<string, [message: string, hint: string]> = {
    "%(revison)s_%(slug)s": ["Unknown key 'revison' in filename_template", `Did you mean revision? ${all}`],
    "%(xyzzy)s": ["Unknown key 'xyzzy' in filename_template", all],
    "fixed": [
      "filename_template has no %(revision)s",
      "Without it two migrations could have one file; put it in.",
    ],
    "%(slug)s": [
      "filename_template has no %(revision)s",
      "Without it two migrations could have one file; put it in.",
    ],
    "a/%(revision)s": [
      "filename_template has a slash",
      "Migration files stand in the folder 'versions' itself; take it out.",
    ],
    "_%(revision)s": [
      "filename_template begins with '_'",
      "Files whose names begin so are helpers, and never run as migrations; begin with something else.",
    ],
    "%(revision)s_100%": ["filename_template has a '%' that begins no %(key)s", "Write %% for a percent sign."],
    "%(revision": ["filename_template has a '%' that begins no %(key)s", "Write %% for a percent sign."],
    "%(revision)": ["'%(revision)' in filename_template does not end with s", "Write %(revision)s."],
    "%(revision).4s": [
      "filename_template cuts the revision",
      "Cut, two revisions could have one file; write %(revision)s.",
    ],
    "%(revision)d": ["'%(revision)' in filename_template does not end with s", "Write %(revision)s."],
  };
  for (const [text, [message, hint]] of Object.entries(cases)) {
    assert.deepEqual(await refusal(`[delembic]\nfilename_template = ${text}\n`), {
      code: "filename-template",
      message,
      hint,
      place: { file: "DIR/delembic.ini", line: 2 },
    });
  }
});

Deno.test("Config.databaseUrl() takes --url, then DELEMBIC_URL, then the ini file, then env.ts", async () => {
  const env = "export const databaseUrl = 'mysql://env/d';\n";
  const files = { "delembic.ini": MINIMAL, "delembic/env.ts": env };
  const variable = { DELEMBIC_URL: "mysql://variable/d" };
  assert.equal(await labelOf(files, { url: "mysql://option/d", env: variable }), "mysql://option:3306/d");
  assert.equal(await labelOf(files, { env: variable }), "mysql://variable:3306/d");
  assert.equal(await labelOf(files, { env: { DELEMBIC_URL: "" } }), "postgresql://u@h:5432/d");
  assert.equal(await labelOf({ ...files, "delembic.ini": "[delembic]\n" }), "mysql://env:3306/d");
  assert.equal(await labelOf({ ...files, "delembic.ini": "[delembic]\nsqlalchemy.url =\n" }), "mysql://env:3306/d");
});

Deno.test("Config.databaseUrl() makes paths of SQLite relative to the ini file's folder, wherever the URL is from", async () => {
  const files = { "delembic.ini": "[delembic]\nsqlalchemy.url = sqlite:///app.db\n", "sub/x": "" };
  assert.equal(await labelOf(files, { below: "/sub" }), "sqlite:///DIR/app.db");
  assert.equal(await labelOf(files, { below: "/sub", url: "sqlite:///b.db" }), "sqlite:///DIR/b.db");
});

Deno.test("Config.databaseUrl() asks env.ts or env.js in every shape", async () => {
  const shapes = [
    "export function databaseUrl() { return 'mysql://h/d'; }",
    "export async function databaseUrl(): Promise<string> { return await 'mysql://h/d'; }",
    "export default () => 'mysql://h/d';",
    "export default { databaseUrl: () => Promise.resolve('mysql://h/d') };",
    "export default 'mysql://h/d';",
  ];
  for (const shape of shapes) {
    assert.equal(
      await labelOf({ "delembic.ini": "[delembic]\n", "delembic/env.ts": shape }),
      "mysql://h:3306/d",
      shape,
    );
  }
  const script = "export const databaseUrl = () => 'mysql://js/d';";
  assert.equal(await labelOf({ "delembic.ini": "[delembic]\n", "delembic/env.js": script }), "mysql://js:3306/d");
});

Deno.test("Config.databaseUrl() says what is wrong with env.ts", async () => {
  const cases: Record<string, string> = {
    "export const url = 'x';": "delembic/env.ts does not export databaseUrl()",
    "export default class {}; export const databaseUrl = 3;": "delembic/env.ts could not give the database URL: " +
      "Class constructor default cannot be invoked without 'new'",
    "export const databaseUrl = () => undefined;": "delembic/env.ts gave undefined for the database URL",
    "export const databaseUrl = () => '';": "delembic/env.ts gave an empty text for the database URL",
    "export const databaseUrl = () => { throw new Error('no vault'); };":
      "delembic/env.ts could not give the database URL: no vault",
    "throw new Error('boom');": "delembic/env.ts does not load: boom",
  };
  for (const [text, message] of Object.entries(cases)) {
    assert.deepEqual(await refusal({ "delembic.ini": "[delembic]\n", "delembic/env.ts": text }), {
      code: "env-file",
      message,
      hint: 'It should be: export function databaseUrl() { return "postgresql://…"; }',
      place: { file: "DIR/delembic/env.ts" },
    });
  }
});

Deno.test("Config.databaseUrl() without any URL tells all ways to give one", async () => {
  const hint = "Set sqlalchemy.url in [delembic] of delembic.ini (${NAME} takes an environment variable), " +
    "or DELEMBIC_URL, or give --url.";
  const place = { file: "DIR/delembic.ini" };
  assert.deepEqual(await refusal("[delembic]\n"), {
    code: "no-database-url",
    message: "No database URL is set",
    hint,
    place,
  });
  assert.deepEqual(await refusal({ "delembic.ini": "[delembic]\n", "delembic/env.py": "def get_engine(): pass" }), {
    code: "no-database-url",
    message: "No database URL: delembic/env.py is for the Python tool, and is not run",
    hint,
    place,
  });
  assert.equal((await refusal(MINIMAL, { url: "" })).message, "--url is empty");
});

Deno.test("Config.databaseUrl() says which URL is wrong, and never shows it", async () => {
  const wrong = "postgresql://u:secret12@h:port/d";
  const read = "The database URL cannot be read as scheme://user:password@host:port/database?option=value";
  const cases: [Files | string, Options, string, Place | undefined][] = [
    [MINIMAL, { url: wrong }, "--url", undefined],
    [MINIMAL, { env: { DELEMBIC_URL: wrong } }, "DELEMBIC_URL", undefined],
    [`[delembic]\nsqlalchemy.url = ${wrong}\n`, {}, "sqlalchemy.url in [delembic]", {
      file: "DIR/delembic.ini",
      line: 2,
    }],
    [
      { "delembic.ini": "[delembic]\n", "delembic/env.ts": `export default ${JSON.stringify(wrong)};` },
      {},
      "databaseUrl() of delembic/env.ts",
      { file: "DIR/delembic/env.ts" },
    ],
  ];
  for (const [files, options, from, place] of cases) {
    const error = await refusal(files, options);
    assert.equal(error.code, "database-url");
    assert.equal(error.message, `${read} (from ${from})`);
    assert.deepEqual(error.place, place);
    assert.ok(!JSON.stringify(error).includes("secret12"));
  }
});

const SOURCES = `[delembic]
[delembic.source.legacy]
url = mysql+pymysql://reader:\${LEGACY_PASSWORD}@legacy.example.com/shop
[delembic.source.old files]
url = sqlite:///data/old.db
[delembic.source.empty]
ulr = sqlite:///x.db
[delembic.source.bad]
url = oracle://u:hunter22@h/d
[delembic.source.commented]
url = sqlite:///x.db ; the old one
`;

Deno.test("Config.sources has the databases to read from, with the environment put in and paths from the ini file", async () => {
  await withConfig({ "conf/delembic.ini": SOURCES }, {
    config: "conf/delembic.ini",
    env: { LEGACY_PASSWORD: "se/cret" },
  }, async (load, folder) => {
    const { sources, warnings } = await load();
    assert.deepEqual([...sources.keys()], ["legacy", "old files", "empty", "bad", "commented"]);
    const targetOf = async (name: string) => (await sources.get(name)?.())?.target;
    const legacy = await targetOf("legacy");
    assert.deepEqual(legacy?.dialect !== "sqlite" && legacy?.password, "se/cret");
    const old = await targetOf("old files");
    assert.equal(old?.dialect === "sqlite" && old.file, `${folder}/conf/data/old.db`);
    assert.deepEqual(warnings, ["Unknown key 'ulr' in [delembic.source.empty], line 7; did you mean 'url'?"]);
  });
});

Deno.test("Config.sources says what is wrong with a URL, and where, when it is used", async () => {
  const file = (folder: string) => `${folder}/delembic.ini`;
  await withConfig(SOURCES, {}, async (load, folder) => {
    const { sources } = await load();
    const expected: [string, string, number][] = [
      ["legacy", "The environment variable LEGACY_PASSWORD is not set; 'url' in [delembic.source.legacy] needs it", 3],
      ["empty", "[delembic.source.empty] has no 'url'", 6],
      ["commented", "The value of 'url' in [delembic.source.commented] has a ';' in it", 11],
    ];
    for (const [name, message, line] of expected) {
      await assert.rejects(async () => await sources.get(name)?.(), { message, place: { file: file(folder), line } });
    }
    await assert.rejects(async () => await sources.get("bad")?.(), (error: Error & { place?: unknown }) => {
      assert.match(error.message, /oracle.*\(from url in \[delembic\.source\.bad\]\)/);
      assert.doesNotMatch(error.message, /hunter22/);
      assert.deepEqual(error.place, { file: file(folder), line: 9 });
      return true;
    });
  });
});

Deno.test("loadConfig() refuses a time for hooks that is none", async () => {
  assert.deepEqual(await refusal(`${MINIMAL}hook_timeout = soon\n`), {
    code: "config-value",
    message: "'soon' is no value of 'hook_timeout' in [delembic]",
    hint: "Write a number of seconds, or a text such as '500ms', '90s', '15m' or '2h'.",
    place: { file: "DIR/delembic.ini", line: 3 },
  });
});
