/**
 * Where `pipeline.yaml` is, and how it gets there: beside `delembic.ini`, unless another file is named.
 *
 * @module
 */

import type { Config } from "../config.ts";
import { DelembicError, EXIT, reasonOf } from "../errors.ts";
import { PIPELINE_NAME } from "../pipeline_file.ts";
import type { Context } from "./command.ts";
import { absolutePath, shownPath } from "./paths.ts";

/** A pipeline's file, and its name for somebody who stands in the working directory. */
export interface PipelineFile {
  /** Absolute. */
  readonly path: string;
  readonly shown: string;
}

/** @param named as it was given, relative to the working directory */
export function pipelineFile({ io }: Context, { folder }: Config, named: string | undefined): PipelineFile {
  const cwd = io.cwd();
  const path = named === undefined ? absolutePath(folder, PIPELINE_NAME) : absolutePath(cwd, named);
  return { path, shown: shownPath(cwd, path) };
}

/** The text of the file; `undefined` when there is none. @throws {DelembicError} when it cannot be read */
export async function readPipelineText({ path, shown }: PipelineFile): Promise<string | undefined> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(path));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    const isText = !(cause instanceof TypeError);
    throw new DelembicError(`Cannot read ${shown}: ${isText ? reasonOf(cause) : "it is not UTF-8"}`, {
      code: "pipeline-unreadable",
      exitCode: EXIT.usage,
      hint: isText ? "Is it a file that this user may read?" : "Save it as UTF-8.",
      cause,
    });
  }
}

/** @throws {DelembicError} when it cannot be written */
export async function writePipelineText({ path, shown }: PipelineFile, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text);
  } catch (cause) {
    throw new DelembicError(`Cannot write ${shown}: ${reasonOf(cause)}`, {
      code: "pipeline-unwritable",
      exitCode: EXIT.usage,
      hint: "Is its folder there, and may this user write into it?",
      cause,
    });
  }
}
