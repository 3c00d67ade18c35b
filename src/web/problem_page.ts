/** What is shown in place of a page that cannot be. */

import { DelembicError, FaultsError } from "../errors.ts";
import type { Project } from "../project.ts";
import type { HtmlTag } from "./html.ts";
import { faultBox, foreign, troubleBox } from "./pieces.ts";
import type { Page } from "./shell.ts";

/** @param project what is known all the same */
export function problemPage(markup: HtmlTag, error: unknown, project: Project | undefined): Page {
  if (!(error instanceof DelembicError)) {
    const body = markup`<h1>Something went wrong within Delembic</h1>
<p>This is a defect. What happened is told where <code>delembic serve</code> runs; please report it.</p>`;
    return { title: "Defect", tab: undefined, body, status: 500 };
  }
  const faults = [...error instanceof FaultsError ? error.faults : [], ...project?.faults ?? []];
  const body = markup`<h1 data-problem>There is nothing to show now</h1>${troubleBox(markup, error)}
${faults.map((fault) => faultBox(markup, fault))}${
    project === undefined || project.migrations.size === 0 ? "" : markup`<section>
        <h2>Migrations in the files</h2>
        <p class="quiet">What state they are in is not known.</p>
        <ul class="plain">${
      [...project.migrations.values()].slice(0, 100).map(({ revision, description }) =>
        markup`<li><span class="id">${revision}</span> ${foreign(markup, description)}</li>`
      )
    }</ul>
      </section>`
  }`;
  return { title: "Problem", tab: undefined, body, status: 503 };
}

/** A page for an address that nothing is at, a method that is not for it, or somebody who may not. */
export function refusalPage(
  markup: HtmlTag,
  { status, message, hint }: { readonly status: number; readonly message: string; readonly hint: string },
): Page {
  return {
    title: message,
    tab: undefined,
    body: markup`<h1>${message}</h1>
      <p>${hint}</p>`,
    status,
  };
}
