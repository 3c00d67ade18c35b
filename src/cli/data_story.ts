/**
 * What a migration that moves a lot of data did: its walk in batches and its loads, for `show` and `log`.
 *
 * @module
 */

import { readWalks, type WalkStory } from "../batch_ledger.ts";
import type { Queryable } from "../db/database.ts";
import type { RunRecord } from "../ledger.ts";
import { type LoadRow, readLoads } from "../load_ledger.ts";
import { loadLines, loadMember } from "./load_lines.ts";
import { indented, type Line } from "./text.ts";
import { walkLines, type WalkLinesOptions, walkMember } from "./walk_lines.ts";

export interface DataStory {
  /** How far it is, for one in batches that has begun, or is paused before. */
  readonly walk: WalkStory | undefined;
  /** Of its last attempt that was committed. */
  readonly loads: readonly LoadRow[];
}

export async function readDataStory(db: Queryable, revision: string): Promise<DataStory> {
  const [walk] = await readWalks(db, revision);
  return { walk, loads: await readLoads(db, revision) };
}

/** Paragraphs with a heading, each behind an empty line; none where there is nothing to tell. */
export function dataLines({ walk, loads }: DataStory, options: WalkLinesOptions): Line[] {
  return [
    ...(walk === undefined ? [] : ["", "Batches:", ...indented(walkLines(walk, options))]),
    ...(loads.length === 0 ? [] : ["", "Loads:", ...indented(loadLines(loads))]),
  ];
}

/** The members `walk` and `loads` of a document, each where there is one. */
export function dataMembers({ walk, loads }: DataStory, runs: readonly RunRecord[]): Record<string, unknown> {
  return {
    ...(walk === undefined ? {} : { walk: walkMember(walk, runs) }),
    ...(loads.length === 0 ? {} : { loads: loads.map(loadMember) }),
  };
}
