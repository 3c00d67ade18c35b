/**
 * Whether files have changed since they were read, without reading them.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import type { AlembicTree } from "../alembic/tree.ts";
import type { Project } from "../project.ts";

/** The files and folders that a project was read from; absolute. */
export interface Watched {
  readonly files: readonly string[];
  /** Whose lists of files count. */
  readonly folders: readonly string[];
}

/** @param tree the Alembic scripts, once they were read */
export function watchedOf({ config, migrations }: Project, tree: AlembicTree | undefined): Watched {
  const data = [...migrations.values()].flatMap(({ data }) => data.map((name) => resolve(config.scriptLocation, name)));
  const scripts = [...tree?.revisions.values() ?? []].map(({ file }) => resolve(config.folder, file));
  return {
    files: [config.file, ...config.alembic === undefined ? [] : [config.alembic.file], ...data],
    folders: [...new Set([config.versionsFolder, ...scripts.map((file) => dirname(file))])],
  };
}

/** Differs when a file was written, made, removed or renamed. */
export function fingerprintOf({ files, folders }: Watched): string {
  const all = [...files, ...folders.flatMap(filesIn)];
  return all.map((file) => `${file} ${stampOf(file)}`).join("\n");
}

function filesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].filter(({ isDirectory }) => !isDirectory).map(({ name }) =>
      `${folder}/${name}`
    )
      .sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return [];
    throw error;
  }
}

function stampOf(file: string): string {
  try {
    const { mtime, size, ino } = Deno.statSync(file);
    return `${mtime?.getTime()} ${size} ${ino}`;
  } catch (error) {
    // a file that is not there is as it is until it comes
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return "-";
    throw error;
  }
}
