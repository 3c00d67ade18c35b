/**
 * The pages of the documentation as values: their blocks, headings and links.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** The project's folder, with a `/` at its end. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const BLOCK_REGEXP = /^```(\w+)(?: (\S+))?\n(.*?)^```$/gms;
const GROUND_REGEXP = /^<!-- ground: ([\w ,-]+) -->$/m;
const LINK_REGEXP = /\[(?:[^\][]|\[[^\]]*\])*\]\(([^)\s]+)\)/g;

/** One fenced block. */
export interface Block {
  readonly language: string;
  readonly path: string | undefined;
  readonly text: string;
  /** The line of its first ```` ``` ````, from 1. */
  readonly line: number;
}

/** One page of Markdown. */
export interface Page {
  /** From the project's folder. */
  readonly path: string;
  readonly markdown: string;
  readonly blocks: readonly Block[];
  /** What its commands need besides an empty folder: words of the comment `ground` at its top. */
  readonly ground: readonly string[];
}

export function pageOf(path: string, markdown: string): Page {
  const ground = GROUND_REGEXP.exec(markdown)?.[1]?.split(/[ ,]+/) ?? [];
  return { path, markdown, blocks: blocksOf(markdown), ground };
}

export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(BLOCK_REGEXP)].map(({ index, 1: language = "", 2: path, 3: text = "" }) => ({
    ...{ language, path, text },
    line: markdown.slice(0, index).split("\n").length,
  }));
}

/** The text with each block replaced. */
export async function withBlocks(markdown: string, replace: (block: Block) => Promise<string>): Promise<string> {
  let replaced = "";
  let end = 0;
  for (const match of markdown.matchAll(BLOCK_REGEXP)) {
    const [whole, language = "", path, text = ""] = match;
    const line = markdown.slice(0, match.index).split("\n").length;
    const now = await replace({ language, path, text, line });
    replaced += markdown.slice(end, match.index) + whole.slice(0, whole.length - text.length - 3) + now + "```";
    end = match.index + whole.length;
  }
  return replaced + markdown.slice(end);
}

/** The page without its blocks. */
export function proseOf(markdown: string): string {
  return markdown.replaceAll(BLOCK_REGEXP, "");
}

/** Where its links go, as they are written. */
export function linksOf(markdown: string): string[] {
  return [...proseOf(markdown).replaceAll(/`[^`\n]*`/g, "`").matchAll(LINK_REGEXP)].map(([, target = ""]) => target);
}

/** What can stand behind `#` in a link to the page, as GitHub names its headings. */
export function anchorsOf(markdown: string): string[] {
  const seen = new Map<string, number>();
  return [...proseOf(markdown).matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, heading = ""]) => {
    const slug = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, "").replaceAll(" ", "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

/** The README, and all pages below `docs/`. */
export async function allPages(): Promise<Page[]> {
  const paths = ["README.md", ...(await filesBelow("docs")).sort()];
  return await Promise.all(paths.map(async (path) => pageOf(path, await Deno.readTextFile(ROOT + path))));
}

async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(ROOT + folder)) {
    if (isDirectory) found.push(...await filesBelow(`${folder}/${name}`));
    else if (name.endsWith(".md")) found.push(`${folder}/${name}`);
  }
  return found;
}
