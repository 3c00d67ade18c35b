/** `delembic unlock` */

import { EXIT, type ExitCode } from "../errors.ts";
import { command } from "./command.ts";
import { flag, UsageError } from "./command_line.ts";

export const unlock = command({
  description: [
    "Takes the lock away from the run that holds it, and ends that run's sessions on the server. It is needed only for " +
    "those who cannot wait: the lock of a dead process runs out by itself within a minute, and a run that lost its lock " +
    "cannot commit any more.",
  ],
  arguments: {},
  options: {
    force: flag("needed, because a living run would lose its work"),
  },
  examples: [
    { line: "unlock --force", text: "The machine that held the lock is gone, and the next run is urgent." },
    { line: "upgrade --lock-timeout 120", text: "Mostly better: wait until it runs out." },
  ],
  async run(context, { options }): Promise<ExitCode> {
    if (!options.force) {
      throw new UsageError(
        "missing-option",
        "Missing option '--force'",
        "A living run would lose its work; a dead one's lock runs out by itself within a minute.",
      );
    }
    const { openProject } = await import("./open_project.ts");
    const { startRun } = await import("./start_run.ts");
    const { unlock } = await import("../decisions.ts");
    const opened = await openProject(context);
    const { holder } = await startRun(context, opened, (run) => unlock(run));
    context.output.result([holder === undefined ? "Nobody holds the lock." : `Took the lock from ${holder}.`]);
    context.output.document({ holder: holder ?? null });
    return EXIT.done;
  },
});
