/**
 * Projects with Alembic in many layouts: what stands in their configuration, and where their files are.
 *
 * @module
 */

export interface Layout {
  /** By path; a revision `x` of `s("x")`. */
  readonly files: Readonly<Record<string, string>>;
  /** Links to make: where, and to what. */
  readonly links?: Readonly<Record<string, string>>;
  /** What `alembic_config` names. @default alembic.ini */
  readonly config?: "alembic.ini" | "pyproject.toml";
  readonly section?: string;
  /** What differs from Alembic's answer on purpose: the code of the error, or of the fault. */
  readonly refused?: string;
}

/** A script. */
export function s(revision: string): string {
  return `revision = "${revision}"\ndown_revision = None\n`;
}

const AB = { "m/env.py": "", "v1/a.py": s("a"), "v2/b.py": s("b") };
const SITE = ".venv/lib/python3.11/site-packages";

function ini(lines: string, files: Record<string, string> = {}): Layout {
  return { files: { "alembic.ini": `[alembic]\n${lines}\n`, ...files } };
}

function toml(lines: string, files: Record<string, string> = {}): Layout {
  return { config: "pyproject.toml", files: { "pyproject.toml": `[tool.alembic]\n${lines}\n`, ...files } };
}

const M = { "m/env.py": "", "m/versions/a.py": s("a") };
const LOCATIONS = (lines: string, files: Record<string, string> = AB) => ini(`script_location = m\n${lines}`, files);
const PACKAGE = { "app/__init__.py": "", "app/m/env.py": "", "app/m/versions/a.py": s("a") };

function below(folder: string, files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]));
}

/** What setuptools leaves of `pip install --editable` for packages that are not in one folder. */
function finder(mapping: Record<string, string>): Record<string, string> {
  const table = Object.entries(mapping).map(([name, path]) => `'${name}': '${path}'`).join(", ");
  return {
    [`${SITE}/__editable__.app-1.0.pth`]: "import __editable___app_1_0_finder; __editable___app_1_0_finder.install()",
    [`${SITE}/__editable___app_1_0_finder.py`]: `from __future__ import annotations
import sys
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path

MAPPING: dict[str, str] = {${table}}
NAMESPACES: dict[str, list[str]] = {}
PATH_PLACEHOLDER = '__editable__.app-1.0.finder' + ".__path_hook__"


class _EditableFinder:
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if fullname not in MAPPING:
            return None
        init = Path(MAPPING[fullname], "__init__.py")
        return spec_from_file_location(fullname, init) if init.exists() else None


def install():
    if not any(finder == _EditableFinder for finder in sys.meta_path):
        sys.meta_path.append(_EditableFinder)
`,
  };
}

