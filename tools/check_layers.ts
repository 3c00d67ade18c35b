/**
 * The project's rules for what is between files, as a program: which file may import which, no rings, who may use which
 * package, names and sizes. Types count as imports do. What is within a file is the business of `lint_plugin.ts`.
 *
 *     deno run -R tools/check_layers.ts [FOLDER]
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** A group of files that may import one another, and the groups named; nothing else. */
export interface Layer {
  readonly name: string;
  /** Paths from the project's folder; a `*` stands for anything but `/`. A file belongs to the first layer that fits. */
  readonly files: readonly string[];
  readonly may: readonly string[];
}

export interface Rules {
  readonly layers: readonly Layer[];
  /** For each package the files that may import it; one that is not here may be imported by tests alone. */
  readonly packages: Readonly<Record<string, readonly string[]>>;
  readonly forbiddenNames: readonly string[];
  readonly maxLines: number;
}

/** All of the layers that follow from what a thing is, from the bottom up. */
const LAYERS: readonly Layer[] = [
  {
    name: "values",
    files: [
      ...named(
        "errors command_words clock duration graph revision_names branch_labels suggest version steps checksum progress",
      ),
      ...named("visible text_width numbers_text seconds_text"),
      "src/db/json_value.ts",
    ],
    may: [],
  },
  {
    name: "port",
    files: named(
      "db/database db/ledger_sql db/target db/catalog db/replication db/bulk_sql db/loose_value db/diagnosis db/offline_sql",
    ),
    may: ["values"],
  },
  { name: "drivers", files: ["src/db/*.ts"], may: ["values", "port"] },
  {
    name: "configuration",
    files: named(
      "env_file ini url url_options url_source tls_options redact config config_values filename_template init_files",
    ),
    may: ["values", "port"],
  },
  { name: "rows", files: ["src/rows.ts", "src/rows_*.ts"], may: ["values"] },
  { name: "bulk", files: ["src/bulk_*.ts"], may: ["values", "port", "rows"] },
  { name: "python", files: ["src/python_*.ts"], may: ["values"] },
  {
    name: "migration",
    files: [
      ...named(
        "revision_glance sql connection migration declaration step_errors sql_* script_* load new_file file_name header_value",
      ),
      ...named("batch_options batch_load batch_range recipe_* data_files conversion converted"),
      ...named("source_mask renamed_text rename_plan"),
    ],
    may: ["values", "port", "python", "rows", "bulk"],
  },
  { name: "alembic", files: ["src/alembic/*.ts"], may: ["values", "port", "configuration", "python"] },
  { name: "plan", files: named("target reach span plan state"), may: ["values", "migration"] },
  {
    name: "ledger",
    files: named(
      "actor ledger events audit lock settle heartbeat heartbeat_worker batch_ledger batch_writes batch_key load_ledger " +
        "walk_numbers run_filter run_memory",
    ),
    // the worker opens a connection of its own, and only then loads a driver
    may: ["values", "port", "plan", "drivers", "bulk"],
  },
  {
    name: "project",
    files: named("project survey needs"),
    may: ["values", "port", "configuration", "migration", "alembic", "plan", "ledger"],
  },
  {
    name: "offline",
    files: ["src/offline_*.ts"],
    may: ["values", "port", "rows", "bulk", "migration", "alembic", "plan", "project"],
  },
  {
    name: "run",
    files: named(
      "applied_meanwhile wait_for_database telemetry interruption work_session open_run attempt runner verify decisions walk walk_* walkable join sources told_run " +
        "run_python* workplace rename",
    ),
    may: ["values", "port", "rows", "bulk", "migration", "plan", "ledger", "project"],
  },
  { name: "interplay", files: named("pipeline_plan pipeline_file pipeline_reader"), may: ["values"] },
  {
    name: "pipeline",
    files: ["src/pipeline_*.ts"],
    may: [
      "values",
      "port",
      "configuration",
      "migration",
      "alembic",
      "plan",
      "ledger",
      "project",
      "run",
      "interplay",
    ],
  },
  {
    name: "picture",
    files: ["src/graph_*.ts"],
    may: ["values", "port", "alembic", "plan", "project"],
  },
  {
    name: "web",
    files: ["src/web/*.ts"],
    may: ["values", "port", "configuration", "migration", "alembic", "plan", "ledger", "project", "run", "picture"],
  },
  {
    name: "draft",
    files: ["src/draft.ts", "src/draft_*.ts", "src/guard.ts"],
    may: ["values", "port", "migration", "alembic", "project"],
  },
  {
    name: "doctor",
    files: ["src/doctor.ts", "src/doctor_*.ts"],
    may: ["values", "port", "configuration", "migration", "alembic", "plan", "ledger", "project"],
  },
  { name: "hooks", files: ["src/hooks.ts"], may: ["values", "configuration", "run"] },
  { name: "reference", files: ["src/error_reference.ts"], may: [] },
  {
    name: "edge",
    files: ["src/cli/io.ts"],
    may: ["values"],
  },
  {
    name: "cli",
    files: ["src/cli/*.ts"],
    may: [
      "edge",
      "reference",
      "hooks",
      "values",
      "port",
      "drivers",
      "configuration",
      "migration",
      "alembic",
      "plan",
      "ledger",
      "project",
      "offline",
      "run",
      "doctor",
      "interplay",
      "pipeline",
      "draft",
      "picture",
      "web",
    ],
  },
  { name: "program", files: ["main.ts"], may: ["edge", "cli", "values"] },
  {
    name: "library",
    files: ["src/library.ts"],
    may: [
      "edge",
      "values",
      "port",
      "drivers",
      "configuration",
      "migration",
      "plan",
      "ledger",
      "project",
      "run",
      "hooks",
    ],
  },
  {
    name: "public",
    files: ["mod.ts"],
    may: ["values", "port", "bulk", "migration", "plan", "ledger", "run", "hooks", "library"],
  },
];

