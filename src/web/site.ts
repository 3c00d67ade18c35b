/**
 * The site: what is at which address. A function from requests to answers; it listens to nothing itself.
 *
 * @module
 */

import { basename, resolve } from "node:path";
import { DelembicError, messageOf } from "../errors.ts";
import type { LoadedMigration } from "../migration.ts";
import { overviewDocument, pythonData, pythonDataWithout, runsDocument } from "./api.ts";
import { ASSETS, assetsMark } from "./assets.ts";
import { Board, type Opened, type Sight } from "./board.ts";
import { dataPage } from "./data_page.ts";
import { Drawing, graphPage } from "./graph_page.ts";
import {
  type Guard,
  type Refusal,
  refusedHost,
  refusedOrigin,
  refusedWithoutToken,
  SAFE_HEADERS,
  themeOf,
} from "./guard.ts";
import { type HtmlTag, htmlTag } from "./html.ts";
import { Live } from "./live.ts";
import { overviewPage } from "./overview_page.ts";
import { addressOf } from "./pieces.ts";
import { problemPage, refusalPage } from "./problem_page.ts";
import { revisionPage } from "./revision_page.ts";
import { runId, runPage, runsPage } from "./runs_page.ts";
import { schemaPage } from "./schema_page.ts";
import { framed, type Page } from "./shell.ts";
import { SteadyReader } from "./steady_reader.ts";

/** What somebody may do on the page. */
export type Verb = "pause" | "resume";

export interface SiteOptions {
  /** Reads configuration and files as they are now. */
  readonly open: () => Promise<Opened>;
  readonly guard: Guard;
  /** Pauses or resumes, and gives the revision; `undefined`: the page only shows. */
  readonly decide: ((opened: Opened, verb: Verb, id: string) => Promise<string>) | undefined;
  readonly redact: (text: string) => string;
  readonly version: string;
  /** Told of what is a defect of ours. */
  readonly onDefect: (error: unknown) => void;
}

type Drawer = (sight: Sight, params: URLSearchParams) => Promise<Page | undefined> | Page | undefined;
type Teller = (sight: Sight, params: URLSearchParams) => Promise<Record<string, unknown>>;

