/**
 * What `check` found as annotations of GitHub. Pure.
 *
 * @module
 */

import { FaultsError } from "../errors.ts";
import { errorAnnotations, inFolder, withHint } from "./github_annotations.ts";
import type { Annotation } from "./github_text.ts";
import type { Problem } from "./problems.ts";

const FOUND: Readonly<Record<Exclude<Problem["kind"], "fault" | "alembic">, string>> = {
  pending: "is not applied",
  blocked: "is blocked",
  failed: "failed",
  changed: "was changed",
  missing: "has no file",
  running: "is at work",
  partial: "is applied in part",
  ungrounded: "has lost its schema",
};

/** @param fileOf the file of a migration, relative to the project's folder */
export function problemAnnotations(
  problems: readonly Problem[],
  { folder, fileOf }: { readonly folder: string; fileOf(revision: string): string | undefined },
): Annotation[] {
  return problems.flatMap((problem): Annotation[] => {
    if (problem.kind === "fault") return errorAnnotations(new FaultsError([problem.fault]), folder);
    if (problem.kind === "alembic") return errorAnnotations(problem.error, folder);
    const { kind, revision, message, hint } = problem;
    const file = fileOf(revision);
    return [{
      level: "error",
      title: `${revision} ${FOUND[kind]}`,
      message: withHint(message, hint),
      place: file === undefined ? undefined : inFolder({ file }, folder),
    }];
  });
}
