import { deepStrictEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { type AlembicScript, isFault, readAnyScript, readUsualScript } from "../../src/alembic/script.ts";
import type { Fault } from "../../src/errors.ts";
import { PythonImports } from "../../src/python_imports.ts";
import { normalizeSource } from "../../src/python_outline.ts";
import { PYTHON_LITERALS } from "../python_literals.ts";

/** Reads a script with the parser; `modules` are the files that it may import, below `/app`. */
function read(text: string, modules: Record<string, string> = {}, file = "versions/x.py"): AlembicScript {
  const folders = Object.keys(modules).flatMap((path) =>
    path.split("/").slice(0, -1).map((_, i, all) => all.slice(0, i + 1).join("/"))
  );
  const imports = new PythonImports({
    read: (path) =>
      path.startsWith("/app/") && modules[path.slice(5)] !== undefined
        ? normalizeSource(modules[path.slice(5)] ?? "")
        : undefined,
    isFolder: (path) => path === "/app" || folders.includes(path.slice(5)),
  }, ["/app"]);
  return readAnyScript(text, file, `/app/${file}`, (source, at) => imports.read(source, at));
}

/** The four values, with the message of the fault in the place of one. */
function values(script: AlembicScript) {
  const shown = (value: unknown) => isFault(value) ? `${value.place.line}: ${value.message}` : value;
  return {
    revision: shown(script.revision),
    down: shown(script.down),
    dependsOn: shown(script.dependsOn),
    labels: script.labels,
  };
}

const TEMPLATE = `"""create person

Revision ID: 3d1e3e6abc12
Revises: 1a2b3c4d5e6f
Create Date: 2026-01-15 10:30:00.123456

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = '3d1e3e6abc12'
down_revision: Union[str, Sequence[str], None] = '1a2b3c4d5e6f'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    """Upgrade schema."""
    op.execute("""
update person set revision = 'x'
""")


def downgrade() -> None:
    pass
`;

Deno.test("readUsualScript() reads what Alembic's template writes", () => {
  deepStrictEqual(readUsualScript(TEMPLATE, "versions/3d1e3e6abc12_create_person.py"), {
    file: "versions/3d1e3e6abc12_create_person.py",
    revision: "3d1e3e6abc12",
    down: ["1a2b3c4d5e6f"],
    dependsOn: [],
    labels: [],
    message: "create person",
    lines: { revision: 15, down: 16, dependsOn: 18 },
    warnings: [],
  });
});

/** Statements that scripts have, and such that look like them. */
const STATEMENTS = [
  "revision = 'a1'",
  'revision: str = "b2"',
  "revision = u'c3'",
  "revision = 'a' 'b'",
  "revision = ('x')",
  "revision = ('x',)",
  "revision = ()",
  "down_revision = None",
  "down_revision: Union[str, None] = 'p1'",
  "down_revision: Union[str, Sequence[str], None] = ('p1', 'p2')",
  "down_revision = [\n    'p1',\n    'p2',\n]",
  "down_revision = (\n    'p1',  # one\n    'p2'\n)",
  "down_revision = ('p1', 'p2']",
  "down_revision = ('p1' 'p2',)",
  "down_revision = {'p1', 'p2'}",
  "down_revision = revision",
  "down_revision = [('p1', 'p2')]",
  "down_revision = 'p1', r'p2\\x' u'\\x41', ",
  "down_revision = ['p1', None, [], ()]",
  "down_revision = (  # none\n)",
  "down_revision = {}",
  "down_revision = b'x'",
  "depends_on: 'str | None' = ((('x')))",
  "depends_on = \\\n  'x' \\\n  'y'",
  'depends_on = """a"b""" "" \'\\\'\'',
  "down_revision = PREVIOUS",
  "branch_labels = ('a', 'b',)",
  "branch_labels: str | None = 'a'",
  "depends_on = None",
  "depends_on = 'x'; y = 1",
  "depends_on = ('x',) + ('y',)",
  "depends_on += ('z',)",
  "depends_on.append('z')",
  "depends_on = 'x' # = 'y'",
  "x = revision = 'z'",
  "from typing import Union",
  "from typing import (\n    Union,\n    Sequence,\n)",
  "from ids import revision",
  "from ids import *",
  "import a.b as c, d",
  "import sqlalchemy as sa",
  "schema = 'app'",
  "log = logging.getLogger(__name__)",
  "(revision := 'w')",
  "if x:\n    revision = 'i'",
  "try:\n    pass\nexcept E:\n    down_revision = 'x'",
  "def upgrade():\n    pass",
  'def upgrade() -> None:\n    op.execute("""\nrevision = \'no\'\n""")',
  "def upgrade(): pass",
  "async def f(a: int = 1, b='x') -> Optional[str]:\n    return 1",
  "def revision():\n    pass",
  "def f(x=(revision := 'q')):\n    pass",
  "class A:\n    revision = 'c'",
  "@f\ndef g(): ...",
  '"""doc\n\nmore"""',
  "'doc'",
  "# revision = 'c'",
  "global revision",
  "del revision",
  "exec('revision = 1')",
  "globals()['revision'] = 'g'",
  "<<<<<<< HEAD",
  "",
  "    x = 1",
];

Deno.test("readUsualScript() never says anything else than the parser", () => {
  let usual = 0;
  const mutation = fc.record({
    at: fc.nat(400),
    text: fc.constantFrom("", "'", '"', ",", "(", ")", "[", "]", "=", ":", " ", "\n", "#", "\\", "x", "\t", ";", "*"),
  });
  const texts = fc.tuple(
    fc.oneof(
      fc.array(fc.constantFrom(...STATEMENTS), { maxLength: 6 }),
      fc.array(fc.constantFrom(...STATEMENTS.filter((statement) => readUsualScript(statement, "x.py"))), {
        maxLength: 9,
      }),
    ),
    fc.array(mutation, { maxLength: 2 }),
    fc.boolean(),
  );
  fc.assert(
    fc.property(texts, ([statements, mutations, whole]) => {
      let text = (whole ? TEMPLATE + "\n" : "") + statements.join("\n") + "\n";
      for (const { at, text: inserted } of mutations) {
        const where = at % text.length;
        text = text.slice(0, where) + inserted + text.slice(where + (inserted === "" ? 1 : 0));
      }
      const quick = readUsualScript(text, "versions/x.py");
      if (quick === undefined) return;
      usual++;
      deepStrictEqual(quick, read(text), JSON.stringify(text));
    }),
    { numRuns: 5000, seed: 7 },
  );
  ok(usual > 1000, `only ${usual} of the texts were of a usual shape`);
});

/** What `down_revision` is after these lines. */
function down(lines: string, modules: Record<string, string> = {}): unknown {
  return values(read(`revision = 'r'\n${lines}\n`, modules)).down;
}

Deno.test("readAnyScript() follows literals in all the ways in which Python writes them", () => {
  for (const [lines, ids] of PYTHON_LITERALS) deepStrictEqual(down(lines), ids, lines);
});

Deno.test("readAnyScript() follows imports to the literal", () => {
  const modules = {
    "ids.py": "FIRST = 'a'\nBOTH = (FIRST, 'b')\nclass Ids:\n    A = 'c'\n_HIDDEN = 'h'\n",
    "pkg/__init__.py": "from .inner import DEEP as TOP\nfrom . import inner as other\n",
    "pkg/inner.py": "from ..ids import FIRST\nDEEP = 'd'\n",
    "space/mod.py": "from ids import FIRST as X\n",
    "star.py": "down_revision = 's'\n",
    "circle.py": "from circle import X\n",
    "broken.py": "X = (\n",
  };
  const cases: readonly (readonly [lines: string, expected: unknown])[] = [
    ["from ids import FIRST\ndown_revision = FIRST", ["a"]],
    ["from ids import (\n    BOTH as b,  # both\n)\ndown_revision = b", ["a", "b"]],
    ["from ids import Ids\ndown_revision = Ids.A", ["c"]],
    ["import ids\ndown_revision = ids.Ids.A", ["c"]],
    ["import ids as i\ndown_revision = [i.FIRST]", ["a"]],
    ["import pkg.inner\ndown_revision = pkg.inner.DEEP", ["d"]],
    ["import pkg.inner as p\ndown_revision = p.DEEP", ["d"]],
    ["from pkg import inner\ndown_revision = inner.DEEP", ["d"]],
    ["from pkg import TOP\ndown_revision = TOP", ["d"]],
    ["from pkg import other\ndown_revision = other.DEEP", ["d"]],
    ["from space.mod import X\ndown_revision = X", ["a"]],
    ["from star import *", ["s"]],
    ["down_revision = 'x'\nfrom star import *", ["s"]],
    ["from ids import FIRST as down_revision", ["a"]],
    [
      "from nowhere.ids import X\ndown_revision = X",
      "3: The 'down_revision' of this Alembic script cannot be known without running it: it comes from the module nowhere.ids, which was not found",
    ],
    [
      "from ids import NONE\ndown_revision = NONE",
      "3: The 'down_revision' of this Alembic script cannot be known without running it: the module ids does not bind 'NONE'",
    ],
    [
      "from circle import X\ndown_revision = X",
      "3: The 'down_revision' of this Alembic script cannot be known without running it: it is imported in a circle",
    ],
    [
      "from broken import X\ndown_revision = X",
      "3: The 'down_revision' of this Alembic script cannot be known without running it: /app/broken.py is no Python: bracket was never closed",
    ],
    [
      "from nowhere import *",
      "2: The 'down_revision' of this Alembic script cannot be known without running it: it may come from nowhere by 'import *'",
    ],
  ];
  for (const [lines, expected] of cases) deepStrictEqual(down(lines, modules), expected, lines);
});

Deno.test("readAnyScript() says what cannot be known without running, and never guesses", () => {
  const why = (reason: string, line = 2) =>
    `${line}: The 'down_revision' of this Alembic script cannot be known without running it: ${reason}`;
  const cases: readonly (readonly [lines: string, expected: string])[] = [
    ["down_revision = f()", why("it is the result of a call")],
    ["down_revision = f'{x}'", why("it is a string with computed parts")],
    ["down_revision = 'a %s' % x", why("it is computed")],
    ["down_revision = x", why("nothing in the file binds 'x'")],
    ["down_revision = 'a' if x else 'b'", why("it is computed")],
    ["down_revision = [i for i in x]", why("it is computed")],
    ["down_revision = ('a', *x)", why("it holds '*' of something unknown")],
    ["down_revision = '\\N{BULLET}'", why("it is a string with computed parts")],
    ["if x:\n    down_revision = 'a'", why("it is bound under a condition")],
    ["if x:\n    down_revision = 'a'\nelse:\n    down_revision = 'b'", why("it is bound under a condition")],
    ["try:\n    down_revision = 'a'\nexcept E:\n    down_revision = 'b'", why("it is bound under a condition")],
    ["down_revision = ''\nfor down_revision in 'ab':\n    pass", why("it is bound in a loop", 3)],
    ["down_revision = []\nfor x in 'ab':\n    down_revision.append(x)", why("its items are changed by code")],
    ["down_revision = ['a']\ndown_revision[0] = 'b'", why("its items are changed by code")],
    ["down_revision = ['a']\ndown_revision.pop()", why("its items are changed by code")],
    ["with suppress(E):\n    down_revision = 'a'", why("it is bound under a condition")],
    ["match x:\n    case down_revision:\n        pass", why("it is bound in a loop")],
    ["down_revision = 'a'\nexec('down_revision = 1')", why("the names of its module are set by code", 3)],
    ["globals()['down_revision'] = 'a'", why("the names of its module are set by code")],
    ["class A:\n    global down_revision\n    down_revision = 'a'", why("the names of its module are set by code")],
    ["x = lambda: (down_revision := 'a')", why("it is bound under a condition")],
    [
      "class Ids(Enum):\n    A = 'a'\nfrom enum import Enum\nclass Ids(Enum):\n    A = 'a'\ndown_revision = Ids.A",
      why("it is a member of the enumeration Ids", 7),
    ],
    ["down_revision = 1", "2: The 'down_revision' of this Alembic script is a number"],
    ["down_revision = b'a'", "2: The 'down_revision' of this Alembic script is bytes"],
    ["down_revision = ('a', None)", "2: The 'down_revision' of this Alembic script is None"],
    ["down_revision = {'a': 1}", "2: The 'down_revision' of this Alembic script is a dictionary"],
    ["def down_revision(): pass", "2: The 'down_revision' of this Alembic script is a function"],
    ["down_revision = 'a'\ndel down_revision", "undefined: This Alembic script has no 'down_revision'"],
    ["down_revision: str", "undefined: This Alembic script has no 'down_revision'"],
    ["'''down_revision = 'a''''", "2: This Alembic script is no Python: unterminated string"],
    [
      "<<<<<<< HEAD\ndown_revision = 'a'\n=======\ndown_revision = 'b'\n>>>>>>> x",
      "2: This Alembic script is no Python: invalid syntax",
    ],
    ["down_revision = ('a'", "2: This Alembic script is no Python: bracket was never closed"],
    ["down_revision = 'a'\n  )", "3: This Alembic script is no Python: unmatched bracket"],
  ];
  for (const [lines, expected] of cases) deepStrictEqual(down(lines), expected, lines);
});

Deno.test("readAnyScript() takes the id as Alembic does", () => {
  const revisionOf = (text: string, file = "versions/x.py") =>
    values(read(`${text}\ndown_revision = None\n`, {}, file)).revision;
  equal(revisionOf("revision = '0001'"), "0001");
  equal(revisionOf("", "versions/1a2b.py"), "1a2b");
  equal(revisionOf("", "versions/1a2b_x.py"), "undefined: This Alembic script has no 'revision'");
  equal(revisionOf("revision = 17"), "1: The 'revision' of this Alembic script is a number");
  equal(revisionOf("revision = ('a',)"), "1: The 'revision' of this Alembic script is a tuple");
  equal(revisionOf("revision = ''"), "1: The 'revision' of this Alembic script is empty");
  equal(
    revisionOf("revision = 'a-b'"),
    "1: The 'revision' of this Alembic script, 'a-b', holds one of '@', '+' and '-'",
  );
  equal(
    revisionOf("revision = f()"),
    "1: The 'revision' of this Alembic script cannot be known without running it: it is the result of a call",
  );
});

Deno.test("readAnyScript() warns of a label that it cannot know", () => {
  const script = read("revision = 'a'\ndown_revision = None\nbranch_labels = f()\n");
  deepStrictEqual(script.labels, []);
  deepStrictEqual(script.warnings, [
    {
      code: "alembic-unreadable",
      message:
        "The 'branch_labels' of this Alembic script cannot be known without running it: it is the result of a call",
      place: { file: "versions/x.py", line: 3 },
      hint: "Write it there as a string.",
    } satisfies Fault,
  ]);
});

Deno.test("readAnyScript() takes the message from the docstring alone", () => {
  const message = (text: string) => read(`${text}\nrevision = 'a'\ndown_revision = None\n`).message;
  equal(message('"""\n  create person\nand visit\n\nRevises: no\n"""'), "create person\nand visit");
  equal(message("# no\n'create ' \"per\\u0073on\""), "create person");
  equal(message("r'a\\b'"), "a\\b");
  equal(message("f'no'"), "");
  equal(message("x = 1\n'''no'''"), "");
});
