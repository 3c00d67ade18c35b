/** The attempts, page by page, and one of them in full. */

import { readRuns, readRunsOf, type RunRecord, type RunStatus } from "../ledger.ts";
import type { Sight } from "./board.ts";
import { searchForm } from "./data_page.ts";
import type { HtmlTag } from "./html.ts";
import { actorOf, addressOf, FAILED, foreign, moment, revisionLink, runChip, runTable, spell } from "./pieces.ts";
import type { Page } from "./shell.ts";

const PAGE_ROWS = 50;

const STATUSES: readonly RunStatus[] = [
  ...(["running", "downgrading", "partial", "success", "failed", "interrupted", "downgraded"] as const),
  ...(["stamped", "repaired", "unlocked", "paused", "resumed"] as const),
];

const ID_REGEXP = /^\d{1,15}$/;

/** A number of an attempt, as an address has it. */
export function runId(text: string | null): number | undefined {
  return text !== null && ID_REGEXP.test(text) ? Number(text) : undefined;
}

export async function runsPage(markup: HtmlTag, { db }: Sight, params: URLSearchParams): Promise<Page> {
  const text = (params.get("q") ?? "").trim();
  const status = params.get("state") ?? "";
  const revision = params.get("revision") ?? undefined;
  const before = runId(params.get("before"));
  const runs = await readRuns(db, {
    revision,
    before,
    text: text === "" ? undefined : text,
    status: status === "" ? undefined : status,
    limit: PAGE_ROWS + 1,
  });
  const shown = runs.slice(0, PAGE_ROWS);
  const query = { q: text, state: status, revision };
  const next = runs.length > PAGE_ROWS ? addressOf("/runs", { ...query, before: shown.at(-1)?.id }) : undefined;
  const isAll = text === "" && status === "";
  const body = markup`<h1>Runs${revision === undefined ? "" : markup` of ${foreign(markup, revision)}`}</h1>
${searchForm(markup, "/runs", { text, state: status }, STATUSES)}
${
    shown.length > 0
      ? runTable(markup, shown, { withRevision: true })
      : markup`<p class="quiet">${
        isAll && before === undefined ? "Nothing has run yet." : "There are no such runs."
      }</p>`
  }<nav class="pager" aria-label="Pages of the list">${
    before === undefined ? markup`<span></span>` : markup`<a href="${addressOf("/runs", query)}">← The latest</a>`
  }${next === undefined ? "" : markup`<a rel="next" href="${next}">Older →</a>`}</nav>`;
  return { title: "Runs", tab: "/runs", body };
}

/** `undefined` where there is no such attempt. */
export async function runPage(markup: HtmlTag, { db }: Sight, id: number): Promise<Page | undefined> {
  const [run] = await readRunsOf(db, [id]);
  if (run === undefined) return undefined;
  const body = markup`<p class="above"><a href="/runs">Runs</a></p><h1>Run ${run.id} ${runChip(markup, run)}</h1>
    <dl
      class="facts">${
    run.revision === null ? "" : markup`<div>
          <dt>Revision</dt>
          <dd>${revisionLink(markup, run.revision)}</dd>
        </div>`
  }<div><dt>Started</dt><dd>${moment(markup, run.startedAt)}</dd></div>${
    run.endedAt === null ? "" : markup`<div>
          <dt>Ended</dt>
          <dd>${moment(markup, run.endedAt)}</dd>
        </div>`
  }${
    run.seconds === null ? "" : markup`<div>
          <dt>Took</dt>
          <dd>${spell(run.seconds)}</dd>
        </div>`
  }<div><dt>By</dt><dd>${foreign(markup, actorOf(run))}</dd></div></dl>${told(markup, run)}
  `;
  return { title: `Run ${run.id}`, tab: "/runs", body };
}

/** The error of an attempt in full; of others, what was remarked. */
function told(markup: HtmlTag, { exception, status }: RunRecord) {
  if (exception === null || exception.trim() === "") return "";
  const title = FAILED.has(status ?? "") ? "Error" : "Note";
  return markup`<section>
      <h2>${title}</h2>
      <pre tabindex="0" role="region" aria-label="${title}">${exception}</pre>
    </section>`;
}
