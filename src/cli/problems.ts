/**
 * What is not as it should be, for `check`: the states of the migrations, the faults of the files, what runs left.
 *
 * @module
 */

import { DelembicError, type Fault } from "../errors.ts";
import { planUpgrade } from "../plan.ts";
import { explain, quoted } from "../runner.ts";
import { type HistoryEntry, historyOf } from "../state.ts";
import { readUngrounded, type Survey } from "../survey.ts";
import { faultLines, type View } from "./error_lines.ts";
import { undoneWalks } from "./history.ts";
import type { Look } from "./open_project.ts";
import { type Line, styled } from "./text.ts";

export type Problem =
  | {
    readonly kind: "pending" | "blocked" | "failed" | "changed" | "missing" | "running" | "partial";
    readonly revision: string;
    readonly message: string;
    readonly hint?: string;
  }
  /** Applied, though Alembic revisions that it needs are not: the schema was taken back under it. */
  | {
    readonly kind: "ungrounded";
    readonly revision: string;
    readonly missing: readonly string[];
    readonly message: string;
    readonly hint: string;
  }
  /** Something in a file; `code` says what. */
  | { readonly kind: "fault"; readonly fault: Fault }
  /** Alembic's state could not be told. */
  | { readonly kind: "alembic"; readonly error: DelembicError };

/** Everything that is not as it should be, in the order of the plan. */
export async function problemsOf(look: Pick<Look, "project" | "seen" | "db">): Promise<Problem[]> {
  const { project, seen } = look;
  const faults = [...project.faults, ...[...seen.unknown.values()].flat()].map((fault): Problem => ({
    kind: "fault",
    fault,
  }));
  const blocks = new Map(
    planUpgrade(seen, { kind: "head" }).steps.map(({ migration, blocks }) => [migration.revision, blocks]),
  );
  const walks = await undoneWalks(look);
  return [
    ...faults,
    ...(seen.alembicError === undefined ? [] : [{ kind: "alembic", error: seen.alembicError } as const]),
    ...historyOf(seen).flatMap((entry): Problem[] => {
      const problem = problemOf(entry, seen);
      if (problem === undefined) return [];
      const blocking = blocks.get(entry.revision) ?? [];
      const isPaused = walks.get(entry.revision)?.walk.pauseWanted === true;
      if (problem.kind === "running") return [problem];
      if (blocking.length === 0) return [isPaused ? { ...problem, ...pausedText(entry.revision) } : problem];
      const kind = blocking.some((block) => block.kind === "partial") ? "partial" : "blocked";
      return [{ kind, revision: entry.revision, ...explain(entry.revision, blocking) }];
    }),
    ...await groundProblems(look),
  ];
}

/** What Alembic's state says of the applied migrations, where there is Alembic. */
async function groundProblems({ project, seen, db }: Pick<Look, "project" | "seen" | "db">): Promise<Problem[]> {
  if (project.config.alembic === undefined || seen.alembicError !== undefined) return [];
  try {
    return (await readUngrounded(project, db, seen)).map(({ revision, missing }) => ({
      kind: "ungrounded",
      revision,
      missing,
      message: `Migration ${revision} is applied, but Alembic revision(s) ${
        quoted(missing)
      } that it needs are not in the database any more.`,
      hint: "Run 'alembic upgrade head', or look at what the data of that migration has become.",
    }));
  } catch (error) {
    if (!(error instanceof DelembicError)) throw error;
    return [{ kind: "alembic", error }];
  }
}

function pausedText(revision: string): { readonly message: string; readonly hint: string } {
  return {
    message: `Migration ${revision} is paused.`,
    hint: `Run 'delembic resume ${revision}', then 'delembic upgrade' to go on.`,
  };
}

function problemOf(
  { revision, status, migration }: HistoryEntry,
  seen: Survey,
): Problem & { revision: string } | undefined {
  switch (status) {
    case "applied":
      return undefined;
    case "pending":
    case "blocked":
      return {
        kind: status,
        revision,
        message: seen.outdated.has(revision)
          ? `Migration ${revision} was changed after it was applied, and is to be applied again (${migration?.file}).`
          : `Migration ${revision} is not applied.`,
        hint: "Run 'delembic upgrade'.",
      };
    case "failed":
      return {
        kind: "failed",
        revision,
        message: `The last attempt at migration ${revision} failed.`,
        hint: `'delembic show ${revision}' tells why.`,
      };
    case "changed":
      return {
        kind: "changed",
        revision,
        message: `Migration ${revision} was changed after it was applied (${migration?.file}).`,
        hint: `Put the change into a new migration, or accept it with 'delembic repair ${revision}'.`,
      };
    case "missing":
      return {
        kind: "missing",
        revision,
        message: `Migration ${revision} is applied, but there is no file of it.`,
        hint: "Put the file back, or check that this is the right database.",
      };
    case "running": {
      const who = seen.openRuns.find((run) => run.revision === revision);
      return {
        kind: "running",
        revision,
        message: `Migration ${revision} is at work, or its run died (${who?.username}@${who?.hostname}).`,
        hint: "If it died, the next 'delembic upgrade' settles it.",
      };
    }
  }
}

export function problemLines(problems: readonly Problem[], view: View): Line[] {
  if (problems.length === 0) return ["Everything is applied."];
  const width = Math.max(...problems.map(({ kind }) => kind.length));
  return problems.flatMap((problem): Line[] => {
    const [first = "", ...more] = sentencesOf(problem, view);
    const blanks = " ".repeat(width + 2);
    const color = problem.kind === "pending" ? "cyan" : problem.kind === "blocked" ? "yellow" : "red";
    return [
      [styled(color, problem.kind), " ".repeat(width + 2 - problem.kind.length), ...asPieces(first)],
      ...more.map((line): Line => [blanks, ...asPieces(line)]),
    ];
  });
}

function sentencesOf(problem: Problem, view: View): Line[] {
  switch (problem.kind) {
    case "fault":
      return faultLines(problem.fault, view);
    case "alembic":
      return [problem.error.message, ...(problem.error.hint === undefined ? [] : [problem.error.hint])];
    default:
      return [problem.message, ...(problem.hint === undefined ? [] : [problem.hint])];
  }
}

function asPieces(line: Line): Exclude<Line, string> {
  return typeof line === "string" ? [line] : line;
}

export function problemDocument(problem: Problem): Record<string, unknown> {
  switch (problem.kind) {
    case "fault": {
      const { code, message, place, hint } = problem.fault;
      return { kind: "fault", code, message, ...place, ...(hint === undefined ? {} : { hint }) };
    }
    case "alembic": {
      const { code, message, hint, place } = problem.error;
      return { kind: "alembic", code, message, ...place, ...(hint === undefined ? {} : { hint }) };
    }
    default:
      return { ...problem };
  }
}
