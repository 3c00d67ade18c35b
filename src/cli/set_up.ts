/**
 * The files of a new project.
 *
 * @module
 */

import { INI_NAME } from "../config.ts";
import { DelembicError, EXIT, reasonOf } from "../errors.ts";
import { parseIni } from "../ini.ts";
import { addSection, newIni } from "../init_files.ts";
import { createFile, readBuiltIn } from "../new_file.ts";
import { absolutePath } from "./paths.ts";

export interface SetUpOptions {
  /** The ini file, relative to `cwd`. */
  readonly file: string;
  readonly cwd: string;
  readonly section: string;
  /** Relative to the ini file. */
  readonly folder: string;
}

/** What was done; names are absolute. */
export interface SetUp {
  readonly section: string;
  readonly created: readonly string[];
  /** An ini file that got a further section. */
  readonly extended: readonly string[];
  readonly kept: readonly string[];
  /** What is left to the user. */
  readonly next: readonly string[];
}

/** @throws {DelembicError} when the ini file has the section already, or a file cannot be written */
export async function setUp(options: SetUpOptions): Promise<SetUp> {
  const { section, folder } = options;
  const ini = absolutePath(options.cwd, options.file);
  const root = absolutePath(ini, "..");
  const existing = await readIfThere(ini);
  if (existing === undefined) await createFile(ini, newIni({ section, folder }));
  else await extend(ini, existing, options);
  const created = existing === undefined ? [ini] : [];
  const kept: string[] = [];
  for (const [name, text] of await projectFiles()) {
    const file = absolutePath(root, `${folder}/${name}`);
    (await createUnlessThere(file, text) ? created : kept).push(file);
  }
  return {
    section,
    created,
    extended: existing === undefined ? [] : [ini],
    kept,
    next: await nextSteps(root, options),
  };
}

/** By their names in the project's folder. */
async function projectFiles(): Promise<[string, string][]> {
  return [
    ["env.ts", await readBuiltIn("env.ts.txt")],
    ["delembic.d.ts", await readBuiltIn("delembic.d.ts")],
    ["versions/.gitkeep", ""],
  ];
}

/** Adds a section at the end of an ini file; what is there is not even written again. */
async function extend(ini: string, text: string, { file, section, folder }: SetUpOptions): Promise<void> {
  if (parseIni(text, ini).has(section)) {
    throw new DelembicError(`[${section}] already exists in ${file}.`, {
      code: "section-exists",
      hint: "Name another section with -n, or another file with -c.",
    });
  }
  const added = addSection(text, ini, { section, folder }).slice(text.length);
  try {
    await Deno.writeTextFile(ini, added, { append: true });
  } catch (cause) {
    throw new DelembicError(`Cannot write ${file}: ${reasonOf(cause)}`, {
      code: "file-write",
      exitCode: EXIT.usage,
      hint: "Has the disk room, and may this user write there?",
      cause,
    });
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(file);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new DelembicError(`Cannot read ${file}: ${reasonOf(cause)}`, {
      code: "config-unreadable",
      exitCode: EXIT.usage,
      hint: "Is it a file that this user may read?",
      cause,
    });
  }
}

/** @returns whether the file was made; one that is there stays as it is */
async function createUnlessThere(file: string, text: string): Promise<boolean> {
  try {
    await createFile(file, text);
    return true;
  } catch (error) {
    if (error instanceof DelembicError && error.code === "file-exists") return false;
    throw error;
  }
}

async function nextSteps(root: string, { file, section }: SetUpOptions): Promise<string[]> {
  const inSection = section === "delembic" ? "" : ` in [${section}]`;
  const flags = (file === INI_NAME ? "" : `-c ${file} `) + (section === "delembic" ? "" : `-n ${section} `);
  const hasAlembic = await readIfThere(absolutePath(root, "alembic.ini")) !== undefined;
  return [
    `say in ${file} which database to use (sqlalchemy.url)${inSection}`,
    ...(hasAlembic ? [] : [`say there where Alembic is configured (alembic_config), or take that line out`]),
    `delembic ${flags}revision -m "load person"`,
  ];
}
