/** Everything about one migration. */

import { readWalks } from "../batch_ledger.ts";
import { childrenOf, compareIds } from "../graph.ts";
import { readRuns, type RunRecord } from "../ledger.ts";
import { fullChecksum, type LoadedMigration } from "../migration.ts";
import { needsOf } from "../needs.ts";
import { isApplied, planUpgrade } from "../plan.ts";
import { explain } from "../runner.ts";
import type { HistoryEntry } from "../state.ts";
import type { Sight } from "./board.ts";
import { revisionList } from "./data_page.ts";
import type { Html, HtmlTag, HtmlValue } from "./html.ts";
import {
  addressOf,
  FAILED,
  faultBox,
  foreign,
  moment,
  revisionLink,
  runTable,
  spell,
  stateChip,
  stateSign,
  walkBox,
} from "./pieces.ts";
import type { Page } from "./shell.ts";

const LATEST_RUNS = 12;
/** Of a longer file only so many characters are shown. */
const SOURCE_CHARACTERS = 200_000;

export interface RevisionOptions {
  readonly id: string;
  /** Whether there are buttons that pause and resume. */
  readonly allowsActions: boolean;
  /** The text of a file of the project; `undefined` where it cannot be read. */
  readonly readSource: (migration: LoadedMigration) => Promise<string | undefined>;
}

/** `undefined` where there is no such revision. */
export async function revisionPage(markup: HtmlTag, sight: Sight, options: RevisionOptions): Promise<Page | undefined> {
  const { id } = options;
  const { db, entries, seen, project } = sight;
  const entry = entries.find(({ revision }) => revision === id);
  if (entry === undefined) return undefined;
  const { migration, status } = entry;
  const runs = await readRuns(db, { revision: id, limit: LATEST_RUNS + 1 });
  const [walk] = await readWalks(db, id);
  const neededBy = [...childrenOf(project.parents).get(id) ?? []].sort(compareIds);
  const body = markup`<p class="above"><a href="/data">Data</a></p>
<h1>${id} ${stateChip(markup, status)}</h1>${
    migration === undefined
      ? markup`<p>It was applied, and its file is gone.</p>`
      : markup`<p class="lead"><bdi>${migration.description}</bdi></p>`
  }
${(seen.unknown.get(id) ?? []).map((fault) => faultBox(markup, fault))}${blockBox(markup, sight, id)}
${
    walk === undefined
      ? ""
      : markup`<section><h2>Batches</h2>${walkBox(markup, walk, runs)}${
        actions(markup, entry, walk.walk.pauseWanted, options)
      }</section>`
  }
${await facts(markup, sight, entry, neededBy)}
${lastError(markup, entry, runs)}
<section><h2>Runs</h2>${
    runs.length === 0
      ? markup`<p class="quiet">It has not run yet.</p>`
      : runTable(markup, runs.slice(0, LATEST_RUNS), { withRevision: false })
  }${
    runs.length > LATEST_RUNS
      ? markup`<p><a href="${addressOf("/runs", { revision: id })}">All of its runs</a></p>`
      : ""
  }</section>
${migration === undefined ? "" : await sourceSection(markup, migration, options)}`;
  return { title: id, tab: "/data", body, refreshSeconds: status === "running" ? 5 : undefined };
}

function blockBox(markup: HtmlTag, { seen }: Sight, id: string): HtmlValue {
  const step = planUpgrade(seen, { kind: "head" }).steps.find(({ migration }) => migration.revision === id);
  return (step?.blocks ?? []).map((block) => {
    const { message, hint } = explain(id, [block]);
    const behind = block.kind === "data" ? markup`<p>${revisionList(markup, block.revisions)}</p>` : "";
    return markup`<div class="note blocked"><p>${
      foreign(markup, message)
    }</p>${behind}<p class="quiet">${hint}</p></div>`;
  });
}

