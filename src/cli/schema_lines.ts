/**
 * What was read of schema changes, as lines and as a document, for `revision --autogenerate` and `check --schema`. Pure.
 *
 * @module
 */

import type { SchemaDraft } from "../draft.ts";
import { type Need, type Obstacle, type Remark, sentenceOf } from "../draft_need.ts";
import { type Line, styled } from "./text.ts";

type Shown = (file: string) => string;

/** Which revisions were looked at. */
export function spanLine({ revisions, from }: SchemaDraft): string {
  const behind = from.length === 0 ? "from the base" : `behind ${from.join(", ")}`;
  const count = revisions.length === 1 ? "1 Alembic revision" : `${revisions.length} Alembic revisions`;
  return revisions.length === 0
    ? `Read no Alembic revision: there is none ${behind}`
    : `Read ${count} ${behind} up to ${revisions.at(-1)}`;
}

/** All that was seen: what needs work, what has it, what needs none, what could not be understood. */
export function readingLines(draft: SchemaDraft, shown: Shown): Line[] {
  const at = ({ file, line }: Need["place"]) => `${shown(file)}:${line}`;
  return [
    ...draft.needs.map((need) => entry("needs", "yellow", `${sentenceOf(need)}${condition(need)}`, at(need.place))),
    ...draft.covered.map(({ need, by }) => entry("has", "green", `${sentenceOf(need)}: ${by}`, at(need.place))),
    ...draft.remarks.map(({ message, place }) => entry("none", "dim", message, at(place))),
    ...draft.unread.map(({ message, place }) => entry("unread", "red", message, at(place))),
  ];
}

function entry(word: string, style: Parameters<typeof styled>[0], text: string, place: string): Line {
  return [styled(style, word.padEnd(6)), `  ${text} (${place})`];
}

function condition(need: Need): string {
  return need.onlyIf === undefined ? "" : `, if it happens: ${need.onlyIf}`;
}

/** The parts of the document that both commands have. */
export function draftDocument(draft: SchemaDraft, shown: Shown): Record<string, unknown> {
  return {
    from: draft.from,
    revisions: draft.revisions,
    obstacles: draft.obstacles.map((obstacle) => obstacleDocument(obstacle, shown)),
    covered: draft.covered.map(({ need, by }) => ({ ...needDocument(need, shown), by })),
    noWork: draft.remarks.map((remark) => remarkDocument(remark, shown)),
    unread: draft.unread.map((remark) => remarkDocument(remark, shown)),
  };
}

export function needDocument(need: Need, shown: Shown): Record<string, unknown> {
  return {
    kind: need.kind,
    message: sentenceOf(need),
    revision: need.revision,
    after: need.after,
    before: need.before,
    ...(need.onlyIf === undefined ? {} : { onlyIf: need.onlyIf }),
    ...placeDocument(need.place, shown),
  };
}

export function obstacleDocument({ message, hint, revision, place }: Obstacle, shown: Shown): Record<string, unknown> {
  return { kind: "no-room", message, hint, revision, ...placeDocument(place, shown) };
}

function remarkDocument({ message, place }: Remark, shown: Shown): Record<string, unknown> {
  return { message, ...placeDocument(place, shown) };
}

function placeDocument({ file, line }: Need["place"], shown: Shown): Record<string, unknown> {
  return { file: shown(file), line };
}
