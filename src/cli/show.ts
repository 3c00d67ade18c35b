/** `delembic show` */

import { EXIT, type ExitCode } from "../errors.ts";
import { command } from "./command.ts";
import { required } from "./command_line.ts";

export const show = command({
  description: [
    "Tells everything about one migration: its file and whether that is what was applied, what it needs and whether " +
    "that is there, its options, all attempts, and the last error in full. Reads only: creates no table and no file.",
    "Of a migration that works in batches it tells how far it is, also while it runs: rows, rate, time left, who works " +
    "at it, and why it waits; with -v also the ranges of keys that are done.",
  ],
  arguments: {
    id: required("a revision, or the beginning of one"),
  },
  options: {},
  examples: [
    { line: "show D003", text: "See why D003 failed, or what it waits for." },
    { line: "show D003 --json", text: "The same for a script." },
  ],
  async run(context, { arguments: { id } }): Promise<ExitCode> {
    const { lookAt, openProject, tellFaults } = await import("./open_project.ts");
    const { profileOf, profileDocument, profileLines } = await import("./profile.ts");
    const { shownFile } = await import("./project_view.ts");
    const opened = await openProject(context);
    return await lookAt(context, opened, async (look) => {
      tellFaults(context, look);
      const shown = (file: string) => shownFile(context, opened.config, file);
      const profile = await profileOf(look, id);
      context.output.result(profileLines(profile, { shown, all: context.output.verbose }));
      context.output.document(profileDocument(profile));
      return EXIT.done;
    });
  },
});