/** What has a place within strings alone, and could be taken for more: by a terminal, or where it is put into a page. */
const UNSAFE_JSON_REGEXP = /[<\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** What makes the page readable on which somebody is told that a token is needed. */
const OPEN_ASSETS: readonly string[] = ["/assets/page.css", "/assets/icon.svg"];

/** A form has an id in it, and no more. */
const FORM_BYTES = 4_096;

export class Site implements Disposable {
  readonly #options: SiteOptions;
  readonly #board: Board;
  readonly #markup: HtmlTag;
  readonly #live: Live;
  readonly #assets: string;
  readonly #pages: Readonly<Record<string, Drawer>>;
  readonly #documents: Readonly<Record<string, Teller>> = {
    "/api/data": pythonData,
    "/api/v1/overview": overviewDocument,
    "/api/v1/runs": runsDocument,
  };

  private constructor(options: SiteOptions, assets: string) {
    this.#options = options;
    this.#assets = assets;
    this.#board = new Board(options.open);
    const markup = this.#markup = htmlTag(options.redact);
    this.#live = new Live({
      redact: options.redact,
      reader: new SteadyReader(async () => (await this.#board.opened()).database),
    });
    const drawing = new Drawing(options.redact);
    this.#pages = {
      "/": (sight) => overviewPage(markup, sight),
      "/index.html": (sight) => overviewPage(markup, sight),
      "/data": (sight, params) => dataPage(markup, sight, params),
      "/schema": (sight, params) => schemaPage(markup, sight, params),
      "/graph": (sight, params) => graphPage(markup, sight, { params, drawing }),
      "/runs": (sight, params) => runsPage(markup, sight, params),
      "/run": (sight, params) => runPage(markup, sight, runId(params.get("id")) ?? -1),
      "/revision": (sight, params) => revisionPage(markup, sight, this.#revisionOptions(sight, params)),
    };
  }

  /** The project is read before somebody asks for it. */
  static async of(options: SiteOptions): Promise<Site> {
    const site = new Site(options, await assetsMark());
    await site.#knownProject();
    return site;
  }

  [Symbol.dispose](): void {
    this.#live[Symbol.dispose]();
  }

  /** Answers one request; never throws. */
  async answer(request: Request): Promise<Response> {
    try {
      const answer = await this.#answer(request);
      return request.method === "HEAD" ? new Response(null, answer) : answer;
    } catch (error) {
      if (!(error instanceof DelembicError)) this.#options.onDefect(error);
      return await this.#page(request, problemPage(this.#markup, error, await this.#knownProject()));
    }
  }

  async #answer(request: Request): Promise<Response> {
    const { guard } = this.#options;
    const foreign = refusedHost(request, guard);
    if (foreign !== undefined) return this.#refusal(request, foreign);
    // with a host that is none, the request would have no address
    const url = new URL(request.url);
    const entering = url.searchParams.get("token");
    if (guard.token !== undefined && entering !== null && await guard.token.fits(entering)) {
      url.searchParams.delete("token");
      return new Response(null, {
        status: 303,
        headers: { ...SAFE_HEADERS, "location": url.pathname + url.search, "set-cookie": guard.token.setCookie },
      });
    }
    const open = OPEN_ASSETS.includes(url.pathname) ? ASSETS[url.pathname] : undefined;
    if (open !== undefined) return assetAnswer(open, url.searchParams.size > 0);
    const unknown = await refusedWithoutToken(request, guard);
    if (unknown !== undefined) return this.#refusal(request, unknown);
    if (url.pathname === "/pause" || url.pathname === "/resume") {
      return await this.#act(request, url.pathname === "/pause" ? "pause" : "resume");
    }
    return await this.#show(request, url);
  }

  async #show(request: Request, { pathname, searchParams }: URL): Promise<Response> {
    const asset = Object.hasOwn(ASSETS, pathname) ? ASSETS[pathname] : undefined;
    const document = Object.hasOwn(this.#documents, pathname) ? this.#documents[pathname] : undefined;
    const drawer = Object.hasOwn(this.#pages, pathname) ? this.#pages[pathname] : undefined;
    const isThere = asset ?? document ?? drawer ?? (pathname === "/live" || pathname === "/favicon.ico");
    if (isThere === false) return await this.#notFound(request, "There is no such page");
    if (request.method !== "GET" && request.method !== "HEAD") return await this.#wrongMethod(request, "GET, HEAD");
    if (asset !== undefined) return assetAnswer(asset, searchParams.size > 0);
    if (document !== undefined) return await this.#document(document, pathname, searchParams);
    if (drawer !== undefined) {
      const page = await this.#board.look((sight) => drawer(sight, searchParams));
      return page === undefined
        ? await this.#notFound(request, "There is no such thing")
        : await this.#page(request, page);
    }
    return pathname === "/live" ? this.#listen(request) : new Response(null, { status: 204, headers: SAFE_HEADERS });
  }

  async #page(request: Request, page: Page): Promise<Response> {
    const project = await this.#knownProject();
    const frame = {
      project: project === undefined ? "Delembic" : nameOf(project.config),
      database: await this.#board.opened().then(({ database }) => database.target.label, () => undefined),
      theme: themeOf(request),
      version: this.#options.version,
      assets: this.#assets,
    };
    return new Response(String(framed(this.#markup, page, frame)), {
      status: page.status ?? 200,
      headers: { ...SAFE_HEADERS, "content-type": "text/html; charset=utf-8" },
    });
  }

  async #knownProject() {
    return await this.#board.opened().then(({ project }) => project, () => undefined);
  }

  /** To somebody who may not see anything, nothing of the project is told. */
  #refusal(request: Request, refusal: Refusal): Response {
    const { version } = this.#options;
    const frame = { project: undefined, database: undefined, theme: themeOf(request), version, assets: this.#assets };
    return new Response(String(framed(this.#markup, refusalPage(this.#markup, refusal), frame)), {
      status: refusal.status,
      headers: { ...SAFE_HEADERS, "content-type": "text/html; charset=utf-8" },
    });
  }

  async #notFound(request: Request, message: string): Promise<Response> {
    return await this.#page(
      request,
      refusalPage(this.#markup, {
        status: 404,
        message,
        hint: "The tabs above lead to what there is.",
      }),
    );
  }

  async #wrongMethod(request: Request, allow: string): Promise<Response> {
    const hint = `It answers to ${allow}.`;
    const message = `This address does not take ${request.method}`;
    const answer = await this.#page(request, refusalPage(this.#markup, { status: 405, message, hint }));
    answer.headers.set("allow", allow);
    return answer;
  }

  async #document(teller: Teller, pathname: string, params: URLSearchParams): Promise<Response> {
    try {
      return this.#json(200, await this.#board.look((sight) => teller(sight, params)));
    } catch (error) {
      if (!(error instanceof DelembicError)) throw error;
      // the Python tool's page answers without its database, too
      const opened = pathname === "/api/data" ? await this.#board.opened().catch(() => undefined) : undefined;
      if (opened !== undefined) return this.#json(200, pythonDataWithout(opened, error));
      const { code, message, hint = null } = error;
      return this.#json(503, { error: { code, message, hint } });
    }
  }

  #json(status: number, value: unknown): Response {
    const { redact } = this.#options;
    const text = JSON.stringify(
      value,
      (_, member) => typeof member === "string" ? redact(member) : typeof member === "bigint" ? String(member) : member,
    );
    const safe = text.replace(UNSAFE_JSON_REGEXP, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
    return new Response(safe, { status, headers: { ...SAFE_HEADERS, "content-type": "application/json" } });
  }

  #listen(request: Request): Response {
    const headers = { ...SAFE_HEADERS, "content-type": "text/event-stream", "x-accel-buffering": "no" };
    if (request.method === "HEAD") return new Response(null, { headers });
    const stream = this.#live.listen();
    return stream === undefined
      ? new Response(null, { status: 503, headers: SAFE_HEADERS })
      : new Response(stream, { headers });
  }

  async #act(request: Request, verb: Verb): Promise<Response> {
    const { decide } = this.#options;
    if (request.method !== "POST") return await this.#wrongMethod(request, "POST");
    if (decide === undefined) {
      const hint = "Start 'delembic serve' with --allow-actions to have it otherwise.";
      return this.#refusal(request, { status: 403, message: "This page only shows", hint });
    }
    const refusal = refusedOrigin(request);
    if (refusal !== undefined) return this.#refusal(request, refusal);
    const id = await formValue(request, "revision");
    if (id === undefined) {
      return this.#refusal(request, { status: 400, message: "The form has no revision", hint: "Press the button." });
    }
    try {
      const revision = await decide(await this.#board.opened(), verb, id);
      return new Response(null, {
        status: 303,
        headers: { ...SAFE_HEADERS, "location": addressOf("/revision", { id: revision }) },
      });
    } catch (error) {
      if (!(error instanceof DelembicError)) throw error;
      const hint = error.hint ?? "";
      return await this.#page(request, refusalPage(this.#markup, { status: 409, message: messageOf(error), hint }));
    }
  }

  #revisionOptions({ project }: Sight, params: URLSearchParams) {
    return {
      id: params.get("id") ?? "",
      allowsActions: this.#options.decide !== undefined,
      readSource: async ({ file }: LoadedMigration) =>
        await Deno.readTextFile(resolve(project.config.folder, file)).catch(() => undefined),
    };
  }
}

/** @param isMarked the address has the mark of what is in it, so that it never changes */
function assetAnswer({ type, text }: { readonly type: string; readonly text: string }, isMarked: boolean): Response {
  const caching = isMarked ? { "cache-control": "max-age=31536000, immutable" } : {};
  return new Response(text, { headers: { ...SAFE_HEADERS, "content-type": type, ...caching } });
}

/** The project's folder, and the section where it is not the usual one. */
function nameOf({ folder, section }: { readonly folder: string; readonly section: string }): string {
  const name = basename(folder);
  return section === "delembic" ? name : `${name} [${section}]`;
}

async function formValue(request: Request, name: string): Promise<string | undefined> {
  if (Number(request.headers.get("content-length") ?? Infinity) > FORM_BYTES) return undefined;
  const value = new URLSearchParams(await request.text()).get(name);
  return value === null || value === "" ? undefined : value;
}
