/** `delembic show` */

import { EXIT, type ExitCode } from "../errors.ts";
import { command } from "./command.ts";
import { required } from "./command_line.ts";
import type { Profile } from "./profile.ts";

export const show = command({
  description: [
    "Tells everything about one migration: its file and whether that is what was applied, what it needs and whether " +
    "that is there, its options, all attempts, and the last error in full. Reads only: creates no table and no file.",
    "It takes whatever names a revision: an id or its beginning, a label, LABEL@head, head, heads, D003-1, -1 (the one " +
    "before each head), and current for the heads of what is applied. Several are shown one after the other.",
    "Of a migration that works in batches it tells how far it is, also while it runs: rows, rate, time left, who works " +
    "at it, and why it waits; with -v also the ranges of keys that are done.",
  ],
  arguments: {
    id: required("a revision, the beginning of one, a label, LABEL@head, D003-1, heads, current"),
  },
  options: {},
  examples: [
    { line: "show D003", text: "See why D003 failed, or what it waits for." },
    { line: "show billing@head", text: "The last one of a branch." },
    { line: "show D003 --json", text: "The same for a script." },
  ],
  async run(context, { arguments: { id } }): Promise<ExitCode> {
    const { lookAt, openProject, tellFaults } = await import("./open_project.ts");
    const { profileOf, profileDocument, profileLines } = await import("./profile.ts");
    const { namedRevisions } = await import("./named_revisions.ts");
    const { shownFile } = await import("./project_view.ts");
    const opened = await openProject(context);
    return await lookAt(context, opened, async (look) => {
      tellFaults(context, look);
      const shown = (file: string) => shownFile(context, opened.config, file);
      const profiles: Profile[] = [];
      for (const revision of namedRevisions(look.seen, id)) profiles.push(await profileOf(look, revision));
      const { output } = context;
      output.result(profiles.flatMap((profile, at) => [
        ...(at === 0 ? [] : [""]),
        ...profileLines(profile, { shown, all: output.verbose }),
      ]));
      const [first, ...others] = profiles.map(profileDocument);
      output.document(
        first !== undefined && others.length === 0 ? first : { migrations: profiles.map(profileDocument) },
      );
      return EXIT.done;
    });
  },
});
