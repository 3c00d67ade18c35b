import { deepStrictEqual, equal } from "node:assert/strict";
import { readPythonMigrations } from "../../src/python_migration.ts";

function faultsIn(text: string): string[] {
  return readPythonMigrations(text, "versions/x.py").faults.map(({ message, place }) => `${place.line}: ${message}`);
}

Deno.test("readPythonMigrations() reads what the Python tool's template writes", () => {
  const text = `from delembic import DataMigration

class LoadPerson(DataMigration):
    revision = "abd0990a8f0d"
    depends_on = ['aaa111']
    labels = ("billing",)
    description = "Load Person -- v2.0 (été)"

    def upgrade(self, conn):
        # conn is a SQLAlchemy Connection.
        pass

    def validate(self, conn):
        revision = "no"
`;
  deepStrictEqual(readPythonMigrations(text, "x.py"), {
    migrations: [
      {
        revision: "abd0990a8f0d",
        dependsOn: ["aaa111"],
        labels: ["billing"],
        labelsLine: 6,
        description: "Load Person -- v2.0 (été)",
        line: 3,
      },
    ],
    faults: [],
  });
});

Deno.test("readPythonMigrations() finds the classes however they name DataMigration", () => {
  const cases = [
    "import delembic\nclass A(delembic.DataMigration):\n    revision = 'a'\n",
    "import delembic.migration as m\nclass A(m.DataMigration):\n    revision = 'a'\n",
    "from delembic.migration import DataMigration as Base\nclass A(Base, metaclass=M):\n    revision = 'a'\n",
    "from delembic import DataMigration\nBase = DataMigration\n@register\nclass A(Base):\n    revision = 'a'\n",
    "from delembic import DataMigration\nclass Base(DataMigration):\n    pass\nclass A(Base):\n    revision = 'a'\n",
    "from ours import Base\nclass A(Base):\n    revision = 'a'\n    def upgrade(self, conn): ...\n",
    "\ufefffrom delembic import DataMigration\r\nclass A(DataMigration):\r\n    revision: str = 'a'\r\n",
  ];
  for (const text of cases) {
    const { migrations, faults } = readPythonMigrations(text, "x.py");
    deepStrictEqual([migrations.map(({ revision }) => revision), faults], [["a"], []], text);
  }
});

Deno.test("readPythonMigrations() takes several classes in the order of their lines", () => {
  const text = `from delembic import DataMigration
IDS = ["x"]
class B(DataMigration):
    revision = "D2"
    depends_on = "D1"
class A(DataMigration):
    revision = "D" + "1"
    depends_on = IDS + ["y"]
    labels = "a"
class C(A):
    revision = "D3"
class D(A):
    description = "the id of A"
class Helper:
    revision = "no"
`;
  const plain = { labels: [], labelsLine: undefined, description: "" };
  deepStrictEqual(readPythonMigrations(text, "x.py").migrations, [
    { ...plain, revision: "D2", dependsOn: ["D1"], line: 3 },
    { ...plain, revision: "D1", dependsOn: ["x", "y"], labels: ["a"], labelsLine: 9, line: 6 },
    { ...plain, revision: "D3", dependsOn: ["x", "y"], line: 10 },
  ]);
});

Deno.test("readPythonMigrations() says what is wrong, and on which line", () => {
  const head = "from delembic import DataMigration\nclass A(DataMigration):\n";
  const cases: readonly (readonly [text: string, fault: string])[] = [
    ["x = 1\n", "undefined: The file has no class that extends DataMigration and has a 'revision'"],
    [`${head}    pass\n`, "undefined: The file has no class that extends DataMigration and has a 'revision'"],
    [`${head}    revision = 1\n`, "3: The 'revision' of class A is no string"],
    [
      `${head}    revision = f()\n`,
      "3: The 'revision' of class A cannot be known without running it: it is the result of a call",
    ],
    [
      `${head}    revision = 'a'\n    depends_on = 3\n`,
      "4: The 'depends_on' of class A is neither a string nor a list of strings",
    ],
    [
      `${head}    revision = 'a'\n    labels = f()\n`,
      "4: The 'labels' of class A cannot be known without running it: it is the result of a call",
    ],
    [
      `${head}    revision = 'a'\n    depends_on = [3]\n`,
      "4: The 'depends_on' of class A holds something that is no string",
    ],
    [
      `${head}    revision = 'a'\n    depends_on = [x]\n`,
      "4: The 'depends_on' of class A cannot be known without running it: nothing in the file binds 'x'",
    ],
    [
      `from ids import X\n${head}    revision = 'a'\n    depends_on = [X]\n`,
      "5: The 'depends_on' of class A cannot be known without running it: it holds an imported name",
    ],
    ["def f(:\n", "1: The file is no Python: bracket was never closed"],
    [`${head}    revision = 'a\n`, "3: The file is no Python: unterminated string"],
  ];
  for (const [text, fault] of cases) deepStrictEqual(faultsIn(text), [fault], text);
});

Deno.test("readPythonMigrations() keeps the sound classes of a file with a faulty one", () => {
  const text =
    "from delembic import DataMigration as M\nclass A(M):\n    revision = 'a'\nclass B(M):\n    revision = 2\n";
  const { migrations, faults } = readPythonMigrations(text, "x.py");
  equal(migrations.length, 1);
  equal(faults.length, 1);
});
