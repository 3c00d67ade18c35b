/**
 * Makes a wheel that carries the executable, as those of `ruff` and `uv` do:
 *
 *     deno run -A tools/wheel.ts EXECUTABLE TARGET FOLDER
 *
 * It is called `delembic-cli`, and so is its command: `delembic` is the Python tool, and pip would let one of two
 * commands of the same name overwrite the other without a word. So both fit into one environment.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Zippable, zipSync } from "fflate";
import {
  HOMEPAGE,
  projectText,
  projectVersion,
  type ReleaseTarget,
  releaseTarget,
  SUMMARY,
} from "./release_targets.ts";

const NAME = "delembic-cli";
/** As the name stands in the names of files. */
const FILE_NAME = "delembic_cli";

/** Of all entries, so that the same executable makes the same wheel. */
const MADE_AT = new Date(1980, 0, 1);

const DESCRIPTION = `# delembic-cli

${SUMMARY}. For PostgreSQL, MySQL, MariaDB and SQLite.

This wheel holds the executable of [Delembic](${HOMEPAGE}) and no Python. Its command is \`delembic-cli\`, so that it can
be in one environment with the Python tool \`delembic\`, whose command is \`delembic\`; both work on the same projects and
databases.

    pip install delembic-cli
    delembic-cli --help

    uvx delembic-cli --help
`;

interface Entry {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly executable?: boolean;
}

/** The wheel's name and its bytes. @param version as in `deno.json` */
export function wheel(
  { executable, license, version, target }: {
    readonly executable: Uint8Array;
    readonly license: string;
    readonly version: string;
    readonly target: ReleaseTarget;
  },
): { readonly name: string; readonly bytes: Uint8Array } {
  const release = `${FILE_NAME}-${pythonVersion(version)}`;
  const info = `${release}.dist-info`;
  const tag = `py3-none-${target.wheelTag}`;
  const script = target.program.replace("delembic", NAME);
  const entries: Entry[] = [
    { name: `${release}.data/scripts/${script}`, bytes: executable, executable: true },
    text(`${info}/METADATA`, metadata(version)),
    text(`${info}/WHEEL`, `Wheel-Version: 1.0\nGenerator: delembic\nRoot-Is-Purelib: false\nTag: ${tag}\n`),
    text(`${info}/licenses/LICENSE`, license),
  ];
  const record = `${info}/RECORD`;
  const listed = [...entries.map(recorded), `${record},,\n`].join("");
  return { name: `${release}-${tag}.whl`, bytes: zipped([...entries, text(record, listed)]) };
}

function text(name: string, content: string): Entry {
  return { name, bytes: new TextEncoder().encode(content) };
}

function metadata(version: string): string {
  return [
    "Metadata-Version: 2.4",
    `Name: ${NAME}`,
    `Version: ${pythonVersion(version)}`,
    `Summary: ${SUMMARY}`,
    "License-Expression: MIT",
    "License-File: LICENSE",
    "Keywords: alembic,database,migrations,postgresql,mysql,sqlite",
    "Classifier: Environment :: Console",
    "Classifier: Topic :: Database",
    `Project-URL: Homepage, ${HOMEPAGE}`,
    "Requires-Python: >=3.8",
    "Description-Content-Type: text/markdown",
    "",
    DESCRIPTION,
  ].join("\n");
}

/** `1.0.0-rc.1` as Python writes it: `1.0.0rc1`. @throws for what Python has no word for */
export function pythonVersion(version: string): string {
  const [, release, kind, number = "0"] = /^(\d+\.\d+\.\d+)(?:-(alpha|beta|rc)(?:\.(\d+))?)?$/.exec(version) ?? [];
  if (release === undefined) throw new RangeError(`'${version}' is no version that Python knows`);
  return kind === undefined ? release : `${release}${{ alpha: "a", beta: "b", rc: "rc" }[kind]}${number}`;
}

/** The line of a file in RECORD. */
function recorded({ name, bytes }: Entry): string {
  return `${name},sha256=${createHash("sha256").update(bytes).digest("base64url")},${bytes.length}\n`;
}

const UNIX = 3;
const REGULAR_FILE = 0o100000;

function zipped(entries: readonly Entry[]): Uint8Array {
  const files: Zippable = {};
  for (const { name, bytes, executable = false } of entries) {
    files[name] = [bytes, { os: UNIX, attrs: (REGULAR_FILE | (executable ? 0o755 : 0o644)) << 16, mtime: MADE_AT }];
  }
  return zipSync(files, { level: 6 });
}

if (import.meta.main) {
  const [path, triple, folder] = Deno.args;
  if (path === undefined || triple === undefined || folder === undefined) {
    throw new TypeError("Usage: wheel.ts EXECUTABLE TARGET FOLDER");
  }
  const { name, bytes } = wheel({
    executable: await Deno.readFile(path),
    license: await projectText("LICENSE"),
    version: await projectVersion(),
    target: releaseTarget(triple),
  });
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeFile(`${folder}/${name}`, bytes);
  await Deno.stdout.write(new TextEncoder().encode(`${folder}/${name}\n`));
}
