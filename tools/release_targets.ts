/**
 * The systems that a release has an executable for, and what the world calls them.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

export interface ReleaseTarget {
  /** As `deno compile --target` and the names of the archives have it. */
  readonly triple: string;
  /** The executable's name there. */
  readonly program: "delembic" | "delembic.exe";
  /** Of a wheel: what of the system it needs at least. */
  readonly wheelTag: string;
  /** As Node names the system and the processor. */
  readonly npm: { readonly os: string; readonly cpu: string; readonly libc?: "glibc" };
}

/** Deno's executables need glibc 2.27 and macOS 11. */
export const RELEASE_TARGETS: readonly ReleaseTarget[] = [
  {
    triple: "x86_64-unknown-linux-gnu",
    program: "delembic",
    wheelTag: "manylinux_2_28_x86_64",
    npm: { os: "linux", cpu: "x64", libc: "glibc" },
  },
  {
    triple: "aarch64-unknown-linux-gnu",
    program: "delembic",
    wheelTag: "manylinux_2_28_aarch64",
    npm: { os: "linux", cpu: "arm64", libc: "glibc" },
  },
  {
    triple: "x86_64-apple-darwin",
    program: "delembic",
    wheelTag: "macosx_11_0_x86_64",
    npm: { os: "darwin", cpu: "x64" },
  },
  {
    triple: "aarch64-apple-darwin",
    program: "delembic",
    wheelTag: "macosx_11_0_arm64",
    npm: { os: "darwin", cpu: "arm64" },
  },
  {
    triple: "x86_64-pc-windows-msvc",
    program: "delembic.exe",
    wheelTag: "win_amd64",
    npm: { os: "win32", cpu: "x64" },
  },
];

/** @throws when there is no such target, with those that there are */
export function releaseTarget(triple: string): ReleaseTarget {
  const target = RELEASE_TARGETS.find((target) => target.triple === triple);
  if (target === undefined) {
    throw new RangeError(`No target '${triple}'; there are ${RELEASE_TARGETS.map(({ triple }) => triple).join(", ")}`);
  }
  return target;
}

const ROOT = new URL("../", import.meta.url);

/** The text of a file of the project, such as `LICENSE`. */
export async function projectText(path: string): Promise<string> {
  return await Deno.readTextFile(fileURLToPath(new URL(path, ROOT)));
}

/** The version in `deno.json`. */
export async function projectVersion(): Promise<string> {
  const { version } = JSON.parse(await projectText("deno.json"));
  return version;
}

export const SUMMARY = "Data migrations that belong to an Alembic schema: exactly once, in order, in one executable";
export const HOMEPAGE = "https://github.com/delembic/delembic";
