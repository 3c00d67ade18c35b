/**
 * The files that pages are made with; all of them are within the program.
 *
 * @module
 */

import { PageScript } from "./script.ts";
import { STYLE } from "./style.ts";

export interface Asset {
  readonly type: string;
  readonly text: string;
}

/** Applied, in a green that is seen on light and on dark. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-9 -9 18 18"><circle r="8.5" fill="#2c9a4b"/>` +
  `<path d="M-3.5 0.3-1 2.8 3.7-2.6" fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>`;

export const ASSETS: Readonly<Record<string, Asset>> = {
  "/assets/page.css": { type: "text/css; charset=utf-8", text: STYLE },
  // the class's own text: it was type-checked with the rest of the program, and needs no build of its own
  "/assets/page.js": {
    type: "text/javascript; charset=utf-8",
    text: `"use strict";\nnew (${PageScript})(globalThis).start();\n`,
  },
  "/assets/icon.svg": { type: "image/svg+xml", text: ICON },
};

/** Differs when an asset does. */
export async function assetsMark(): Promise<string> {
  const text = Object.values(ASSETS).map(({ text }) => text).join("\0");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex().slice(0, 12);
}