/** @param folder where the layout will lie, for absolute paths */
export function layouts(folder: string): Readonly<Record<string, Layout>> {
  return {
    "a relative path": ini("script_location = m", M),
    "a relative path with dots": ini("script_location = ./x/../m/", { ...M, "x/y": "" }),
    "an absolute path": ini(`script_location = ${folder}/m`, M),
    "a path with here": ini("script_location = %(here)s/m", M),
    "a path with here of another option": ini("base = %(here)s/m\nscript_location = %(BASE)s", M),
    "a percent sign in a path": ini("script_location = m%%", { "m%/env.py": "", "m%/versions/a.py": s("a") }),
    "an option of DEFAULT": { files: { "alembic.ini": "[DEFAULT]\nscript_location = m\n[alembic]\n", ...M } },
    "nothing for a path": ini("script_location =", { "versions/a.py": s("a") }),
    "no scripts yet": ini("script_location = m", { "m/env.py": "" }),
    "another section": {
      ...ini("script_location = x", { ...M, "x/y": "" }),
      section: "prod",
      files: { "alembic.ini": "[alembic]\nscript_location = x\n[prod]\nscript_location = m\n", ...M, "x/y": "" },
    },
    "another section, which takes nothing from [alembic]": {
      section: "prod",
      refused: "alembic-script-location",
      files: { "alembic.ini": "[alembic]\nscript_location = m\n[prod]\nx = 1\n", ...M },
    },
    "a folder that is not there": { ...ini("script_location = n", M), refused: "alembic-folder-missing" },

    // version_locations
    "no separator: a space": LOCATIONS("version_locations = v1 v2"),
    "no separator: many spaces": LOCATIONS("version_locations = v1    v2"),
    "no separator: a comma": LOCATIONS("version_locations = v1,v2"),
    "no separator: comma and space": LOCATIONS("version_locations = v1,   v2"),
    "no separator: a colon is one of a package": LOCATIONS("prepend_sys_path = .\nversion_locations = v1:v2"),
    "no separator: lines are one path": LOCATIONS("version_locations =\n  v1\n  v2"),
    "no separator: a comma at the end is the folder itself": LOCATIONS("version_locations = v1,", {
      ...AB,
      "c.py": s("c"),
    }),
    "no separator: a space before a comma": LOCATIONS("version_locations = v1 , v2", { ...AB, "c.py": s("c") }),
    "space": LOCATIONS("path_separator = space\nversion_locations = v1  v2 "),
    "newline": LOCATIONS("path_separator = newline\nversion_locations =\n  v1\n\n  v2"),
    "newline, with spaces in a name": LOCATIONS("path_separator = newline\nversion_locations =\n  v 1\n  v2", {
      "m/env.py": "",
      "v 1/a.py": s("a"),
      "v2/b.py": s("b"),
    }),
    "os": LOCATIONS("path_separator = os\nversion_locations = v1:v2"),
    "os, with here": LOCATIONS("path_separator = os\nversion_locations = %(here)s/v1:%(here)s/v2"),
    "os, with spaces around": LOCATIONS("path_separator = os\nversion_locations = v1 : v2 :"),
    "os, with nothing between": LOCATIONS("path_separator = os\nversion_locations = v1::v2"),
    "os, with a space between": LOCATIONS("path_separator = os\nversion_locations = v1: :v2", {
      ...AB,
      "c.py": s("c"),
    }),
    "os, but commas": LOCATIONS("path_separator = os\nversion_locations = v1, v2"),
    "a colon": LOCATIONS("path_separator = :\nversion_locations = v1:v2"),
    "a semicolon": LOCATIONS("path_separator = ;\nversion_locations = v1;v2"),
    "a semicolon at the end": LOCATIONS("path_separator = ;\nversion_locations = v1; v2;"),
    "legacy space": LOCATIONS("version_path_separator = space\nversion_locations = v1 v2"),
    "legacy newline": LOCATIONS("version_path_separator = newline\nversion_locations =\n  v1\n  v2"),
    "legacy os": LOCATIONS("version_path_separator = os\nversion_locations = v1:v2"),
    "legacy colon": LOCATIONS("version_path_separator = :\nversion_locations = v1:v2"),
    "legacy semicolon": LOCATIONS("version_path_separator = ;\nversion_locations = v1;v2"),
    "both separators": LOCATIONS("version_path_separator = :\npath_separator = ;\nversion_locations = v1;v2"),
    "a separator of DEFAULT": {
      files: {
        "alembic.ini": "[DEFAULT]\npath_separator = ;\n[alembic]\nscript_location = m\nversion_locations = v1;v2\n",
        ...AB,
      },
    },
    "a separator by interpolation": LOCATIONS("sep = space\npath_separator = %(sep)s\nversion_locations = v1 v2"),
    "a wrong separator": { ...LOCATIONS("path_separator = |\nversion_locations = v1"), refused: "alembic-separator" },
    "a wrong separator, never used": ini("path_separator = |\nscript_location = m", M),
    "an empty separator": { ...LOCATIONS("path_separator =\nversion_locations = v1"), refused: "alembic-separator" },
    "an empty version_locations": LOCATIONS("version_locations =", { ...AB, "m/versions/c.py": s("c") }),
    "a location that is not there": LOCATIONS("version_locations = v1 v3"),
    "a location that is a file": LOCATIONS("version_locations = v1/a.py v2"),
    "a location twice": LOCATIONS("version_locations = v1 ./v1 v2/../v1 v2"),
    "absolute and relative locations": LOCATIONS(`version_locations = ${folder}/v1 v2`),
    "a package in version_locations": LOCATIONS(
      "prepend_sys_path = .\npath_separator = space\nversion_locations = lib.db:v1 v2",
      {
        ...AB,
        "lib/__init__.py": "",
        "lib/db/__init__.py": "",
        "lib/db/v1/c.py": s("c"),
      },
    ),

    // which files are scripts
    "names that Alembic skips": ini("script_location = m", {
      ...M,
      "m/versions/__init__.py": "raise Exception",
      "m/versions/__init__x.py": "raise Exception",
      "m/versions/.#a.py": "raise Exception",
      "m/versions/a.pyc": "",
      "m/versions/a.py~": "",
      "m/versions/a.PY": "",
      "m/versions/a.pyx": "",
      "m/versions/.hidden.py": s("h"),
      "m/versions/_b.py": s("b"),
      "m/versions/ä ö.py": s("c"),
      "m/versions/deadbeef.py": "down_revision = None\n",
      "m/versions/x/d.py": s("d"),
      "m/versions/__pycache__/e.py": s("e"),
    }),
    "recursive": ini("script_location = m\nrecursive_version_locations = true", {
      ...M,
      "m/versions/2026/01/b.py": s("b"),
      "m/versions/2026/__pycache__/c.py": s("c"),
      "m/versions/x__pycache__/d.py": s("d"),
      "m/versions/x__pycache__/y/e.py": s("e"),
      "m/versions/.git/f.py": s("f"),
    }),
    "recursive, but not with a capital": ini("script_location = m\nrecursive_version_locations = True", {
      ...M,
      "m/versions/x/b.py": s("b"),
    }),
    "recursive, one location in another": LOCATIONS("recursive_version_locations = true\nversion_locations = v1 v1/x", {
      ...AB,
      "v1/x/c.py": s("c"),
    }),
    "a link to a script": {
      ...ini("script_location = m", { ...M, "shared/b.py": s("b") }),
      links: { "m/versions/b.py": "../../shared/b.py", "m/versions/c.py": "../../shared/b.py" },
    },
    "a link with another name": {
      ...ini("script_location = m", {
        ...M,
        "shared/b.txt": s("b"),
        "shared/c.py": s("c"),
        "shared/__init__.py": s("d"),
      }),
      links: {
        "m/versions/b.py": "../../shared/b.txt",
        "m/versions/c.txt": "../../shared/c.py",
        "m/versions/d.py": "../../shared/__init__.py",
      },
    },
    "a link to nothing": {
      ...ini("script_location = m", M),
      links: { "m/versions/b.py": "nowhere.py" },
      refused: "alembic-link",
    },
    "a link to a folder": {
      ...ini("script_location = m\nrecursive_version_locations = true", { ...M, "other/b.py": s("b") }),
      links: { "m/versions/x": "../../other", "m/versions/y.py": "../../other" },
    },
    "a location that is a link": {
      ...ini("script_location = m", { "m/env.py": "", "other/b.py": s("b") }),
      links: { "m/versions": "../other" },
    },
    "sourceless with sources": ini("script_location = m\nsourceless = true", M),
    "sourceless with a compiled script": {
      ...ini("script_location = m\nsourceless = true", { ...M, "m/versions/b.pyc": "?", "m/versions/a.pyc": "?" }),
      refused: "alembic-compiled",
    },
    "sourceless with a compiled script in __pycache__": {
      ...ini("script_location = m\nsourceless = true", {
        ...M,
        "m/versions/__pycache__/b.cpython-311.pyc": "?",
        "m/versions/__pycache__/a.cpython-311.pyc": "?",
      }),
      refused: "alembic-compiled",
    },
    "sourceless and recursive, with a compiled script below": {
      ...ini("script_location = m\nsourceless = true\nrecursive_version_locations = true", {
        ...M,
        "m/versions/x/b.pyo": "?",
      }),
      refused: "alembic-compiled",
    },
    "compiled scripts without sourceless": ini("script_location = m", {
      ...M,
      "m/versions/b.pyc": "?",
      "m/versions/__pycache__/c.cpython-311.pyc": "?",
    }),
    "sourceless, but not with a capital": ini("script_location = m\nsourceless = True", {
      ...M,
      "m/versions/b.pyc": "?",
    }),

    // packages
    "a package": ini("script_location = app:m\nprepend_sys_path = .", PACKAGE),
    "a package of packages": ini("script_location = app.db:m:deep\nprepend_sys_path = .", {
      "app/__init__.py": "",
      "app/db/__init__.py": "",
      "app/db/m/deep/versions/a.py": s("a"),
    }),
    "a package itself": ini("script_location = app:\nprepend_sys_path = .", {
      "app/__init__.py": "",
      "app/versions/a.py": s("a"),
    }),
    "a package without __init__": ini("script_location = app:m\nprepend_sys_path = .", {
      "app/m/versions/a.py": s("a"),
    }),
    "a package on a path": ini(
      "script_location = app:m\npath_separator = os\nprepend_sys_path = src",
      below("src", PACKAGE),
    ),
    "a package on two paths": ini(
      "script_location = app:m\npath_separator = os\nprepend_sys_path = one:two",
      { ...below("two", PACKAGE), "one/x": "" },
    ),
    "a package on a legacy path": ini("script_location = app:m\nprepend_sys_path = one two:src", below("src", PACKAGE)),
    "a package on a legacy path with a comma": ini("script_location = app:m\nprepend_sys_path = .,src", {
      ...below("src", PACKAGE),
    }),
    "a package on a path with here": ini(
      "script_location = app:m\npath_separator = newline\nprepend_sys_path =\n  %(here)s/lib\n  .",
      below("lib", PACKAGE),
    ),
    "the path is not split as version_path_separator says": ini(
      "script_location = app:m\nversion_path_separator = ;\nprepend_sys_path = one src",
      below("src", PACKAGE),
    ),
    "a package before a folder of its name": ini(
      "script_location = app:m\npath_separator = os\nprepend_sys_path = .:src",
      {
        "app/m/versions/b.py": s("b"),
        ...below("src", PACKAGE),
      },
    ),
    "a package of which two folders are parts": ini(
      "script_location = app:m\npath_separator = os\nprepend_sys_path = one:two",
      { "one/app/x/y": "", "two/app/m/versions/a.py": s("a") },
    ),
    "a package that is not there": {
      ...ini("script_location = nothing_of_that_name:m", M),
      refused: "alembic-package-missing",
    },
    "a folder of a package that is not there": {
      ...ini("script_location = app:n\nprepend_sys_path = .", PACKAGE),
      refused: "alembic-folder-missing",
    },
    "a package in site-packages": ini("script_location = app:m", below(SITE, PACKAGE)),
    "a package in a folder of a .pth file": ini("script_location = app:m", {
      ...below("elsewhere/src", PACKAGE),
      [`${SITE}/app.pth`]: `# comment\n${folder}/elsewhere/src\n`,
    }),
    "a package in a relative folder of a .pth file": ini("script_location = app:m", {
      ...below(`${SITE}/inner`, PACKAGE),
      [`${SITE}/app.pth`]: "inner  \n",
    }),
    "a package in a folder of a hidden .pth file": ini("script_location = app:m", {
      ...below("elsewhere", PACKAGE),
      [`${SITE}/b.pth`]: `${folder}/elsewhere\n`,
    }),
    "a package of an editable install": ini("script_location = app:m", {
      ...below("elsewhere", PACKAGE),
      ...finder({ app: `${folder}/elsewhere/app` }),
    }),
    "a package of an editable install under another name": ini("script_location = app:m", {
      ...below("elsewhere", PACKAGE),
      ...finder({ other: `${folder}/elsewhere`, app: `${folder}/elsewhere/app` }),
    }),
    "a package of an editable install with package_dir": ini("script_location = theapp:m", {
      ...below("elsewhere", PACKAGE),
      ...finder({ theapp: `${folder}/elsewhere/app` }),
    }),
    "a package below one of an editable install": ini("script_location = theapp.db:m", {
      "elsewhere/app/__init__.py": "",
      "elsewhere/app/db/__init__.py": "",
      "elsewhere/app/db/m/versions/a.py": s("a"),
      ...finder({ theapp: `${folder}/elsewhere/app` }),
    }),
    "an installed package before an editable one": ini("script_location = app:m", {
      ...below("elsewhere", { ...PACKAGE, "app/m/versions/b.py": s("b") }),
      ...below(SITE, PACKAGE),
      ...finder({ app: `${folder}/elsewhere/app` }),
    }),

    // pyproject.toml
    "toml": toml('script_location = "m"', M),
    "toml with here": toml('script_location = "%(here)s/m"', M),
    "toml with a percent sign": toml('script_location = "m%%"', { "m%/env.py": "", "m%/versions/a.py": s("a") }),
    "toml with a list": toml('script_location = "m"\nversion_locations = ["v1", "%(here)s/v2"]', AB),
    "toml with an empty list": toml('script_location = "m"\nversion_locations = []', M),
    "toml with nothing in a list": toml('script_location = "m"\nversion_locations = ["", "v1"]', {
      ...AB,
      "c.py": s("c"),
    }),
    "toml with a text for a list": {
      ...toml('script_location = "m"\nversion_locations = "v1"', AB),
      refused: "alembic-value",
    },
    "toml with a separator, which means nothing": toml(
      'script_location = "m"\npath_separator = ";"\nversion_locations = ["v1;x", "v2"]',
      { ...AB, "v1;x/c.py": s("c") },
    ),
    "toml with a package": toml('script_location = "app:m"\nprepend_sys_path = ["src"]', below("src", PACKAGE)),
    "toml with a dot for a path": toml('script_location = "app:m"\nprepend_sys_path = "."', PACKAGE),
    "toml, recursive": toml('script_location = "m"\nrecursive_version_locations = true', {
      ...M,
      "m/versions/x/b.py": s("b"),
    }),
    "toml with a flag that is text": {
      ...toml('script_location = "m"\nrecursive_version_locations = "true"', M),
      refused: "alembic-value",
    },
    "toml, sourceless": {
      ...toml('script_location = "m"\nsourceless = true', { ...M, "m/versions/b.pyc": "?" }),
      refused: "alembic-compiled",
    },
    "toml without a script_location": { ...toml("", M), refused: "alembic-script-location" },

    // both
    "the ini first": ini("script_location = m", {
      ...M,
      "pyproject.toml": '[tool.alembic]\nscript_location = "x"\n',
      "x/y": "",
    }),
    "the ini first, though the toml is named": {
      ...toml('script_location = "x"\nversion_locations = ["v1"]', { ...AB, "x/y": "" }),
      files: {
        "pyproject.toml": '[tool.alembic]\nscript_location = "x"\nversion_locations = ["v1"]\n',
        "alembic.ini": "[alembic]\nscript_location = m\n",
        ...AB,
        "x/y": "",
      },
    },
    "an ini without [alembic] beside the toml": toml('script_location = "m"', {
      ...M,
      "alembic.ini": "[loggers]\nkeys=root\n",
    }),
    "the ini has the rest only": ini("sqlalchemy.url = x", {
      ...M,
      "pyproject.toml": '[tool.alembic]\nscript_location = "m"\n',
    }),
    "no section in the ini, but in the toml": {
      files: { "alembic.ini": "[x]\n", "pyproject.toml": '[tool.alembic]\nscript_location = "m"\n', ...M },
    },
    "a false flag of the ini before a true one": ini("recursive_version_locations = false", {
      ...M,
      "m/versions/x/b.py": s("b"),
      "pyproject.toml": '[tool.alembic]\nscript_location = "m"\nrecursive_version_locations = true\n',
    }),
    "locations of the toml, where the ini has none": ini("script_location = m\nversion_locations =", {
      ...AB,
      "pyproject.toml": '[tool.alembic]\nversion_locations = ["v1"]\n',
    }),
    "a toml of others beside the ini": ini("script_location = m", { ...M, "pyproject.toml": "[tool.ruff]\n" }),
  };
}
