import assert from "node:assert/strict";
import fc from "fast-check";
import { ConfigError, loadConfig } from "../../src/config.ts";
import { DelembicError } from "../../src/errors.ts";
import { IniError, parseIni } from "../../src/ini.ts";
import { addSection, newIni } from "../../src/init_files.ts";
import { temporaryFolder } from "../support.ts";

function valuesOf(text: string, section: string): Record<string, string | undefined> {
  const ini = parseIni(text, "delembic.ini");
  return Object.fromEntries(ini.keys(section).map((key) => [key, ini.get(section, key)]));
}

Deno.test("newIni() sets what a new project needs, with a comment above each key", () => {
  const text = newIni({ section: "delembic", folder: "delembic" });
  assert.deepEqual(valuesOf(text, "delembic"), {
    "script_location": "delembic",
    "sqlalchemy.url": "${DATABASE_URL}",
    "alembic_config": "alembic.ini",
    "filename_template": "%(revision)s_%(slug)s",
    "revision_ids": "sequential",
  });
  const lines = text.split("\n");
  lines.forEach((line, index) => {
    if (/^\w[\w.]* = /.test(line)) assert.match(lines[index - 1] ?? "", /^# /, line);
  });
  assert.ok(lines.every((line) => line.length <= 120));
});

Deno.test("newIni() writes what loadConfig() reads without a warning", async () => {
  await using folder = await temporaryFolder({ "delembic.ini": newIni({ section: "delembic", folder: "a b/${x}" }) });
  const env = (name: string) => name === "DATABASE_URL" ? "sqlite:///app.db" : undefined;
  const config = await loadConfig({ cwd: folder.path, env });
  assert.deepEqual(config.warnings, []);
  assert.equal(config.scriptLocation, `${folder.path}/a b/\${x}`);
  assert.equal(config.alembic?.file, `${folder.path}/alembic.ini`);
  assert.equal((await config.databaseUrl()).target.label, `sqlite:///${folder.path}/app.db`);
});

Deno.test("addSection() leaves all that is there as it is", () => {
  const text = "# mine\n[delembic]\nscript_location = data ; mine\n\n# end";
  const more = addSection(text, "delembic.ini", { section: "silver", folder: "silver" });
  assert.ok(more.startsWith(`${text}\n`));
  assert.deepEqual(valuesOf(more, "delembic"), { script_location: "data ; mine" });
  assert.deepEqual(valuesOf(more, "silver"), {
    "script_location": "silver",
    "sqlalchemy.url": "${SILVER_DATABASE_URL}",
    "alembic_config": "alembic.ini",
    "filename_template": "%(revision)s_%(slug)s",
    "revision_ids": "sequential",
  });
});

Deno.test("addSection() adds to any ini file without changing a value in it", () => {
  const line = fc.constantFrom("[a]", "[b]", "x = 1", "  y = 2", "z: 3", "", "# c", "\t", "[DEFAULT]", "  long");
  fc.assert(
    fc.property(fc.array(line), fc.constantFrom("\n", "\r\n"), fc.constantFrom("", "\n"), (lines, end, last) => {
      const text = lines.join(end) + (last === "" ? "" : end);
      try {
        parseIni(text, "x.ini");
      } catch (error) {
        if (error instanceof IniError) return;
        throw error;
      }
      const before = parseIni(text, "x.ini");
      const after = parseIni(addSection(text, "x.ini", { section: "new", folder: "new" }), "x.ini");
      assert.deepEqual(after.sections(), [...before.sections(), "new"]);
      for (const section of before.sections()) {
        for (const key of before.keys(section)) assert.equal(after.get(section, key), before.get(section, key));
      }
    }),
  );
});

Deno.test("addSection() keeps the file's line ends", () => {
  const more = addSection("[delembic]\r\na = 1\r\n", "x.ini", { section: "silver", folder: "silver" });
  assert.equal(more.replaceAll("\r\n", "").includes("\n"), false);
});

Deno.test("addSection() names the variable of the URL after the section", () => {
  const variable = (section: string) =>
    valuesOf(addSection("", "x", { section, folder: "f" }), section)["sqlalchemy.url"];
  assert.equal(variable("delembic"), "${DATABASE_URL}");
  assert.equal(variable("eu-west.1"), "${EU_WEST_1_DATABASE_URL}");
  assert.equal(variable("2nd"), "${_2ND_DATABASE_URL}");
  assert.equal(variable("日本"), "${DATABASE_URL}");
});

function thrown(fn: () => unknown): DelembicError {
  try {
    fn();
  } catch (error) {
    assert.ok(error instanceof DelembicError);
    return error;
  }
  assert.fail("nothing was thrown");
}

Deno.test("addSection() refuses a section that is there", () => {
  const error = thrown(() => addSection("\n[delembic]\n", "/p/delembic.ini", { section: "delembic", folder: "x" }));
  assert.equal(error.message, "[delembic] already exists in /p/delembic.ini");
  assert.equal(error.hint, "Give another name with -n.");
  assert.equal(error.code, "section-exists");
  assert.equal(error.exitCode, 1);
  assert.deepEqual(error.place, { file: "/p/delembic.ini", line: 2 });
});

Deno.test("newIni() and addSection() refuse names that cannot stand in an ini file", () => {
  for (const section of ["", "DEFAULT", "a]b", "a\nb", " a", "delembic.source.x"]) {
    for (const make of [() => newIni({ section, folder: "x" }), () => addSection("", "x", { section, folder: "x" })]) {
      const error = thrown(make);
      assert.ok(error instanceof ConfigError);
      assert.equal(error.message, `'${section}' cannot be the name of a section`);
      assert.equal(error.hint, "Take letters, digits, _ and -; not DEFAULT.");
    }
  }
  for (const folder of ["", " ", "a\nb"]) {
    const error = thrown(() => newIni({ section: "delembic", folder }));
    assert.equal(error.message, "The folder's name is empty or has control characters");
    assert.equal(error.hint, "Give another folder.");
  }
});
