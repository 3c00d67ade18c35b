/** What is there, what stands in the way, what goes on now. */

import { readUndoneWalks, type WalkStory } from "../batch_ledger.ts";
import { readRuns, type RunRecord } from "../ledger.ts";
import type { LeaseState } from "../lock.ts";
import { countText } from "../numbers_text.ts";
import { isPending, planUpgrade } from "../plan.ts";
import { explain } from "../runner.ts";
import type { HistoryEntry, MigrationState } from "../state.ts";
import type { Sight } from "./board.ts";
import type { Html, HtmlTag, HtmlValue } from "./html.ts";
import {
  addressOf,
  errorLine,
  FAILED,
  faultBox,
  foreign,
  moment,
  revisionLink,
  runTable,
  stateChip,
  stateSign,
  troubleBox,
  walkBox,
} from "./pieces.ts";
import type { Page } from "./shell.ts";

const LATEST_RUNS = 8;
/** How many of a kind are told one by one. */
const TOLD = 6;

const STATES: readonly MigrationState[] = ["applied", "pending", "running", "failed", "blocked", "changed", "missing"];

export async function overviewPage(markup: HtmlTag, sight: Sight): Promise<Page> {
  const { db, entries, troubles, project, seen } = sight;
  const walks = await readUndoneWalks(db);
  const runs = await readRuns(db, { limit: LATEST_RUNS });
  const failures = await lastFailures(sight);
  const faults = [...project.faults, ...[...seen.unknown.values()].flat()];
  const body = markup`<h1>${headline(entries, faults.length)}</h1>
${counts(markup, entries)}
${faults.slice(0, TOLD).map((fault) => faultBox(markup, fault))}${more(markup, faults.length, "faults in the files")}
${troubles.map((trouble) => troubleBox(markup, trouble))}
${runningSection(markup, walks, sight)}
${obstacles(markup, sight, failures)}
<div class="halves">${nextSection(markup, sight)}${schemaSection(markup, sight)}</div>
<section><h2>Latest runs</h2>${
    runs.length === 0
      ? markup`<p class="quiet">Nothing has run yet.</p>`
      : markup`${runTable(markup, runs, { withRevision: true })}<p><a href="/runs">All runs</a></p>`
  }</section>`;
  return { title: "Overview", tab: "/", body, refreshSeconds: seen.running.size > 0 ? 5 : undefined };
}

function of(entries: readonly HistoryEntry[], ...states: readonly MigrationState[]): HistoryEntry[] {
  return entries.filter(({ status }) => states.includes(status));
}

/** The one sentence that most people come for. */
export function headline(entries: readonly HistoryEntry[], faults: number): string {
  if (entries.length === 0 && faults === 0) return "There are no migrations yet.";
  const parts = ([
    [of(entries, "running").length, "running", "running"],
    [of(entries, "failed").length, "failed", "failed"],
    [of(entries, "blocked").length, "blocked", "blocked"],
    [of(entries, "pending").length, "pending", "pending"],
    [of(entries, "changed").length, "changed since it was applied", "changed since they were applied"],
    [of(entries, "missing").length, "without its file", "without their files"],
    [faults, "fault in the files", "faults in the files"],
  ] as const).filter(([count]) => count > 0).map(([count, one, several]) =>
    `${countText(count)} ${count === 1 ? one : several}`
  );
  if (parts.length === 0) return "Everything is applied.";
  const text = parts.length === 1 ? parts[0] : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
  return `${text}.`;
}

function counts(markup: HtmlTag, entries: readonly HistoryEntry[]): HtmlValue {
  const tiles = STATES.map((state) => ({ state, count: of(entries, state).length })).filter(({ count }) => count > 0);
  if (tiles.length === 0) return "";
  return markup`<ul class="tiles">${
    tiles.map(({ state, count }) =>
      markup`<li><a data-row href="${addressOf("/data", { state })}">${stateSign(state)}<strong>${
        countText(count)
      }</strong> ${state}</a></li>`
    )
  }</ul>`;
}

function runningSection(markup: HtmlTag, walks: readonly WalkStory[], { seen, project }: Sight): HtmlValue {
  const shown = walks.filter(({ walk: { revision } }) => project.migrations.has(revision) && isPending(seen, revision));
  const others = seen.openRuns.filter(({ revision }) => !shown.some(({ walk }) => walk.revision === revision));
  if (shown.length === 0 && others.length === 0) return "";
  return markup`<section><h2>${seen.running.size > 0 ? "Under way" : "Begun and not done"}</h2>${
    shown.map((story) => walkBox(markup, story))
  }${
    others.map((run) =>
      markup`<p class="line">${stateChip(markup, "running")} ${
        run.revision === null ? "" : revisionLink(markup, run.revision)
      } <span class="quiet">since ${moment(markup, run.startedAt)}</span></p>`
    )
  }${lockLine(markup, seen.lease)}</section>`;
}

