/**
 * A migration in batches as a part of a script.
 *
 * @module
 */

import type { ScriptStatement } from "./db/offline_sql.ts";
import type { Batched, LoadedMigration } from "./migration.ts";
import { type CodePrinting, looksAtJson, recordCode } from "./offline_code.ts";
import { RANGE_REGEXP, type RecordedStatement } from "./offline_recorder.ts";
import { OfflineError, passable } from "./offline_text.ts";
import { splitRanges } from "./sql_range.ts";

/** What a walk is printed for. */
export interface WalkPrinting extends CodePrinting {
  /** What each batch's transaction begins with. */
  readonly preludes: readonly string[];
}

export interface PrintedWalk {
  /** What the script looks at before it begins the walk. */
  readonly looks: readonly string[];
  readonly texts: readonly string[];
}

/** A run with one worker hands out ranges of so many batches. */
const RANGE_BATCHES = 20;

/** @throws {OfflineError} where it cannot be printed */
export async function printWalk(
  migration: LoadedMigration,
  batch: Batched,
  printing: WalkPrinting,
): Promise<PrintedWalk> {
  const { revision, file } = migration;
  if (batch.apply === undefined) {
    throw new OfflineError(
      `Migration ${revision} loads a file in batches, which a script cannot`,
      "Run it with 'delembic upgrade'; it is made for files that are too large for one transaction.",
      { file },
    );
  }
  const { table, key, size } = batch.plan;
  if (key.length === 0) {
    throw new OfflineError(
      `The batches of ${revision} name no key, and the primary key of ${
        table.join(".")
      } is known to the database alone`,
      'Name it: "-- delembic batch: person by id", or batch: { table: "person", key: "id" }.',
      { file },
    );
  }
  const { offline, preludes } = printing;
  const walk = { revision, table, key, size, rangeSize: size * RANGE_BATCHES, preludes };
  if (migration.statements !== undefined) {
    return { looks: [], texts: offline.walk({ ...walk, statements: ownStatements(migration, printing) }) };
  }
  const recorded = (await recordCode(
    migration,
    printing,
    (recorder) => recorder.take((conn, run) => batch.apply(conn, recorder.range(), run)),
  )).map((item) => {
    if (item.kind === "load") throw noWalk(migration, "loads rows in each batch");
    return item;
  });
  return {
    looks: recorded.flatMap((item) => looksAtJson(item, migration, printing)),
    texts: offline.walk({ ...walk, statements: recorded.map((item) => ranged(item, migration, printing)) }),
  };
}

function ownStatements({ statements, file }: LoadedMigration, printing: WalkPrinting): ScriptStatement[] {
  const { dialect: { lexicon }, offline: { client } } = printing;
  // within a block nothing is the client's; in a procedure, and where there is neither, it reads what stands there
  const passed = (text: string, line: number) =>
    client.variables ? text : passable(text, { lexicon, client }, { file, line });
  return (statements?.upgrade ?? []).map(({ text, line }) => {
    const { texts, aliases } = splitRanges(text, lexicon);
    return { texts: texts.map((part) => passed(part, line)), aliases };
  });
}

function ranged({ text }: RecordedStatement, migration: LoadedMigration, printing: WalkPrinting): ScriptStatement {
  const { offline } = printing;
  const pieces = text.split(RANGE_REGEXP);
  const texts = pieces.filter((_, index) => index % 2 === 0);
  const aliases = pieces.filter((_, index) => index % 2 === 1).map((alias) => alias === "" ? undefined : alias);
  if (aliases.length === 0 && offline.walksAtOnce) throw noWalk(migration, "has a statement without its range");
  if (offline.client.variables && text.includes(offline.moments.startedText)) {
    throw noWalk(migration, "has 'run.startedAt' in its batches");
  }
  return { texts, aliases };
}

function noWalk({ revision, file }: LoadedMigration, what: string): OfflineError {
  return new OfflineError(
    `Migration ${revision} ${what}, which a script cannot`,
    "Run it with 'delembic upgrade'.",
    { file },
  );
}
