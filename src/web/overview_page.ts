/** What is there, what stands in the way, what goes on now. */

import { readUndoneWalks, type WalkStory } from "../batch_ledger.ts";
import { readRuns, type RunRecord } from "../ledger.ts";
import type { LeaseState } from "../lock.ts";
import { countText } from "../numbers_text.ts";
import { planUpgrade } from "../plan.ts";
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

export async function overviewPage(html: HtmlTag, sight: Sight): Promise<Page> {
  const { db, entries, troubles, project, seen } = sight;
  const walks = await readUndoneWalks(db);
  const runs = await readRuns(db, { limit: LATEST_RUNS });
  const failures = await lastFailures(sight);
  const faults = [...project.faults, ...[...seen.unknown.values()].flat()];
  const body = html`<h1>${headline(entries, faults.length)}</h1>
${counts(html, entries)}
${faults.slice(0, TOLD).map((fault) => faultBox(html, fault))}${more(html, faults.length, "faults in the files")}
${troubles.map((trouble) => troubleBox(html, trouble))}
${runningSection(html, walks, sight)}
${obstacles(html, sight, failures)}
<div class="halves">${nextSection(html, sight)}${schemaSection(html, sight)}</div>
<section><h2>Latest runs</h2>${
    runs.length === 0
      ? html`<p class="quiet">Nothing has run yet.</p>`
      : html`${runTable(html, runs, { withRevision: true })}<p><a href="/runs">All runs</a></p>`
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

function counts(html: HtmlTag, entries: readonly HistoryEntry[]): HtmlValue {
  const tiles = STATES.map((state) => ({ state, count: of(entries, state).length })).filter(({ count }) => count > 0);
  if (tiles.length === 0) return "";
  return html`<ul class="tiles">${
    tiles.map(({ state, count }) =>
      html`<li><a data-row href="${addressOf("/data", { state })}">${stateSign(state)}<strong>${
        countText(count)
      }</strong> ${state}</a></li>`
    )
  }</ul>`;
}

function runningSection(html: HtmlTag, walks: readonly WalkStory[], { seen, project }: Sight): HtmlValue {
  const shown = walks.filter(({ walk }) => walk.status !== "done" && project.migrations.has(walk.revision));
  const others = seen.openRuns.filter(({ revision }) => !shown.some(({ walk }) => walk.revision === revision));
  if (shown.length === 0 && others.length === 0) return "";
  return html`<section><h2>Under way</h2>${shown.map((story) => walkBox(html, story))}${
    others.map((run) =>
      html`<p class="line">${stateChip(html, "running")} ${
        run.revision === null ? "" : revisionLink(html, run.revision)
      } <span class="quiet">since ${moment(html, run.startedAt)}</span></p>`
    )
  }${lockLine(html, seen.lease)}</section>`;
}

function lockLine(html: HtmlTag, lease: LeaseState | undefined): HtmlValue {
  if (lease === undefined || lease.free || lease.details === undefined) return "";
  const { user, host, pid, command } = lease.details;
  return html`<p class="quiet">The lock is held by ${
    foreign(html, `${user}@${host}, process ${pid}: ${command}`)
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

function obstacles(html: HtmlTag, { entries, seen }: Sight, failures: ReadonlyMap<string, RunRecord>): HtmlValue {
  const steps = new Map(
    planUpgrade(seen, { kind: "head" }).steps.map(({ migration, blocks }) => [migration.revision, blocks]),
  );
  const failed = of(entries, "failed"), blocked = of(entries, "blocked"), changed = of(entries, "changed", "missing");
  if (failed.length + blocked.length + changed.length === 0) return "";
  const item = (entry: HistoryEntry, text: HtmlValue) =>
    html`<li>${stateChip(html, entry.status)} <span>${revisionLink(html, entry.revision)} ${
      foreign(html, entry.migration?.description ?? "")
    }<br><span class="quiet">${text}</span></span></li>`;
  return html`<section><h2>What stands in the way</h2><ul class="list">${
    failed.slice(0, TOLD).map((entry) => {
      const failure = failures.get(entry.revision);
      return item(
        entry,
        failure === undefined
          ? ""
          : html`<a href="${addressOf("/run", { id: failure.id })}">Run ${failure.id}</a>: ${
            foreign(html, errorLine(failure.exception ?? ""))
          }`,
      );
    })
  }${
    blocked.slice(0, TOLD).map((entry) => {
      const { message, hint } = explain(entry.revision, steps.get(entry.revision) ?? []);
      return item(entry, html`${foreign(html, message)} ${hint}`);
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
  }</ul>${more(html, Math.max(failed.length, blocked.length, changed.length), "of a kind", "/data")}</section>`;
}

function more(html: HtmlTag, count: number, what: string, address?: string): HtmlValue {
  if (count <= TOLD) return "";
  const text = `${countText(count - TOLD)} more ${what}`;
  return html`<p class="quiet">${address === undefined ? `${text}.` : html`<a href="${address}">${text}</a>`}</p>`;
}

function nextSection(html: HtmlTag, { seen }: Sight): Html {
  const steps = planUpgrade(seen, { kind: "head" }).steps.filter(({ migration, blocks }) =>
    blocks.length === 0 && !seen.running.has(migration.revision)
  );
  return html`<section><h2>Next</h2>${
    steps.length === 0
      ? html`<p class="quiet">An upgrade would run nothing now.</p>`
      : html`<ol class="plain">${
        steps.slice(0, TOLD).map(({ migration }) =>
          html`<li>${revisionLink(html, migration.revision)} ${foreign(html, migration.description)}</li>`
        )
      }</ol>${
        more(html, steps.length, "behind them", addressOf("/data", { state: "pending" }))
      }<p class="quiet">To run them: <code>delembic upgrade</code></p>`
  }</section>`;
}

function schemaSection(html: HtmlTag, { schema, project }: Sight): Html {
  if (schema === undefined) {
    return html`
      <section>
        <h2>Schema</h2>
        <p class="quiet">${project.config.alembic === undefined
          ? "No alembic_config is set, so nothing is known of the schema."
          : "Alembic's scripts could not be read."}</p>
      </section>
    `;
  }
  const { tree, rows, applied } = schema;
  const pending = applied === undefined ? undefined : tree.revisions.size - applied.size;
  return html`
    <section>
      <h2>Schema</h2>
      <dl class="facts">
        <div>
          <dt>Database</dt>
          <dd>${rows.length === 0 ? "base" : rows.map((row) =>
            html`
              <code>${row}</code>
            `
          )}</dd>
        </div>
        <div>
          <dt>Scripts</dt>
          <dd>${tree.knownHeads().map((head) =>
            html`
              <code>${head}</code>
            `
          )}</dd>
        </div>
      </dl>
      <p>${pending === undefined
        ? ""
        : pending === 0
        ? html`<a href="/schema">All ${countText(tree.revisions.size)} revisions</a> are in the database.`
        : html`<a href="/schema">${countText(pending)} of ${countText(tree.revisions.size)} revisions</a> ${
          pending === 1 ? "is" : "are"
        } not in the database.`}</p>
    </section>
  `;
}
