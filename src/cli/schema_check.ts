/**
 * `check --schema`: schema changes that look as if they need data work, and have none.
 *
 * @module
 */

import { sentenceOf } from "../draft_need.ts";
import { EXIT, type ExitCode, type Place } from "../errors.ts";
import type { Context } from "./command.ts";
import { inFolder, withHint } from "./github_annotations.ts";
import type { Annotation } from "./github_text.ts";
import { draftDocument, needDocument, obstacleDocument, spanLine } from "./schema_lines.ts";
import { type Line, styled } from "./text.ts";

const HINT = "Run 'delembic revision --autogenerate', or write '# delembic: no data' where none is needed.";

/** Looks at the files alone: no database is connected to. */
export async function checkSchema(
  context: Context,
  wish: { readonly from: readonly string[]; readonly to: readonly string[] },
): Promise<ExitCode> {
  const { output } = context;
  const { openConfig, tellFileFaults } = await import("./open_project.ts");
  const { dialectFor } = await import("./new_migration.ts");
  const { loadProject } = await import("../project.ts");
  const { readSchemaDraft } = await import("../draft.ts");
  const { shownFile } = await import("./project_view.ts");
  const config = await openConfig(context);
  const dialect = await dialectFor(context, config);
  const project = await loadProject(config, dialect);
  tellFileFaults(context, { config, project });
  const draft = await readSchemaDraft(project, { wish, start: "first", dialect: dialect.name });
  const shown = (file: string) => shownFile(context, config, file);
  const at = ({ file, line }: { readonly file: string; readonly line: number }) => `${shown(file)}:${line}`;
  output.detail([spanLine(draft)]);
  output.note(draft.unread.map(({ message, place }) => [styled("dim", "unread"), `  ${message} (${at(place)})`]));
  const lines: Line[] = [
    ...draft.needs.map((need): Line => [styled("red", "no data"), `  ${sentenceOf(need)} (${at(need.place)})`]),
    ...draft.obstacles.flatMap(({ message, place, hint }): Line[] => [
      [styled("red", "no room"), `  ${message} (${at(place)})`],
      `         ${hint}`,
    ]),
  ];
  const isSound = lines.length === 0;
  output.result(isSound ? ["Every schema change has the data work that it looks to need."] : lines);
  if (draft.needs.length > 0) output.note(["", HINT]);
  output.annotate([
    ...draft.needs.map((need) => annotation("No data migration", { ...need, message: sentenceOf(need), hint: HINT })),
    ...draft.obstacles.map((obstacle) => annotation("No room for a data migration", obstacle)),
  ].map((each) => ({ ...each, place: inFolder(each.place, config.folder) })));
  output.document({
    ok: isSound,
    problems: [
      ...draft.needs.map((need) => needDocument(need, shown)),
      ...draft.obstacles.map((obstacle) => obstacleDocument(obstacle, shown)),
    ],
    ...draftDocument(draft, shown),
  });
  return isSound ? EXIT.done : EXIT.failed;
}

function annotation(
  title: string,
  { message, hint, place }: { readonly message: string; readonly hint: string; readonly place: Place },
): Annotation & { readonly place: Place } {
  return { level: "error", title, message: withHint(message, hint), place };
}
