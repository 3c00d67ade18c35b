/** `delembic stamp` */

import { EXIT, type ExitCode } from "../errors.ts";
import { parseTarget } from "../target.ts";
import { command } from "./command.ts";
import { required, seconds } from "./command_line.ts";

export const stamp = command({
  description: [
    "Records a migration, and all that it needs, as applied without running anything: for a database whose data is " +
    "there already, or a migration that was done by hand. Each one is written into the log with your name.",
  ],
  arguments: {
    id: required("a revision, the beginning of one, a label, LABEL@head, or head for all"),
  },
  options: {
    lockTimeout: seconds("how long to wait for another run to end (default: 300)"),
  },
  examples: [
    { line: "stamp D004", text: "D004 was done by hand: do not run it, nor what it needs." },
    { line: "stamp head", text: "A fresh copy of production: everything is there already." },
  ],
  async run(context, { options, arguments: { id } }): Promise<ExitCode> {
    const target = parseTarget(id);
    const { openProject } = await import("./open_project.ts");
    const { startRun } = await import("./start_run.ts");
    const { stamp } = await import("../decisions.ts");
    const opened = await openProject(context);
    const stamped = await startRun(
      context,
      opened,
      (run) => stamp(run, { target, lockTimeoutMs: options.lockTimeout }),
    );
    const { output } = context;
    output.result(stamped.length === 0 ? ["Already applied."] : stamped.map((revision) => `Stamped ${revision}`));
    output.document({ stamped });
    return EXIT.done;
  },
});
