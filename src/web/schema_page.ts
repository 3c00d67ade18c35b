/** Alembic's revisions: which are in the database, and which migrations need them. */

import type { AlembicRevision, AlembicTree } from "../alembic/tree.ts";
import { DelembicError } from "../errors.ts";
import { topologicalOrder } from "../graph.ts";
import type { NodeState } from "../graph_view.ts";
import type { Schema, Sight } from "./board.ts";
import { foundText, type ListQuery, listQuery, revisionList, searchForm } from "./data_page.ts";
import type { Html, HtmlTag } from "./html.ts";
import { addressOf, faultBox, foreign, pager, stateChip, troubleBox } from "./pieces.ts";
import type { Page } from "./shell.ts";

const PAGE_ROWS = 100;

export function schemaPage(markup: HtmlTag, sight: Sight, params: URLSearchParams): Page {
  const { schema, troubles } = sight;
  const body = markup`<h1>Schema revisions</h1>${troubles.map((trouble) => troubleBox(markup, trouble))}
${schema === undefined ? nothing(markup, sight) : list(markup, sight, schema, listQuery(params))}`;
  return { title: "Schema", tab: "/schema", body };
}

function nothing(markup: HtmlTag, { project }: Sight): Html {
  return project.config.alembic === undefined
    ? markup`<p class="quiet">No <code>alembic_config</code> is set in the ini file, so nothing is known of the schema. Set it to
<code>alembic.ini</code> or <code>pyproject.toml</code> to see it here.</p>`
    : markup`<p class="quiet">Alembic's scripts could not be read.</p>`;
}

function list(markup: HtmlTag, sight: Sight, schema: Schema, query: ListQuery): Html {
  const { tree, rows } = schema;
  const revisions = inOrder(tree);
  const found = revisions.filter((revision) => fits(revision, schema, query));
  const pages = Math.max(1, Math.ceil(found.length / PAGE_ROWS));
  const page = Math.min(query.page, pages);
  const shown = found.slice((page - 1) * PAGE_ROWS, page * PAGE_ROWS);
  const needed = neededBy(sight, tree);
  return markup`${tree.faults.map((fault) => faultBox(markup, fault))}
<p>The database is at ${rows.length === 0 ? "the base" : rows.map((row) => markup`<code>${row}</code>`)}.</p>
${searchForm(markup, "/schema", query, ["applied", "pending"])}
<p class="quiet" role="status">${foundText(found.length, revisions.length, "revisions")}</p>
${
    shown.length === 0 ? "" : markup`<div class="wide">
        <table class="rows">
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">Revision</th>
              <th scope="col">Message</th>
              <th scope="col">After</th>
              <th scope="col">Needed by data</th>
            </tr>
          </thead>
          <tbody>${shown.map((revision) => row(markup, revision, schema, needed.get(revision.revision) ?? []))}</tbody>
        </table>
      </div>`
  }${
    pager(markup, {
      page,
      pages,
      addressAt: (page) => addressOf("/schema", { q: query.text, state: query.state, page }),
    })
  }`;
}

/** Each after what it needs; those on a circle last. */
export function inOrder(tree: AlembicTree): AlembicRevision[] {
  const order = topologicalOrder(tree.parents);
  const all = new Set([...order, ...tree.revisions.keys()]);
  return [...all].flatMap((id) => tree.revisions.get(id) ?? []);
}

export function schemaState({ applied }: Schema, id: string): NodeState {
  return applied === undefined ? "unknown" : applied.has(id) ? "applied" : "pending";
}

function fits(
  { revision, message, labels, file }: AlembicRevision,
  schema: Schema,
  { text, state }: ListQuery,
): boolean {
  if (state !== "" && schemaState(schema, revision) !== state) return false;
  const told = [revision, message, file, ...labels].join(" ").toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => told.includes(word));
}

function row(markup: HtmlTag, revision: AlembicRevision, schema: Schema, needed: readonly string[]): Html {
  const { revision: id, message, labels, down, dependsOn, file } = revision;
  return markup`<tr id="${id}">
      <td data-label="State">${stateChip(markup, schemaState(schema, id))}</td>
      <td data-label="Revision"><span class="id" title="${file}">${id}</span></td>
      <td data-label="Message" class="text">${foreign(markup, message)}${
    labels.map((label) => markup`<span class="label">${label}</span>`)
  }</td>
      <td data-label="After" class="quiet">${
    [...down, ...dependsOn].map((other) => markup`<span class="need">${other}</span>`)
  }</td>
      <td data-label="Needed by data">${revisionList(markup, needed)}</td>
    </tr>`;
}

/** For each Alembic revision the migrations that name it. */
function neededBy({ project }: Sight, tree: AlembicTree): ReadonlyMap<string, readonly string[]> {
  const needed = new Map<string, string[]>();
  for (const [migration, names] of project.external) {
    for (const id of names.flatMap((name) => resolved(tree, name))) {
      needed.set(id, [...needed.get(id) ?? [], migration]);
    }
  }
  return needed;
}

function resolved(tree: AlembicTree, name: string): string[] {
  try {
    return tree.resolve(name);
  } catch (error) {
    // a name that nobody has is told as a fault of the migration
    if (error instanceof DelembicError) return [];
    throw error;
  }
}
