/**
 * Makes the folders of the npm packages, as those of `esbuild` are: one for each system with its executable, and
 * `@delembic/cli`, which depends on all of them, and of which npm installs the one that fits.
 *
 *     deno run -A tools/npm_package.ts main FOLDER
 *     deno run -A tools/npm_package.ts platform EXECUTABLE TARGET FOLDER
 *
 * @module
 */

import {
  HOMEPAGE,
  projectText,
  projectVersion,
  RELEASE_TARGETS,
  type ReleaseTarget,
  releaseTarget,
  SUMMARY,
} from "./release_targets.ts";

const MAIN = "@delembic/cli";

/** `@delembic/cli-linux-x64` */
export function platformPackage({ npm }: ReleaseTarget): string {
  return `${MAIN}-${npm.os}-${npm.cpu}`;
}

function manifest(version: string, more: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const repository = { type: "git", url: `git+${HOMEPAGE}.git` };
  return { version, license: "MIT", homepage: HOMEPAGE, repository, ...more };
}

/** The `package.json` of the package that users name. */
export function mainManifest(version: string): Record<string, unknown> {
  return manifest(version, {
    name: MAIN,
    description: SUMMARY,
    keywords: ["alembic", "migrations", "postgresql", "mysql", "sqlite"],
    bin: { delembic: "bin/delembic.js" },
    engines: { node: ">=18" },
    files: ["bin"],
    optionalDependencies: Object.fromEntries(RELEASE_TARGETS.map((target) => [platformPackage(target), version])),
  });
}

/** The `package.json` of the package of one system. */
export function platformManifest(version: string, target: ReleaseTarget): Record<string, unknown> {
  const { os, cpu, libc } = target.npm;
  return manifest(version, {
    name: platformPackage(target),
    description: `The executable of ${MAIN} for ${os} on ${cpu}`,
    os: [os],
    cpu: [cpu],
    ...(libc === undefined ? {} : { libc: [libc] }),
    files: ["bin"],
    // an executable cannot run from within an archive
    preferUnplugged: true,
  });
}

const README = `# ${MAIN}

${SUMMARY}. For PostgreSQL, MySQL, MariaDB and SQLite.

    npm install --save-dev ${MAIN}
    npx delembic --help

All about it: ${HOMEPAGE}
`;

async function writePackage(folder: string, manifest: Readonly<Record<string, unknown>>): Promise<void> {
  await Deno.mkdir(`${folder}/bin`, { recursive: true });
  await Deno.writeTextFile(`${folder}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  await Deno.writeTextFile(`${folder}/README.md`, README);
  await Deno.writeTextFile(`${folder}/LICENSE`, await projectText("LICENSE"));
}

async function writeProgram(file: string, bytes: Uint8Array): Promise<void> {
  await Deno.writeFile(file, bytes);
  // on Windows there are no such bits, and npm gives them to what it installs there
  if (Deno.build.os !== "windows") await Deno.chmod(file, 0o755);
}

async function writeMain(folder: string): Promise<void> {
  await writePackage(folder, mainManifest(await projectVersion()));
  await writeProgram(`${folder}/bin/delembic.js`, new TextEncoder().encode(await projectText("tools/npm/delembic.js")));
}

async function writePlatform(executable: string, triple: string, folder: string): Promise<void> {
  const target = releaseTarget(triple);
  await writePackage(folder, platformManifest(await projectVersion(), target));
  await writeProgram(`${folder}/bin/${target.program}`, await Deno.readFile(executable));
}

if (import.meta.main) {
  const [kind, ...args] = Deno.args;
  const [first, triple, folder] = args;
  if (kind === "main" && first !== undefined && args.length === 1) {
    await writeMain(first);
  } else if (kind === "platform" && first !== undefined && triple !== undefined && folder !== undefined) {
    await writePlatform(first, triple, folder);
  } else {
    throw new TypeError("Usage: npm_package.ts main FOLDER | platform EXECUTABLE TARGET FOLDER");
  }
}