const RULES: Rules = {
  layers: LAYERS,
  packages: {
    "postgres": ["src/db/postgres*.ts"],
    "mysql2": ["src/db/mysql*.ts"],
    "node:sqlite": ["src/db/sqlite*.ts"],
    "@lezer/python": ["src/python_*.ts", "src/alembic/*.ts"],
    "@lezer/common": ["src/python_*.ts", "src/alembic/*.ts"],
    "smol-toml": ["src/alembic/*.ts"],
    "commander": ["src/cli/*.ts"],
    "yaml": ["src/pipeline_reader.ts"],
    "fzstd": ["src/rows_*.ts"],
    "@opentelemetry/api": ["src/telemetry.ts"],
    "hono": ["src/web/html.ts"],
    "node:zlib": ["src/rows_*.ts"],
    "node:crypto": ["src/checksum.ts", "src/db/*.ts", "src/new_file.ts", "src/lock.ts"],
    "node:tls": ["src/db/*.ts"],
    "node:net": ["src/db/*.ts"],
    "node:buffer": ["src/db/*.ts", "src/rows_*.ts"],
    "node:async_hooks": ["src/db/*.ts"],
    "node:stream": ["src/db/*.ts", "src/rows_*.ts"],
    "node:console": ["src/cli/io.ts"],
    "node:process": ["src/cli/io.ts"],
    "node:path": ["src/*.ts", "src/*/*.ts"],
    "node:url": ["src/*.ts", "src/*/*.ts"],
  },
  forbiddenNames: ["utils", "util", "helpers", "helper", "common", "types", "lib", "core", "misc", "shared"],
  maxLines: 400,
};

/** Files of `src/` by the names of what is in them. */
function named(names: string): string[] {
  return names.split(" ").map((name) => `src/${name}.ts`);
}

/**
 * What is wrong in a tree of sources, a line each.
 *
 * @param files the text of each `.ts` file, by its path from the project's folder, with `/`
 */
export function checkTree(files: ReadonlyMap<string, string>, rules: Rules = RULES): string[] {
  const imports = new Map([...files].map(([file, text]) => [file, importsOf(text)]));
  const product = [...imports].filter(([file]) => isProduct(file));
  return [
    ...product.flatMap(([file, specifiers]) => forbiddenEdges(file, specifiers, files, rules.layers)),
    ...rings(new Map(product.map(([file, specifiers]) => [file, specifiers.map(({ to }) => resolve(file, to))]))),
    ...product.flatMap(([file, specifiers]) => forbiddenPackages(file, specifiers, rules.packages)),
    ...[...files].flatMap(([file, text]) => unwanted(file, text, rules)),
  ];
}

/** Whether the file is part of what is shipped, and not of its tests and tools. */
function isProduct(file: string): boolean {
  return file.startsWith("src/") || file === "main.ts" || file === "mod.ts";
}

interface Import {
  readonly to: string;
  readonly line: number;
}

