/**
 * `docs/reference/errors.md`, an entry a code, as values: `delembic help CODE` prints one. The page is embedded in the
 * executable.
 *
 * @module
 */

/** What the page says of one code. */
export interface ErrorEntry {
  readonly code: string;
  /** The heading that it stands below. */
  readonly group: string;
  readonly parts: readonly EntryPart[];
}

/** A paragraph without its markup, or what is printed. */
export type EntryPart =
  | { readonly kind: "paragraph"; readonly text: string }
  | { readonly kind: "example"; readonly lines: readonly string[] };

/** The entries by their codes, in the order of the page. */
export async function readErrorReference(): Promise<ReadonlyMap<string, ErrorEntry>> {
  return parseErrorReference(await Deno.readTextFile(new URL("../docs/reference/errors.md", import.meta.url)));
}

const HEADING_REGEXP = /^(##|###) (.+)$/;
const FENCE = "```";

/** The page's text as entries. Pure. */
export function parseErrorReference(page: string): ReadonlyMap<string, ErrorEntry> {
  const entries = new Map<string, ErrorEntry>();
  let group = "";
  for (const section of page.split(/^(?=##)/m)) {
    const [first = "", ...body] = section.split("\n");
    const [, level, title = ""] = HEADING_REGEXP.exec(first) ?? [];
    if (level === "##") group = title;
    else if (level === "###") entries.set(title, { code: title, group, parts: partsOf(body) });
  }
  return entries;
}

function partsOf(lines: readonly string[]): EntryPart[] {
  const parts: EntryPart[] = [];
  let words: string[] = [];
  let example: string[] | undefined;
  const end = () => {
    if (words.length > 0) parts.push({ kind: "paragraph", text: plain(words.join(" ")) });
    words = [];
  };
  for (const line of lines) {
    if (example !== undefined) {
      if (line === FENCE) parts.push({ kind: "example", lines: example });
      example = line === FENCE ? undefined : [...example, line];
    } else if (line.startsWith(FENCE)) {
      end();
      example = [];
    } else if (line === "") end();
    else words.push(line);
  }
  end();
  return parts;
}

/** Code in quotes, as messages have it, and links as their text. */
function plain(markdown: string): string {
  return markdown
    .replaceAll(/`([^`]+)`/g, (_, code: string) => code.includes("'") ? code : `'${code}'`)
    .replaceAll(/\[([^\]]+)\]\([^)]*\)/g, "$1");
}
