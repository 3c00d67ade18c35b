/**
 * What is around every page: head, navigation, and what belongs to the whole.
 *
 * @module
 */

import type { Theme } from "./guard.ts";
import type { Html, HtmlTag, HtmlValue } from "./html.ts";

/** The pages that the navigation leads to, with the key behind `g`. */
const TABS = [
  { path: "/", name: "Overview", key: "o" },
  { path: "/data", name: "Data", key: "d" },
  { path: "/schema", name: "Schema", key: "s" },
  { path: "/graph", name: "Graph", key: "g" },
  { path: "/runs", name: "Runs", key: "r" },
] as const;

export type TabPath = typeof TABS[number]["path"];

/** What a page is, without what is around it. */
export interface Page {
  readonly title: string;
  readonly tab: TabPath | undefined;
  readonly body: Html;
  /** Without the script, the page is to be loaded again after so many seconds. */
  readonly refreshSeconds?: number | undefined;
  readonly status?: number;
}

/** What is the same on all pages. */
export interface Frame {
  /** What the project is called: its folder. `undefined` for those who may not know: they have no pages either. */
  readonly project: string | undefined;
  /** Which database it is; without a password. */
  readonly database: string | undefined;
  readonly theme: Theme | undefined;
  readonly version: string;
  /** Changes with what is in the style and the script, so that nobody has old ones. */
  readonly assets: string;
}

export function framed(markup: HtmlTag, page: Page, frame: Frame): Html {
  const { project, database, theme, version, assets } = frame;
  return markup`<!doctype html>
<html lang="en"${theme === undefined ? "" : markup` data-theme="${theme}"`}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${page.title} · ${project === undefined ? "" : `${project} · `}Delembic</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/page.css?${assets}">
${project === undefined ? "" : markup`<script src="/assets/page.js?${assets}" defer></script>`}
${
    page.refreshSeconds === undefined
      ? ""
      : markup`<noscript><meta http-equiv="refresh" content="${page.refreshSeconds}"></noscript>`
  }
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header class="top">
<div class="brand"><a href="/">${project ?? "Delembic"}</a>${
    database === undefined ? "" : markup`<span class="where">${database}</span>`
  }</div>
${
    project === undefined
      ? ""
      : markup`<nav aria-label="Pages">${TABS.map((tab) => tabLink(markup, tab, page.tab))}</nav>`
  }
<div class="tools" data-tools></div>
</header>
<main id="main" tabindex="-1">
${page.body}
</main>
<footer><span>Delembic ${version}</span>${
    project === undefined ? "" : markup`<span class="screen-only">Times are UTC. <kbd>?</kbd> shows the keys.</span>`
  }</footer>
</body>
</html>
`;
}

function tabLink(markup: HtmlTag, { path, name, key }: typeof TABS[number], current: TabPath | undefined): HtmlValue {
  const mark = path === current ? markup` aria-current="page"` : "";
  return markup`<a href="${path}" data-key="${key}"${mark}>${name}</a>`;
}