// an import or export at the beginning of a line, up to its specifier, whatever the lines between
const STATIC_REGEXP = /^[ \t]*(?:import|export)\b(?:[^;'"`()]*?\bfrom)?\s*["']([^"']+)["']/gm;
const DYNAMIC_REGEXP = /\bimport\(\s*["']([^"']+)["']/g;

/** What a source imports, types and dynamic imports included. */
function importsOf(text: string): Import[] {
  return [STATIC_REGEXP, DYNAMIC_REGEXP].flatMap((regexp) =>
    [...text.matchAll(regexp)].map((match) => ({
      to: match[1] ?? "",
      line: text.slice(0, match.index + match[0].length).split("\n").length,
    }))
  );
}

/** The path that a relative specifier means; another one as it is. */
function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

function forbiddenEdges(
  file: string,
  imports: readonly Import[],
  files: ReadonlyMap<string, string>,
  layers: readonly Layer[],
): string[] {
  const layer = layerOf(file, layers);
  if (layer === undefined) return [`${file}: belongs to no layer; add it to the table of tools/check_layers.ts`];
  return imports.flatMap(({ to, line }) => {
    const target = resolve(file, to);
    if (!to.startsWith(".")) return [];
    if (!files.has(target)) return [`${file}:${line}: imports ${target}, which is not there`];
    const other = layerOf(target, layers);
    if (other === undefined || other === layer || layer.may.includes(other.name)) return [];
    return [`${file}:${line}: ${layer.name} may not import ${other.name} (${target})`];
  });
}

function layerOf(file: string, layers: readonly Layer[]): Layer | undefined {
  return layers.find(({ files }) => files.some((pattern) => fits(file, pattern)));
}

function fits(file: string, pattern: string): boolean {
  const source = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join("[^/]*");
  return new RegExp(`^${source}$`).test(file);
}

function forbiddenPackages(
  file: string,
  imports: readonly Import[],
  packages: Readonly<Record<string, readonly string[]>>,
): string[] {
  return imports.filter(({ to }) => !to.startsWith(".")).flatMap(({ to, line }) => {
    // `mysql2/promise` is of `mysql2`, `@lezer/python/x` of `@lezer/python`
    const name = to.split("/").slice(0, to.startsWith("@") ? 2 : 1).join("/");
    const allowed = packages[name] ?? [];
    if (allowed.some((pattern) => fits(file, pattern))) return [];
    return [`${file}:${line}: may not import ${name}`];
  });
}

/** The rings of imports, each told once, from its first file by name. */
function rings(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const found = new Map<string, string>();
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      const ring = path.slice(at);
      const first = ring.indexOf([...ring].sort()[0] ?? "");
      const turned = [...ring.slice(first), ...ring.slice(0, first)];
      found.set(turned.join(), `${[...turned, turned[0]].join(" → ")}: a ring of imports`);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const next of edges.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of edges.keys()) visit(file);
  return [...found.values()];
}

// in two pieces, so that this file is not among those that it finds
const BACKLOG_REGEXP = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME"].join("|")})\\b`);

function unwanted(file: string, text: string, { forbiddenNames, maxLines }: Rules): string[] {
  const lines = text.split("\n");
  const name = file.slice(file.lastIndexOf("/") + 1).replace(/(_test)?\.ts$/, "");
  const backlog = lines.findIndex((line) => BACKLOG_REGEXP.test(line)) + 1;
  return [
    ...(forbiddenNames.includes(name) ? [`${file}: '${name}' says nothing; name the file for what is in it`] : []),
    ...(isProduct(file) && lines.length - 1 > maxLines
      ? [`${file}: ${lines.length - 1} lines; ${maxLines} is the most`]
      : []),
    ...(/^[a-z0-9_.]+$/.test(name) ? [] : [`${file}: file names are in snake_case`]),
    ...(backlog > 0 ? [`${file}:${backlog}: what is to be done belongs into an issue`] : []),
  ];
}

/** The `.ts` files of the folders that are ours, by their path from the project's folder. */
async function readTree(root: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const walk = async (folder: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(`${root}/${folder}`)) {
      const path = folder === "." ? name : `${folder}/${name}`;
      if (isDirectory && !name.startsWith(".") && name !== "node_modules" && path !== "tests/fixtures") {
        await walk(path);
      } // the migrations of the examples are named by their revisions, in capitals
      else if (name.endsWith(".ts") && !path.includes("/versions/")) {
        files.set(path, await Deno.readTextFile(`${root}/${path}`));
      }
    }
  };
  await walk(".");
  return files;
}

/** How long the modules of the product are: the rule for people is a median of 120 lines, and 300 for a long one. */
function sizes(files: ReadonlyMap<string, string>): string {
  const lengths = [...files].filter(([file]) => isProduct(file)).map(([, text]) => text.split("\n").length - 1)
    .sort((a, b) => a - b);
  return `${lengths.length} modules of ${lengths.reduce((sum, length) => sum + length, 0)} lines, median ${
    lengths[lengths.length >> 1] ?? 0
  }, ${lengths.filter((length) => length > 300).length} longer than 300, longest ${lengths.at(-1) ?? 0}`;
}

if (import.meta.main) {
  const files = await readTree(Deno.args[0] ?? fileURLToPath(new URL("..", import.meta.url)));
  const problems = checkTree(files);
  const text = problems.length === 0
    ? `Layers: ${sizes(files)}\n`
    : `${problems.join("\n")}\n${problems.length} problems\n`;
  await Deno.stderr.write(new TextEncoder().encode(text));
  Deno.exit(problems.length === 0 ? 0 : 1);
}
