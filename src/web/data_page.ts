/** All migrations with their states, to be searched. */

import { readUndoneWalks, type WalkStory } from "../batch_ledger.ts";
import { countText, percentText } from "../numbers_text.ts";
import type { HistoryEntry, MigrationState } from "../state.ts";
import { walkNumbers } from "../walk_numbers.ts";
import type { Sight } from "./board.ts";
import type { Html, HtmlTag, HtmlValue } from "./html.ts";
import { addressOf, faultBox, foreign, moment, pager, revisionLink, spell, stateChip, troubleBox } from "./pieces.ts";
import type { Page } from "./shell.ts";

const PAGE_ROWS = 100;
const STATES: readonly MigrationState[] = ["pending", "running", "failed", "blocked", "changed", "missing", "applied"];

/** What of the list is asked for, as it stands in the address. */
export interface ListQuery {
  readonly text: string;
  readonly state: string;
  readonly page: number;
}

export function listQuery(params: URLSearchParams): ListQuery {
  const page = Number(params.get("page") ?? 1);
  return {
    text: (params.get("q") ?? "").trim(),
    state: params.get("state") ?? "",
    page: Number.isSafeInteger(page) && page > 0 ? page : 1,
  };
}

export async function dataPage(markup: HtmlTag, sight: Sight, params: URLSearchParams): Promise<Page> {
  const query = listQuery(params);
  const { entries, project, troubles } = sight;
  const walks = new Map((await readUndoneWalks(sight.db)).map((story) => [story.walk.revision, story]));
  const found = entries.filter((entry) => fits(entry, query));
  const pages = Math.max(1, Math.ceil(found.length / PAGE_ROWS));
  const page = Math.min(query.page, pages);
  const body = markup`<h1>Data migrations</h1>
${project.faults.map((fault) => faultBox(markup, fault))}${troubles.map((trouble) => troubleBox(markup, trouble))}
${searchForm(markup, "/data", query, STATES)}
<p class="quiet" role="status">${foundText(found.length, entries.length, "migrations")}</p>
${found.length === 0 ? "" : table(markup, found.slice((page - 1) * PAGE_ROWS, page * PAGE_ROWS), walks)}
${
    pager(markup, {
      page,
      pages,
      addressAt: (page) => addressOf("/data", { q: query.text, state: query.state, page }),
    })
  }`;
  return { title: "Data", tab: "/data", body };
}

function fits({ revision, status, migration }: HistoryEntry, { text, state }: ListQuery): boolean {
  if (state !== "" && status !== state) return false;
  const words = text.toLowerCase().split(/\s+/);
  const told = [revision, migration?.description, migration?.file, ...migration?.labels ?? [], ...migration?.tags ?? []]
    .join(" ").toLowerCase();
  return words.every((word) => told.includes(word));
}

/** `3 of 1,000 migrations` */
export function foundText(found: number, all: number, what: string): string {
  return found === all ? `${countText(all)} ${what}` : `${countText(found)} of ${countText(all)} ${what}`;
}

/** A search that lives in the address: it needs no script. */
export function searchForm(
  markup: HtmlTag,
  path: string,
  { text, state }: Pick<ListQuery, "text" | "state">,
  states: readonly string[],
): Html {
  return markup`<form class="search" method="get" action="${path}" role="search">
<label><span class="hidden">Search</span><input type="search" name="q" value="${text}" placeholder="Search" data-search autocomplete="off"></label>
<label><span class="hidden">State</span><select name="state"><option value="">Any state</option>${
    states.map((name) => markup`<option${name === state ? markup` selected` : ""}>${name}</option>`)
  }</select></label>
<button>Show</button>${text === "" && state === "" ? "" : markup`<a href="${path}">Show all</a>`}</form>`;
}

function table(markup: HtmlTag, entries: readonly HistoryEntry[], walks: ReadonlyMap<string, WalkStory>): Html {
  return markup`<div class="wide">
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Revision</th>
            <th scope="col">Description</th>
            <th scope="col">Needs</th>
            <th scope="col">Applied</th>
            <th scope="col" class="number">Took</th>
          </tr>
        </thead>
        <tbody>${entries.map((entry) => row(markup, entry, walks.get(entry.revision)))}</tbody>
      </table>
    </div>`;
}

function row(
  markup: HtmlTag,
  { revision, status, migration, record }: HistoryEntry,
  story: WalkStory | undefined,
): Html {
  const applied = record?.status === "success" ? record : undefined;
  return markup`<tr>
      <td data-label="State">${stateChip(markup, status)}${walkNote(markup, status, story)}</td>
      <td data-label="Revision"><a data-row class="id" href="${
    addressOf("/revision", {
      id: revision,
    })
  }">${revision}</a></td>
      <td data-label="Description" class="text">${
    foreign(
      markup,
      migration?.description ?? "",
    )
  }${
    (migration?.labels ?? []).map((
      label,
    ) => markup`<span class="label">${label}</span>`)
  }</td>
      <td data-label="Needs" class="quiet">${needs(markup, migration?.dependsOn ?? [])}</td>
      <td data-label="Applied" class="quiet">${moment(markup, applied?.appliedAt)}</td>
      <td data-label="Took" class="number quiet">${spell(applied?.seconds)}</td>
    </tr>`;
}

/** How many dependencies are told; a migration with more tells them on its own page. */
const TOLD_NEEDS = 4;

function needs(markup: HtmlTag, dependsOn: readonly string[]): HtmlValue {
  const rest = dependsOn.length - TOLD_NEEDS;
  return markup`${dependsOn.slice(0, TOLD_NEEDS).map((id) => markup`<span class="need">${id}</span>`)}${
    rest > 0 ? `and ${rest} more` : ""
  }`;
}

function walkNote(markup: HtmlTag, status: MigrationState, story: WalkStory | undefined): HtmlValue {
  if (story === undefined || status === "applied") return "";
  const { fraction } = walkNumbers(story);
  const parts = [...fraction === undefined ? [] : [percentText(fraction)], ...story.walk.pauseWanted ? ["paused"] : []];
  return parts.length === 0 ? "" : markup`<span class="quiet">${parts.join(", ")}</span>`;
}

/** A list of revisions as links. */
export function revisionList(markup: HtmlTag, ids: readonly string[]): HtmlValue {
  return ids.map((id, at) => markup`${at === 0 ? "" : ", "}${revisionLink(markup, id)}`);
}
