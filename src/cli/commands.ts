/**
 * All commands, by what they are for. Each one's own file is loaded only when it is asked for.
 *
 * @module
 */

import type { Command } from "./command.ts";

export interface CommandEntry {
  readonly name: string;
  /** One line for the list. */
  readonly summary: string;
  load(): Promise<Command>;
}

export interface CommandGroup {
  readonly title: string;
  readonly commands: readonly CommandEntry[];
}

export const COMMAND_GROUPS: readonly CommandGroup[] = [
  {
    title: "Write",
    commands: [
      entry("init", "Set up a project, or add a section to one", async () => (await import("./init.ts")).init),
      entry("revision", "Make a new migration file", async () => (await import("./revision.ts")).revision),
      entry("convert", "Turn a Python migration into one of ours", async () => (await import("./convert.ts")).convert),
      entry("rename", "Give a migration another id", async () => (await import("./rename.ts")).rename),
      entry("merge", "Make a migration that joins branches", async () => (await import("./merge.ts")).merge),
    ],
  },
  {
    title: "Run",
    commands: [
      entry("upgrade", "Run what is pending", async () => (await import("./upgrade.ts")).upgrade),
      entry("downgrade", "Undo what was applied", async () => (await import("./downgrade.ts")).downgrade),
      entry("verify", "Validate applied migrations again", async () => (await import("./verify.ts")).verify),
    ],
  },
  {
    title: "See",
    commands: [
      entry("current", "Show what is applied", async () => (await import("./current.ts")).current),
      entry("history", "List all migrations with their state", async () => (await import("./history.ts")).history),
      entry("heads", "List the migrations that no other one needs", async () => (await import("./heads.ts")).heads),
      entry("branches", "List where the graph forks", async () => (await import("./branches.ts")).branches),
      entry("graph", "Draw what needs what: text, mermaid, dot, svg", async () => (await import("./graph.ts")).graph),
      entry("show", "Tell everything about one migration", async () => (await import("./show.ts")).show),
      entry("log", "List the attempts: who, when, how it ended", async () => (await import("./log.ts")).log),
      entry("serve", "Show all of it in a browser", async () => (await import("./serve.ts")).serve),
      entry("check", "Exit with 1 unless all is applied and sound", async () => (await import("./check.ts")).check),
      entry(
        "doctor",
        "Say of all that a run needs whether it is well",
        async () => (await import("./doctor.ts")).doctor,
      ),
    ],
  },
  {
    title: "Decide",
    commands: [
      entry("pause", "Let a migration in batches rest", async () => (await import("./pause.ts")).pause),
      entry("resume", "Let it go on", async () => (await import("./resume.ts")).resume),
      entry("stamp", "Record as applied without running", async () => (await import("./stamp.ts")).stamp),
      entry("repair", "Settle interrupted runs and changed files", async () => (await import("./repair.ts")).repair),
      entry("unlock", "Take the lock of a dead run", async () => (await import("./unlock.ts")).unlock),
    ],
  },
  {
    title: "Schema and data in one run",
    commands: [
      entry(
        "pipeline init",
        "Write a pipeline.yaml to fill in",
        async () => (await import("./pipeline_init.ts")).pipelineInit,
      ),
      entry(
        "pipeline generate",
        "Write the steps that the two graphs ask for",
        async () => (await import("./pipeline_generate.ts")).pipelineGenerate,
      ),
      entry(
        "pipeline run",
        "Run schema and data steps in order",
        async () => (await import("./pipeline_run.ts")).pipelineRun,
      ),
    ],
  },
  {
    title: "Alembic",
    commands: [
      entry("guard", "Make a schema revision wait for its data", async () => (await import("./guard.ts")).guard),
      entry("alembic heads", "The heads of the scripts", async () => (await import("./alembic.ts")).heads),
      entry("alembic current", "The revisions of the database", async () => (await import("./alembic.ts")).current),
      entry("alembic history", "All scripts", async () => (await import("./alembic.ts")).history),
      entry("alembic ancestors", "All that a revision needs", async () => (await import("./alembic.ts")).ancestors),
    ],
  },
  {
    title: "Set up",
    commands: [
      entry(
        "completions",
        "Print what completes the command line",
        async () => (await import("./completions.ts")).completions,
      ),
    ],
  },
];

function entry(name: string, summary: string, load: () => Promise<unknown>): CommandEntry {
  // each command knows the types of its own tables; to the one who calls them all they are alike
  return { name, summary, load: load as () => Promise<Command> };
}

export function allCommands(): readonly CommandEntry[] {
  return COMMAND_GROUPS.flatMap(({ commands }) => commands);
}