function lockLine(markup: HtmlTag, lease: LeaseState | undefined): HtmlValue {
  if (lease === undefined || lease.free || lease.details === undefined) return "";
  const { user, host, pid, command } = lease.details;
  return markup`<p class="quiet">The lock is held by ${
    foreign(markup, `${user}@${host}, process ${pid}: ${command}`)
  }.</p>`;
}

/** The latest error of each migration that failed. */
async function lastFailures({ db, entries }: Sight): Promise<ReadonlyMap<string, RunRecord>> {
  const failures = new Map<string, RunRecord>();
  for (const { revision } of of(entries, "failed").slice(0, TOLD)) {
    const runs = await readRuns(db, { revision, limit: 10 });
    const failure = runs.find(({ status }) => FAILED.has(status ?? ""));
    if (failure !== undefined) failures.set(revision, failure);
  }
  return failures;
}

function obstacles(markup: HtmlTag, { entries, seen }: Sight, failures: ReadonlyMap<string, RunRecord>): HtmlValue {
  const steps = new Map(
    planUpgrade(seen, { kind: "head" }).steps.map(({ migration, blocks }) => [migration.revision, blocks]),
  );
  const failed = of(entries, "failed"), blocked = of(entries, "blocked"), changed = of(entries, "changed", "missing");
  if (failed.length + blocked.length + changed.length === 0) return "";
  const item = (entry: HistoryEntry, text: HtmlValue) =>
    markup`<li>${stateChip(markup, entry.status)} <span>${revisionLink(markup, entry.revision)} ${
      foreign(markup, entry.migration?.description ?? "")
    }<br><span class="quiet">${text}</span></span></li>`;
  return markup`<section><h2>What stands in the way</h2><ul class="list">${
    failed.slice(0, TOLD).map((entry) => {
      const failure = failures.get(entry.revision);
      return item(
        entry,
        failure === undefined
          ? ""
          : markup`<a href="${addressOf("/run", { id: failure.id })}">Run ${failure.id}</a>: ${
            foreign(markup, errorLine(failure.exception ?? ""))
          }`,
      );
    })
  }${
    blocked.slice(0, TOLD).map((entry) => {
      const { message, hint } = explain(entry.revision, steps.get(entry.revision) ?? []);
      return item(entry, markup`${foreign(markup, message)} ${hint}`);
    })
  }${
    changed.slice(0, TOLD).map((entry) =>
      item(
        entry,
        entry.status === "changed"
          ? "Its file is not what was applied. Put the change into a new migration, or accept it with 'delembic repair'."
          : "It was applied, and its file is gone.",
      )
    )
  }</ul>${more(markup, Math.max(failed.length, blocked.length, changed.length), "of a kind", "/data")}</section>`;
}

function more(markup: HtmlTag, count: number, what: string, address?: string): HtmlValue {
  if (count <= TOLD) return "";
  const text = `${countText(count - TOLD)} more ${what}`;
  return markup`<p class="quiet">${address === undefined ? `${text}.` : markup`<a href="${address}">${text}</a>`}</p>`;
}

function nextSection(markup: HtmlTag, { seen }: Sight): Html {
  const steps = planUpgrade(seen, { kind: "head" }).steps.filter(({ migration, blocks }) =>
    blocks.length === 0 && !seen.running.has(migration.revision)
  );
  return markup`<section><h2>Next</h2>${
    steps.length === 0
      ? markup`<p class="quiet">An upgrade would run nothing now.</p>`
      : markup`<ol class="plain">${
        steps.slice(0, TOLD).map(({ migration }) =>
          markup`<li>${revisionLink(markup, migration.revision)} ${foreign(markup, migration.description)}</li>`
        )
      }</ol>${
        more(markup, steps.length, "behind them", addressOf("/data", { state: "pending" }))
      }<p class="quiet">To run them: <code>delembic upgrade</code></p>`
  }</section>`;
}

function schemaSection(markup: HtmlTag, { schema, project }: Sight): Html {
  if (schema === undefined) {
    return markup`<section>
        <h2>Schema</h2>
        <p class="quiet">${
      project.config.alembic === undefined
        ? "No alembic_config is set, so nothing is known of the schema."
        : "Alembic's scripts could not be read."
    }</p>
      </section>`;
  }
  const { tree, rows, applied } = schema;
  const pending = applied === undefined ? undefined : tree.revisions.size - applied.size;
  return markup`<section>
      <h2>Schema</h2>
      <dl class="facts">
        <div>
          <dt>Database</dt>
          <dd>${rows.length === 0 ? "base" : rows.map((row) => markup`<code>${row}</code>`)}</dd>
        </div>
        <div>
          <dt>Scripts</dt>
          <dd>${tree.knownHeads().map((head) => markup`<code>${head}</code>`)}</dd>
        </div>
      </dl>
      <p>${
    pending === undefined
      ? ""
      : pending === 0
      ? markup`<a href="/schema">All ${countText(tree.revisions.size)} revisions</a> are in the database.`
      : markup`<a href="/schema">${countText(pending)} of ${countText(tree.revisions.size)} revisions</a> ${
        pending === 1 ? "is" : "are"
      } not in the database.`
  }</p>
    </section>`;
}
