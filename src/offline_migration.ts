/**
 * One migration as a part of a script.
 *
 * @module
 */

import type { LoadEnvironment } from "./bulk_options.ts";
import type { Dialect } from "./db/database.ts";
import { type OfflineSql, type Printer, SCRIPT_LEASE_SECONDS, type ScriptGuard } from "./db/offline_sql.ts";
import { DelembicError, type Place } from "./errors.ts";
import { looksAtJson, recordCode } from "./offline_code.ts";
import { downgradeGuards, type GuardContext, upgradeGuards } from "./offline_guard.ts";
import {
  beginningWalk,
  closingRun,
  endingWalk,
  forgettingLoads,
  markingPartial,
  openingRun,
  recordingApplied,
  recordingUndone,
} from "./offline_ledger.ts";
import { printLoad } from "./offline_load.ts";
import type { LoadCall, PrintedLoad, RecordedItem, Recorder } from "./offline_recorder.ts";
import { ended, OfflineError, passable, scriptStatement } from "./offline_text.ts";
import { type Batched, fullChecksum, type LoadedMigration, type SqlStatement, type Step } from "./migration.ts";
import { printWalk } from "./offline_walk.ts";

/** What a migration is printed for. */
export interface MigrationPrinting extends GuardContext {
  readonly dialect: Dialect;
  readonly offline: OfflineSql;
  readonly printer: Printer;
  readonly environment: Pick<LoadEnvironment, "folder" | "shownFrom">;
  readonly warn: (message: string) => void;
  readonly log: (message: string) => void;
}

/** How long the lock is kept while statements run that no transaction holds together, in seconds. */
const LONG_SECONDS = 120;

/** @throws {OfflineError} where it cannot be printed */
export async function printUpgrade(migration: LoadedMigration, printing: MigrationPrinting): Promise<string[]> {
  const part = new MigrationPart(migration, printing);
  const checksum = await fullChecksum(migration);
  const guards = await upgradeGuards(migration, checksum, printing);
  return [
    ...part.heading("upgrade"),
    ...await part.work({
      guards,
      status: "running",
      body: () => part.upgrade(),
      records: () => [
        ...recordingApplied({ revision: migration.revision, checksum, file: migration.file }, printing.offline),
        ...(migration.batch === undefined ? [] : [endingWalk(migration.revision, printing.offline)]),
        closingRun("success", printing.offline),
      ],
    }),
  ];
}

/** @throws {OfflineError} where it cannot be printed */
export async function printDowngrade(migration: LoadedMigration, printing: MigrationPrinting): Promise<string[]> {
  const part = new MigrationPart(migration, printing);
  return [
    ...part.heading("downgrade"),
    ...await part.work({
      guards: downgradeGuards(migration, printing),
      status: "downgrading",
      body: () => part.downgrade(),
      records: () => [
        ...recordingUndone(migration.revision, printing.offline),
        closingRun("downgraded", printing.offline),
      ],
    }),
  ];
}

interface Work {
  readonly guards: readonly ScriptGuard[];
  readonly status: "running" | "downgrading";
  readonly body: () => Promise<Body>;
  readonly records: () => string[];
}

/** What a migration does, in parts of a script. */
interface Body {
  /** Before anything else: what the script looks at, and nothing has begun. */
  readonly before?: readonly string[];
  /** Before the transaction in which it is recorded. */
  readonly first: readonly string[];
  /** Each with whether it commits by itself. */
  readonly statements: readonly { readonly text: string; readonly commits: boolean }[];
  readonly checks: readonly string[];
}

class MigrationPart {
  readonly #migration: LoadedMigration;
  readonly #printing: MigrationPrinting;
  #loads = 0;

  constructor(migration: LoadedMigration, printing: MigrationPrinting) {
    this.#migration = migration;
    this.#printing = printing;
  }

  heading(direction: "upgrade" | "downgrade"): string[] {
    const { revision, description, file, timeoutMs } = this.#migration;
    const title = `${direction === "upgrade" ? "" : "undo "}${revision}: ${description}`.replace(/\p{Cc}+/gu, " ");
    return [[
      `-- ${"-".repeat(96)}`,
      `-- ${title}`,
      `-- ${file.replace(/\p{Cc}+/gu, " ")}`,
      ...(timeoutMs === undefined ? [] : [`-- Its time limit of ${timeoutMs / 1000} s is not kept by this script.`]),
    ].join("\n")];
  }

