/**
 * Generated Alembic folders: random graphs, each script written in one of the many ways in which Python lets people
 * write the same thing.
 *
 * @module
 */

/** A source of chance that gives the same again for the same seed. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  maybe(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  some<T>(values: readonly T[], most: number): T[] {
    const left = [...values], picked: T[] = [];
    for (let n = 1 + this.below(most); n > 0 && left.length > 0; n--) {
      picked.push(...left.splice(this.below(left.length), 1));
    }
    return picked;
  }
}

/** One revision of a generated graph. */
export interface Node {
  readonly id: string;
  readonly down: readonly string[];
  readonly dependsOn: readonly string[];
  readonly labels: readonly string[];
  readonly message: string;
}

/** A generated folder: its files by path, and what was meant. */
export interface GeneratedTree {
  readonly config: string;
  readonly files: Record<string, string | Uint8Array>;
  readonly nodes: readonly Node[];
}

/** A graph of up to 14 revisions with branches, merges, several bases, labels and dependencies. */
function randomNodes(chance: Chance): Node[] {
  const nodes: Node[] = [];
  const ids = randomIds(chance, 1 + chance.below(14));
  const labels = new Map<string, string>();
  for (const [index, id] of ids.entries()) {
    const earlier = ids.slice(0, index);
    const isBase = index === 0 || chance.maybe(0.12);
    const down = isBase
      ? []
      : chance.maybe(0.15)
      ? chance.some(earlier, 3)
      : [chance.maybe(0.7) ? earlier.at(-1) ?? "" : chance.pick(earlier)];
    const others = earlier.filter((other) => !down.includes(other));
    const needed = chance.maybe(0.25) ? chance.some(others, 2) : [];
    const dependsOn = needed.map((other) => chance.maybe(0.5) ? labels.get(other) ?? other : other);
    const own = chance.maybe(0.12) ? [`branch_${index}`] : chance.maybe(0.03) ? [`l${index}a`, `l${index}-b`] : [];
    if (own[0] !== undefined) labels.set(id, own[0]);
    nodes.push({ id, down, dependsOn, labels: own, message: chance.pick(MESSAGES) });
  }
  return nodes;
}

const MESSAGES = ["create person", "", 'add visit\'s "date"', "naïve café – 日本語", "C:\\path\\new", "two\nlines"];

/** Ids of several styles, among them digits alone, and one the beginning of another. */
function randomIds(chance: Chance, count: number): string[] {
  const ids = new Set<string>();
  const hex = (length: number) => Array.from({ length }, () => chance.pick([..."0123456789abcdef"])).join("");
  while (ids.size < count) {
    const style = chance.below(8);
    if (style < 4) ids.add(hex(12));
    else if (style === 4) ids.add(String(1 + chance.below(99999)).padStart(chance.pick([1, 4, 6]), "0"));
    else if (style === 5) {
      ids.add(chance.pick(["person", "visit_2", "0001_initial", "größe", "schéma", "a.b", "x y", "it's"]));
    } else if (style === 6 && ids.size > 0) ids.add(chance.pick([...ids]) + hex(1));
    else ids.add(hex(4));
  }
  return [...ids];
}

/** Writes one script. */
class ScriptWriter {
  readonly #chance: Chance;
  /** Lines of the module that scripts import from. */
  readonly #shared: string[];
  readonly #module: string;
  #names = 0;

  constructor(chance: Chance, module: string, shared: string[]) {
    this.#chance = chance;
    this.#module = module;
    this.#shared = shared;
  }

  write(node: Node): string | Uint8Array {
    const chance = this.#chance;
    const bindings = this.#shuffle([
      ...this.#binding("revision", this.#string(node.id)),
      ...this.#binding("down_revision", this.#ids(node.down)),
      ...(node.labels.length > 0 || chance.maybe(0.6) ? this.#binding("branch_labels", this.#ids(node.labels)) : []),
      ...(node.dependsOn.length > 0 || chance.maybe(0.6) ? this.#binding("depends_on", this.#ids(node.dependsOn)) : []),
    ]);
    const head = [this.#doc(node), ...IMPORTS, "", "# revision identifiers, used by Alembic."];
    const decoys = chance.maybe(0.15)
      ? ['revision = "decoy"', "down_revision: str = 'decoy'", "depends_on = 'decoy'"]
      : [];
    const parts = chance.maybe(0.1)
      ? [...head, ...decoys, BODY, ...bindings]
      : [...head, ...decoys, ...bindings, chance.maybe(0.3) ? BODY : PLAIN_BODY];
    const withoutDecoys =
      decoys.length > 0 && !parts.some((part) => part.startsWith("depends_on") && !part.includes("decoy"))
        ? [...parts, "depends_on = None"]
        : parts;
    return this.#encode(
      withoutDecoys.join("\n") + chance.pick(["", "\n", "\n\n# end", "\n\\\n"]).replace("\n\\\n", "\n"),
    );
  }

