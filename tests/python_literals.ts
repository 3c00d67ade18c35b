/**
 * Ways to write in Python what `down_revision` is, with the ids that it then has. Read by Delembic in the unit tests, and
 * run by Python itself in the differential ones, so that the table cannot be wrong.
 *
 * @module
 */

export const PYTHON_LITERALS: readonly (readonly [lines: string, ids: readonly string[]])[] = [
  ["down_revision = None", []],
  ["down_revision = ()", []],
  ["down_revision = set()", []],
  ["down_revision = 'a' 'b'", ["ab"]],
  ["down_revision = ('a'\n  # between\n  'b')", ["ab"]],
  ["down_revision = 'a' + 'b' + \"c\"", ["abc"]],
  ["down_revision = 'a' \\\n    'b'", ["ab"]],
  ["down_revision = r'a\\b'", ["a\\b"]],
  ["down_revision = '\\x61\\142\\u0063\\U00000064\\\n'", ["abcd"]],
  ["down_revision = f'a{{b}}'", ["a{b}"]],
  ["down_revision = '''a'''", ["a"]],
  ["down_revision = 'a',", ["a"]],
  ["down_revision = 'a', 'b'", ["a", "b"]],
  ["down_revision = ['a', *('b', 'c')]", ["a", "b", "c"]],
  ["down_revision = {'a', 'a'}", ["a"]],
  ["down_revision = frozenset(['a'])", ["a"]],
  ["down_revision = ('a',) + ('b',)", ["a", "b"]],
  ["down_revision = ('a', 'b')[1]", ["b"]],
  ["down_revision = ('a', 'b')[-2]", ["a"]],
  ["x = 'a'\ndown_revision = x", ["a"]],
  ["x = y = 'a'\ndown_revision = (y,)", ["a"]],
  ["(down_revision := 'a')", ["a"]],
  ["down_revision = (x := 'a')", ["a"]],
  ["x, (down_revision, *y) = 1, ('a', 2, 3)", ["a"]],
  ["[x, down_revision] = [1, 'a']", ["a"]],
  ["x = 1; down_revision = 'a'; y = 2", ["a"]],
  ["down_revision = 'a'\ndown_revision = 'b'", ["b"]],
  ["down_revision = 'a'\ndef upgrade():\n    down_revision = 'no'\ndown_revision = 'b'", ["b"]],
  ["down_revision: 'str | None' = 'a'", ["a"]],
  ["down_revision = 'a'\ndown_revision: str", ["a"]],
  ["down_revision = ['a']\ndown_revision.append('b')\ndown_revision += ['c']\ndown_revision.extend(('d',))", [
    "a",
    "b",
    "c",
    "d",
  ]],
  ["x = ['a']\ny = x\ny.append('b')\ndown_revision = x", ["a", "b"]],
  ["down_revision = ('a',)\ndown_revision += ('b',)", ["a", "b"]],
  ["down_revision = {'a'}\ndown_revision |= {'b'}", ["a", "b"]],
  ["class Ids:\n    A = 'a'\ndown_revision = Ids.A", ["a"]],
  ["class Ids:\n    pass\nIds.A = 'a'\ndown_revision = Ids.A", ["a"]],
  ["if TYPE_CHECKING:\n    down_revision = 'no'\nelse:\n    down_revision = 'a'", ["a"]],
  [
    "if __name__ == '__main__':\n    down_revision = 'no'\nelif x:\n    down_revision = 'a'\nelse:\n    down_revision = 'a'",
    [
      "a",
    ],
  ],
  ["try:\n    down_revision = 'a'\nexcept ValueError:\n    raise\nfinally:\n    x = 1", ["a"]],
  ["try:\n    down_revision = 'a'\nexcept ValueError:\n    down_revision = 'a'", ["a"]],
  ["with open('x') as f:\n    down_revision = 'a'", ["a"]],
  ["down_revision = 'a'\nwhile x:\n    y = 1", ["a"]],
  ["down_revision = 'a'\nx = 'b'\ndel x", ["a"]],
  ["@(lambda f: f)\ndef g(): ...\ndown_revision = 'a'", ["a"]],
];
