/**
 * The files of a project as errors show them.
 *
 * @module
 */

import type { Config } from "../config.ts";
import type { Context } from "./command.ts";
import { errorLines, type View, viewOf } from "./error_lines.ts";
import { errorAnnotations } from "./github_annotations.ts";
import { absolutePath, shownPath } from "./paths.ts";

export function projectView({ io, output }: Context, config: Config): View {
  const cwd = io.cwd();
  const { verbose, width } = output;
  return viewOf({ folder: config.folder, verbose, width, shown: (file) => shownPath(cwd, file) });
}

/** A file named relative to the project's folder, as somebody who stands in the working directory names it. */
export function shownFile({ io }: Context, config: Config, file: string): string {
  return shownPath(io.cwd(), absolutePath(config.folder, file));
}

/** Tells what ended a command, to people and to GitHub. */
export function tellError(context: Context, config: Config, error: unknown): void {
  context.output.problem(errorLines(error, projectView(context, config)));
  context.output.annotate(errorAnnotations(error, config.folder));
}