  #encode(text: string): string | Uint8Array {
    const chance = this.#chance;
    if (chance.maybe(0.1)) return text.replaceAll("\n", "\r\n");
    if (chance.maybe(0.1)) return "\ufeff" + text;
    const isLatin = [...text].every((character) => character.charCodeAt(0) < 256);
    if (isLatin && chance.maybe(0.2)) {
      const cookie = `# -*- coding: latin-1 -*-\n${text}`;
      return Uint8Array.from([...cookie].map((character) => character.charCodeAt(0)));
    }
    return text;
  }

  #shuffle(groups: readonly string[]): string[] {
    return this.#chance.maybe(0.5) ? [...groups] : [...groups].reverse();
  }

  #doc({ message, id, down }: Node): string {
    const body = message.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
    const rest = `\n\nRevision ID: ${id}\nRevises: ${down[0] ?? ""}\nCreate Date: 2026-01-15 10:30:00.123456\n\n`;
    return this.#chance.pick([
      `"""${body}${rest.replaceAll("\\", "")}"""`,
      `"""${body}"""`,
      `# a comment first\n\n"""\n${body}${rest}"""`,
      `'''${body.replaceAll("'", "\\'")}''' # the doc`,
    ]);
  }

  /** The lines that bind a name to an expression, as one string, so that they stay together. */
  #binding(name: string, expression: string): string[] {
    const chance = this.#chance;
    const helper = `_name_${++this.#names}`;
    const annotation = chance.pick([
      "",
      "",
      ": str",
      ": Union[str, Sequence[str], None]",
      ": str | None",
      ": 'Optional[str]'",
    ]);
    const comment = chance.pick(["", "", "", "  # noqa: E501", " # = 'x'"]);
    switch (chance.below(18)) {
      case 0:
        return [`${helper} = ${name} = ${expression}${comment}`];
      case 1:
        return [`${name}, ${helper} = ${expression}, 1${comment}`];
      case 2:
        return [`${helper} = ${expression}\n${name} = ${helper}`];
      case 3:
        return [`(${name} := ${expression})`];
      case 4:
        this.#shared.push(`${helper} = ${expression}`);
        return [`from ${this.#module} import ${helper}\n${name} = ${helper}`];
      case 5:
        this.#shared.push(`${helper} = ${expression}`);
        return [`import ${this.#module} as ids\n${name}${annotation} = ids.${helper}`];
      case 6:
        this.#shared.push(`class ${helper}:\n    '''ids'''\n    value = ${expression}\n`);
        return [`from ${this.#module} import ${helper} as Ids\n${name} = Ids.value${comment}`];
      case 7:
        return [`if TYPE_CHECKING:\n    ${name} = 'no'\nelse:\n    ${name} = ${expression}`];
      case 8:
        return [`try:\n    ${name} = ${expression}\nfinally:\n    pass`];
      case 9:
        return [`x_${helper} = 1; ${name} = ${expression}; y_${helper} = 2`];
      case 10:
        this.#shared.push(`${name} = ${expression}\n_${name}_unused = 1`);
        return [`from ${this.#module}_${this.#own(name, expression)} import *${comment}`];
      default:
        return [`${name}${annotation}${chance.pick([" = ", "=", "  =  "])}${expression}${comment}`];
    }
  }

  /** Modules for star imports: each of its own, since a star takes all that there is. */
  readonly starModules = new Map<string, string>();

  #own(name: string, expression: string): string {
    this.#shared.pop();
    const suffix = `star_${this.starModules.size}_${this.#names}`;
    this.starModules.set(suffix, `${name} = ${expression}\n_hidden = 1\n`);
    return suffix;
  }

  #ids(ids: readonly string[]): string {
    const chance = this.#chance;
    const [first] = ids;
    if (first === undefined) {
      return chance.pick(["None", "None", "None", "()", "[]", "( # none\n)", "tuple()", "(None)"]);
    }
    if (ids.length === 1 && chance.maybe(0.7)) return this.#string(first);
    const literals = ids.map((id) => this.#string(id));
    const comma = chance.pick([", ", ",", ",\n    ", ", # and\n    "]);
    const list = literals.join(comma);
    const last = chance.pick(["", ","]);
    return chance.pick([
      `(${list},)`,
      `(\n    ${list},  # last\n)`,
      `[${list}${last}]`,
      `{${list}${last}}`,
      `tuple([${list}])`,
      `frozenset({${list}})`,
      `(*[${list}],)`,
      `(${literals[0]},) + (${[...literals.slice(1), ""].join(", ").trim() || ""})`.replace("+ ()", "+ tuple()"),
    ]);
  }

  #string(text: string): string {
    const chance = this.#chance;
    if (text.length > 1 && chance.maybe(0.12)) {
      const at = 1 + chance.below(text.length - 1);
      const [left, right] = [this.#literal(text.slice(0, at)), this.#literal(text.slice(at))];
      return chance.pick([
        `(${left} ${right})`,
        `(\n    ${left}\n    # and\n    ${right}\n)`,
        `(${left} + ${right})`,
        `(${left}${right.startsWith("'") || right.startsWith('"') ? " " : " "}${right})`,
      ]);
    }
    return chance.maybe(0.05) ? `(${this.#literal(text)})` : this.#literal(text);
  }

  #literal(text: string): string {
    const chance = this.#chance;
    const escaped = text.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
    const coded = [...text].map((character) => this.#coded(character)).join("");
    return chance.pick([
      JSON.stringify(text),
      JSON.stringify(text),
      `'${escaped}'`,
      `'''${escaped}'''`,
      `"""${escaped}"""`,
      `u'${escaped}'`,
      `r"${text}"`,
      text.includes("'") ? JSON.stringify(text) : `R'''${text}'''`,
      `f'${escaped}'`,
      `rf"${text}"`,
      `"${coded}"`,
      `'${escaped.slice(0, 0)}\\\n${escaped}'`,
    ]);
  }

  #coded(character: string): string {
    const code = character.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    return this.#chance.pick([
      character,
      code < 256 ? `\\x${hex.padStart(2, "0")}` : character,
      code < 512 ? `\\${code.toString(8).padStart(3, "0")}` : character,
      `\\u${hex.padStart(4, "0")}`,
      `\\U${hex.padStart(8, "0")}`,
    ]);
  }
}