async function facts(markup: HtmlTag, sight: Sight, entry: HistoryEntry, neededBy: readonly string[]): Promise<Html> {
  const { migration, record, revision } = entry;
  const needs = needsOf(revision, sight);
  const rows: [string, HtmlValue][] = [];
  if (isApplied(record)) {
    rows.push([
      "Applied",
      markup`${moment(markup, record?.appliedAt)} <span class="quiet">in ${spell(record?.seconds)}</span>`,
    ]);
  }
  if (needs.length > 0) {
    rows.push([
      "Depends on",
      needs.map(({ id, kind, state }) =>
        markup`<span class="line">${
          stateSign(
            state === "applied" ? "applied" : state === "unknown" ? "unknown" : "pending",
          )
        } ${
          kind === "data"
            ? revisionLink(markup, id)
            : markup`<a class="id" href="${addressOf("/schema", { q: id })}">${id}</a>`
        } <span class="quiet">${kind === "alembic" ? "schema, " : ""}${state}</span></span>`
      ),
    ]);
  }
  if (neededBy.length > 0) rows.push(["Needed by", revisionList(markup, neededBy)]);
  if (migration !== undefined) rows.push(...await fileFacts(markup, entry, migration));
  return markup`<dl class="facts">${
    rows.map(([name, value]) =>
      markup`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`
    )
  }</dl>`;
}

async function fileFacts(
  markup: HtmlTag,
  { status, record }: HistoryEntry,
  migration: LoadedMigration,
): Promise<[string, HtmlValue][]> {
  const { file, labels, tags, batch } = migration;
  const steps = (["upgrade", "validate", "downgrade"] as const).filter((name) => migration[name] !== undefined);
  const isOther = status === "changed" || (isApplied(record) && status !== "applied" && status !== "running");
  const note = isOther ? "changed since it was applied" : isApplied(record) ? "as applied" : "not applied";
  const options = [
    ...migration.transaction ? [] : ["no transaction"],
    ...migration.idempotent ? ["idempotent"] : [],
    ...migration.repeatable ? ["repeatable"] : [],
    ...tags.map((tag) => `tag ${tag}`),
  ];
  return [
    ["File", markup`<code>${file}</code>`],
    ["Checksum", markup`${note} <code class="long">${await fullChecksum(migration)}</code>`],
    ...migration.kind === "py"
      ? []
      : [["Steps", [...batch === undefined ? [] : ["batches"], ...steps].join(", ")] as [string, string]],
    ...labels.length === 0 ? [] : [["Labels", labels.join(", ")] as [string, string]],
    ...options.length === 0 ? [] : [["Options", options.join(", ")] as [string, string]],
  ];
}

/** What was thrown once is of no interest when the migration is applied. */
function lastError(markup: HtmlTag, { record }: HistoryEntry, runs: readonly RunRecord[]): HtmlValue {
  const failure = isApplied(record) ? undefined : runs.find(({ status }) => FAILED.has(status ?? ""));
  if (failure?.exception === null || failure?.exception === undefined || failure.exception === "") return "";
  return markup`<section>
      <h2>Last error <a class="aside" href="${addressOf("/run", { id: failure.id })}">run ${failure.id}</a></h2>
      <pre tabindex="0" role="region" aria-label="Last error">${failure.exception}</pre>
    </section>`;
}

function actions(
  markup: HtmlTag,
  { revision, record }: HistoryEntry,
  isPaused: boolean,
  { allowsActions }: RevisionOptions,
): HtmlValue {
  if (!allowsActions || isApplied(record)) return "";
  const verb = isPaused ? "resume" : "pause";
  return markup`<form method="post" action="/${verb}"
      class="actions"><input type="hidden" name="revision" value="${revision}"><button>${
    isPaused ? "Let it go on" : "Pause it"
  }</button> <span class="quiet">${
    isPaused ? "The next upgrade does the rest." : "The batch that is at work is completed; what is done stays."
  }</span></form>`;
}

async function sourceSection(
  markup: HtmlTag,
  migration: LoadedMigration,
  { readSource }: RevisionOptions,
): Promise<HtmlValue> {
  const text = await readSource(migration);
  if (text === undefined) return "";
  const lines = text.slice(0, SOURCE_CHARACTERS).replace(/\n$/, "").split(/\r\n|\n/);
  return markup`<section><h2>Source</h2><pre class="source" tabindex="0" role="region" aria-label="Source"><code>${
    lines.map((line) => markup`<span class="row">${line}\n</span>`)
  }</code></pre>${
    text.length > SOURCE_CHARACTERS ? markup`<p class="quiet">The rest is not shown.</p>` : ""
  }</section>`;
}