  /** Guards, work and record: one transaction, where nothing in it commits by itself. */
  async work({ guards, status, body, records }: Work): Promise<string[]> {
    const { offline } = this.#printing;
    const { transaction, batch, revision, idempotent } = this.#migration;
    const { before = [], first, statements, checks } = await body();
    const walkGuards = batch === undefined || status !== "running" ? [] : offline.walkGuards(batch.plan);
    const commits = statements.some((statement) => statement.commits);
    const atomic = transaction && !commits && first.length === 0;
    const opening = [
      offline.startClock,
      offline.begin,
      offline.holdLock(commits || !transaction ? LONG_SECONDS : SCRIPT_LEASE_SECONDS),
      ...[...(offline.nobodyElse === undefined ? [] : [offline.nobodyElse]), ...guards, ...walkGuards].map((
        { condition, message },
      ) => offline.require(condition, message)),
      ...openingRun(revision, status, this.#printing),
      ...(status === "running" ? [forgettingLoads(revision, offline)] : []),
      ...(batch !== undefined && status === "running" && first.length > 0 ? this.#walkRow(batch) : []),
      // nothing of this can be taken back: who ends in it leaves it to 'repair'
      ...(transaction || idempotent ? [] : [markingPartial(offline)]),
    ];
    const ending = [...(atomic ? [] : [offline.holdLock(SCRIPT_LEASE_SECONDS)]), ...records(), offline.commit];
    const inner = this.#committing(statements, transaction);
    const limits = this.#limits();
    const parts = atomic ? [together(opening), ...limits, ...inner, ...checks, together(ending)] : transaction
      ? [
        together([...opening, offline.commit]),
        ...first,
        together([offline.begin, ...limits]),
        ...inner,
        ...checks,
        together(ending),
      ]
      : [together([...opening, offline.commit]), ...limits, ...inner, ...checks, together([offline.begin, ...ending])];
    const resets = limits.length === 0 ? [] : this.#printing.dialect.lockTimeoutReset.map((text) => `${text};`);
    const notes = commits ? [COMMITS_NOTE] : transaction ? [] : [NO_TRANSACTION_NOTE];
    return [...notes, ...before, ...parts, ...resets];
  }

  /** Statements with what comes before the first that commits, and behind each. */
  #committing(statements: Body["statements"], transaction: boolean): string[] {
    const { offline } = this.#printing;
    const first = statements.findIndex(({ commits }) => commits);
    return statements.flatMap(({ text, commits }, index) => [
      ...(index === first && !this.#migration.idempotent ? [markingPartial(offline)] : []),
      text,
      ...(commits && transaction ? [offline.begin] : []),
    ]);
  }

  #limits(): string[] {
    const { lockTimeoutMs } = this.#migration;
    return lockTimeoutMs === undefined
      ? []
      : this.#printing.dialect.lockTimeout(lockTimeoutMs).map((text) => `${text};`);
  }

  async upgrade(): Promise<Body> {
    const { batch, statements, upgrade } = this.#migration;
    const checks = this.#checks();
    if (batch !== undefined) return { ...await this.#walk(batch), checks };
    return { first: [], statements: await this.#steps(statements?.upgrade, upgrade), checks };
  }

  async downgrade(): Promise<Body> {
    const { statements, downgrade } = this.#migration;
    return { first: [], statements: await this.#steps(statements?.downgrade, downgrade), checks: [] };
  }

  async #steps(statements: readonly SqlStatement[] | undefined, step: Step | undefined): Promise<Body["statements"]> {
    const { dialect } = this.#printing;
    if (statements === undefined) return await this.#recorded(step);
    const printed: { text: string; commits: boolean }[] = [];
    for (const statement of statements) {
      const place = this.#place(statement.line);
      if (statement.load !== undefined) {
        const texts = await this.#located(place, () => this.#load(statement.load as LoadCall));
        printed.push(...texts.texts.map((text) => ({ text, commits: false })));
      } else {
        const text = scriptStatement(statement.text, this.#rules, place);
        printed.push({ text, commits: this.#migration.transaction && dialect.commitsImplicitly(statement.text) });
      }
    }
    return printed;
  }

  get #rules() {
    const { dialect: { lexicon }, offline: { client } } = this.#printing;
    return { lexicon, client };
  }

  #place(line?: number): Place {
    const { file } = this.#migration;
    return line === undefined ? { file } : { file, line };
  }

  /** What is wrong with a load of a SQL file has its place there. */
  async #located<T>(place: Place, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DelembicError) || error.place !== undefined) throw error;
      throw new OfflineError(error.message, error.hint ?? "", place, error);
    }
  }

  #load(call: LoadCall): Promise<PrintedLoad> {
    const { dialect, offline, environment } = this.#printing;
    return printLoad(call, { revision: this.#migration.revision, index: this.#loads++, dialect, offline, environment });
  }

  async #recorded(step: Step | undefined): Promise<Body["statements"]> {
    if (step === undefined) return [];
    const { dialect } = this.#printing;
    const items = await this.#record((recorder) => recorder.take(step));
    const printed: { text: string; commits: boolean }[] = [];
    for (const item of items) {
      if (item.kind === "load") printed.push(...(await item.load).texts.map((text) => ({ text, commits: false })));
      else {
        const text = ended(item.text, this.#rules);
        const commits = this.#migration.transaction && dialect.commitsImplicitly(item.text);
        printed.push({ text: [...looksAtJson(item, this.#migration, this.#printing), text].join("\n"), commits });
      }
    }
    return printed;
  }

  /** @throws {OfflineError} with its place */
  #record(take: (recorder: Recorder) => Promise<void>): Promise<readonly RecordedItem[]> {
    return recordCode(this.#migration, { ...this.#printing, load: (call) => this.#load(call) }, take);
  }

  async #walk(batch: Batched): Promise<Omit<Body, "checks">> {
    const preludes = this.#limits().map((text) => text.slice(0, -1));
    const { looks, texts } = await printWalk(this.#migration, batch, {
      ...{ ...this.#printing, load: (call: LoadCall) => this.#load(call) },
      preludes,
    });
    if (!this.#printing.offline.walksAtOnce) return { before: looks, first: texts, statements: [] };
    const all = [...this.#walkRow(batch), ...texts];
    return { first: [], statements: all.map((text) => ({ text, commits: false })) };
  }

  #walkRow({ plan: { table, key, size } }: Batched): string[] {
    const { revision, checksum } = this.#migration;
    return beginningWalk({ revision, table, key, checksum, size }, this.#printing.offline);
  }

  #checks(): string[] {
    const { offline, warn } = this.#printing;
    const { statements, validate, revision, file } = this.#migration;
    if (statements === undefined) {
      if (validate === undefined) return [];
      warn(
        `The validation of ${revision} is code, and not in the script: run 'delembic verify ${revision}' afterwards`,
      );
      return [`-- Its validation is code: run 'delembic verify ${revision}' when this script has run.`];
    }
    return statements.validate.map(({ text, line }) => {
      const place = this.#place(line);
      const verb = /^\(|^\w*/.exec(text)?.[0].toLowerCase() ?? "";
      if (offline.questions !== undefined && !offline.questions.has(verb)) {
        throw new OfflineError("Only a SELECT can be a check of a script", "Write it as one.", place);
      }
      const query = offline.client.variables ? text : passable(text, this.#rules, place);
      const shown = text.replace(/\s+/g, " ");
      const short = shown.length > 160 ? `${shown.slice(0, 159)}…` : shown;
      return offline.requireTrue(query, `Validation of ${revision} failed (${file}:${line}): ${short}`);
    });
  }
}

/** What belongs together stands together. */
function together(texts: readonly string[]): string {
  return texts.filter((text) => text !== "").join("\n");
}

const COMMITS_NOTE =
  `-- It has statements that commit by themselves: what stands before one stays, whatever comes behind it. A script
-- that ends in the middle leaves it to 'delembic repair'.`;
const NO_TRANSACTION_NOTE =
  `-- It runs outside of a transaction: what is done stays. A script that ends in the middle leaves it to
-- 'delembic repair'.`;