const IMPORTS = [
  "from typing import (\n    Optional,  # old\n    Sequence,\n    TYPE_CHECKING,\n    Union,\n)",
  "import os.path as osp",
];
const PLAIN_BODY = "\n\ndef upgrade() -> None:\n    pass\n\n\ndef downgrade() -> None:\n    pass\n";
const BODY = `
NAMING = {"ix": "ix_%(column_0_label)s", "revision": "no"}


class Kind(object):
    revision = "of the class"
    down_revision = None

    def f(self):
        revision = "local"


def upgrade(revision: str = "argument", *, down_revision=None) -> "None":
    revision = "local"
    sql = """
revision = 'in a string'
down_revision = "in a string"
"""
    x = f"{'depends_on'!r:>{10}} {{ # \\" "
    for depends_on in ("a", "b"):
        pass
	# a tab


@osp.normcase
def _name(): return 'x'


async def downgrade():
    global whatever
    branch_labels = ("local",
"also local",
)
`.replace("@osp.normcase\n", "@(lambda f: f)\n").replace("\n\t# a tab", "");

/** The folder with the number `index`: files below `tree_INDEX/`. */
export function generateTree(chance: Chance, index: number): GeneratedTree {
  const nodes = randomNodes(chance);
  const shared: string[] = ["# ids that the scripts share"];
  const module = `shared_${index}`;
  const writer = new ScriptWriter(chance, module, shared);
  const files: Record<string, string | Uint8Array> = {};
  const layout = layoutOf(chance, index);
  nodes.forEach((node, at) => {
    const folder = layout.folders[at % layout.folders.length];
    files[`tree_${index}/${folder}/${String(at).padStart(3, "0")}_${at % 3}.py`] = writer.write(node);
  });
  files[`tree_${index}/${module}.py`] = shared.join("\n") + "\n";
  for (const [suffix, text] of writer.starModules) files[`tree_${index}/${module}_${suffix}.py`] = text;
  files[`tree_${index}/${layout.config}`] = layout.text;
  for (const folder of layout.folders) {
    files[`tree_${index}/${folder}/__init__.py`] = "raise RuntimeError\n";
    files[`tree_${index}/${folder}/.#lock.py`] = "raise RuntimeError\n";
    files[`tree_${index}/${folder}/README`] = "no script";
  }
  return { config: `tree_${index}/${layout.config}`, files, nodes };
}

/** One of the ways to say where the scripts are. */
function layoutOf(chance: Chance, index: number) {
  const ini = (folders: string[], lines: string) => ({
    folders,
    config: "alembic.ini",
    text: `[alembic]\nprepend_sys_path = %(here)s\n${lines}\n`,
  });
  switch (chance.below(8)) {
    case 0:
      return ini(
        ["m/versions", "m/versions/deep/er"],
        "script_location = %(here)s/m\nrecursive_version_locations = true",
      );
    case 1:
      return ini(
        ["v1", "v2"],
        "script_location = %(here)s\npath_separator = os\nversion_locations = %(here)s/v1:%(here)s/v2",
      );
    case 2:
      return ini(
        ["v 1", "v2"],
        "script_location = %(here)s\nversion_path_separator = newline\nversion_locations =\n    %(here)s/v 1\n    %(here)s/v2",
      );
    case 3:
      return ini(
        ["v1", "v2"],
        "script_location = %(here)s\nversion_locations = %(here)s/v1, %(here)s/v2 %(here)s/none",
      );
    case 4:
      return ini(
        [`pkg_${index}/m/versions`],
        `script_location = pkg_${index}:m`,
      );
    case 5:
      return {
        folders: ["m/versions", "more"],
        config: "pyproject.toml",
        text:
          `[project]\nname = "x"\n[tool.alembic]\nscript_location = "%(here)s/m"\nprepend_sys_path = ["%(here)s"]\n` +
          `version_locations = ["%(here)s/m/versions", "%(here)s/more"]\n`,
      };
    default:
      return ini(["m/versions"], "script_location = %(here)s/m");
  }
}
