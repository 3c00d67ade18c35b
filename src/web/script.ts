/**
 * The page's script. Its source text is what the browser gets (see `assets.ts`), so it uses nothing but itself and what
 * it is given. Without it the pages work, but for what is live.
 *
 * @module
 */

import type { Browser, Document, Element, InputEvent } from "./dom.ts";

/** What comes with each event. */
interface LiveEvent {
  readonly mark: string;
  readonly error?: string;
  readonly walks: readonly {
    readonly revision: string;
    readonly fraction: number | null;
    readonly told: Readonly<Record<string, string>>;
  }[];
}

export class PageScript {
  readonly #browser: Browser;
  readonly #document: Document;
  /** Behind `g`. */
  #isGoing = false;
  #mark: string | undefined;
  #isDrawing = false;
  #isOld = false;
  #scale = 1;

  constructor(browser: Browser) {
    this.#browser = browser;
    this.#document = browser.document;
  }

  start(): void {
    this.#document.addEventListener("keydown", (event) => this.#key(event));
    this.#addTools();
    this.#enhance();
    this.#listen();
  }

  /** What is in the main part, now and whenever it was drawn anew. */
  #enhance(): void {
    for (const time of this.#all("time[datetime]")) {
      const moment = new Date(time.getAttribute("datetime") ?? "");
      if (!Number.isNaN(moment.getTime())) time.title = moment.toLocaleString();
    }
    this.#enhanceGraph();
  }

  #all(selector: string): Element[] {
    return [...this.#document.querySelectorAll(selector)];
  }

  #addTools(): void {
    const tools = this.#document.querySelector("[data-tools]");
    const theme = this.#button("Light or dark", "◐", () => this.#toggleTheme());
    const keys = this.#button("Keys", "?", () => this.#showKeys());
    tools?.append(theme, keys);
  }

  #button(label: string, sign: string, act: () => void): Element {
    const button = this.#document.createElement("button");
    button.type = "button";
    button.title = label;
    button.setAttribute("aria-label", label);
    button.textContent = sign;
    button.addEventListener("click", act);
    return button;
  }

  #toggleTheme(): void {
    const root = this.#document.documentElement;
    const isDark = (root.dataset["theme"] ?? "") === "dark" ||
      (root.dataset["theme"] === undefined && this.#browser.matchMedia("(prefers-color-scheme: dark)").matches);
    const theme = isDark ? "light" : "dark";
    root.dataset["theme"] = theme;
    this.#document.cookie = `delembic_theme=${theme}; path=/; max-age=31536000; samesite=strict`;
  }

  #key(event: InputEvent): void {
    const { target, key } = event;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const isTyping = target !== null && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
    if (isTyping) return;
    if (this.#act(key)) event.preventDefault();
  }

  /** Whether the key means something here. */
  #act(key: string): boolean {
    if (this.#isGoing) {
      this.#isGoing = false;
      const tab = this.#all("nav a[data-key]").find(({ dataset }) => dataset["key"] === key);
      if (tab === undefined) return false;
      this.#browser.location.assign(tab.getAttribute("href") ?? "/");
      return true;
    }
    switch (key) {
      case "j":
      case "k":
        return this.#move(key === "j" ? 1 : -1);
      case "/":
        return this.#search();
      case "g":
        return this.#isGoing = true;
      case "t":
        this.#toggleTheme();
        return true;
      case "?":
        this.#showKeys();
        return true;
      case "+":
      case "-":
      case "0":
        return this.#zoom(key === "+" ? "in" : key === "-" ? "out" : "fit");
      default:
        return false;
    }
  }

  /** To the next row, or the one before. */
  #move(by: 1 | -1): boolean {
    const rows = this.#all("a[data-row], .graph a");
    if (rows.length === 0) return false;
    const active = this.#document.activeElement;
    const at = rows.findIndex((row) => row === active);
    const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
    return true;
  }

  #search(): boolean {
    const field = this.#document.querySelector("[data-search]");
    if (field === null) {
      this.#browser.location.assign("/data");
      return true;
    }
    field.focus();
    field.select();
    return true;
  }

  #showKeys(): void {
    const open = this.#document.querySelector("dialog.keys");
    if (open !== null) return open.open ? open.close() : open.showModal();
    const keys = [
      ["j k", "next row, row before"],
      ["Enter", "open it"],
      ["/", "search"],
      ["g o", "overview"],
      ["g d", "data"],
      ["g s", "schema"],
      ["g g", "graph"],
      ["g r", "runs"],
      ["+ − 0", "zoom the graph"],
      ["t", "light or dark"],
    ];
    const dialog = this.#document.createElement("dialog");
    dialog.className = "keys";
    dialog.setAttribute("aria-label", "Keys");
    const list = this.#document.createElement("dl");
    for (const [key = "", does = ""] of keys) {
      const name = this.#document.createElement("dt"), text = this.#document.createElement("dd");
      for (const one of key.split(" ")) {
        const sign = this.#document.createElement("kbd");
        sign.textContent = one;
        name.append(sign, " ");
      }
      text.textContent = does;
      list.append(name, text);
    }
    dialog.append(list, this.#button("Close", "Close", () => dialog.close()));
    this.#document.body.append(dialog);
    dialog.showModal();
  }

  #listen(): void {
    const events = new this.#browser.EventSource("/live");
    events.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    // a page that is put aside by the browser must not keep a connection
    this.#browser.addEventListener("pagehide", () => events.close());
  }

  #hear({ mark, walks, error }: LiveEvent): void {
    if (error !== undefined) return;
    for (const { revision, fraction, told } of walks) this.#showWalk(revision, fraction, told);
    const isProblem = this.#document.querySelector("[data-problem]") !== null;
    if (isProblem || (this.#mark !== undefined && this.#mark !== mark)) void this.#drawAnew();
    this.#mark = mark;
  }

  #showWalk(revision: string, fraction: number | null, told: Readonly<Record<string, string>>): void {
    for (const box of this.#all("[data-walk]")) {
      if (box.dataset["walk"] !== revision) continue;
      const bar = box.querySelector("progress");
      if (fraction === null) bar?.removeAttribute("value");
      else bar?.setAttribute("value", String(fraction));
      for (const field of box.querySelectorAll("[data-live]")) {
        const text = told[field.dataset["live"] ?? ""] ?? "";
        if (field.textContent !== text) field.textContent = text;
        const row = field.closest("dl > div");
        if (row !== null) row.hidden = text === "";
      }
    }
  }

  /** One at a time: of two answers the older one could come last. */
  async #drawAnew(): Promise<void> {
    this.#isOld = true;
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    while (this.#isOld) {
      this.#isOld = false;
      // a server that went away comes back with the events
      await this.#draw().catch(() => undefined);
    }
    this.#isDrawing = false;
  }

  /** Takes the main part of the page as it is now; the reader's place and what is being written stay. */
  async #draw(): Promise<void> {
    const main = this.#document.querySelector("main");
    const active = this.#document.activeElement;
    if (active !== null && /^(INPUT|SELECT)$/.test(active.tagName)) return;
    const focused = active?.closest("main") === null ? null : active?.getAttribute("href") ?? null;
    const answer = await this.#browser.fetch(this.#browser.location.href);
    const fresh = new this.#browser.DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (fresh === null || main === null || !main.isConnected) return;
    const graph = main.querySelector("[data-graph]");
    const place = { left: graph?.scrollLeft ?? 0, top: graph?.scrollTop ?? 0 };
    main.replaceWith(fresh);
    this.#enhance();
    const now = fresh.querySelector("[data-graph]");
    if (now !== null) {
      now.scrollLeft = place.left;
      now.scrollTop = place.top;
    }
    if (focused !== null) this.#all("main a").find((link) => link.getAttribute("href") === focused)?.focus();
  }

  #enhanceGraph(): void {
    const graph = this.#document.querySelector("[data-graph]");
    const zoom = this.#document.querySelector("[data-zoom]");
    const svg = graph?.querySelector("svg") ?? null;
    if (graph === null || zoom === null || svg === null) return;
    zoom.hidden = false;
    svg.dataset["width"] = svg.getAttribute("width") ?? "0";
    svg.dataset["height"] = svg.getAttribute("height") ?? "0";
    for (const button of this.#all("[data-zoom-by]")) {
      button.addEventListener("click", () => void this.#zoom(button.dataset["zoomBy"] ?? ""));
    }
    graph.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.#zoom(event.deltaY < 0 ? "in" : "out");
    }, { passive: false });
    this.#drag(graph);
    const fitting = graph.clientWidth / Number(svg.dataset["width"]);
    // a picture that is a little too wide is made smaller; a much larger one could not be read any more
    if (this.#scale === 1 && fitting >= 0.6) this.#scale = Math.min(1, fitting);
    this.#resize(this.#scale);
    this.#showNews(graph);
  }

  /** Of a picture that is larger than its place, what is not applied yet is in sight, else what came last. */
  #showNews(graph: Element): void {
    const nodes = [...graph.querySelectorAll(".dg-node.data")];
    const node = nodes.find(({ classList }) => !classList.contains("applied")) ?? nodes.at(-1);
    if (node === undefined) return;
    const [at, within] = [node.getBoundingClientRect(), graph.getBoundingClientRect()];
    graph.scrollLeft += at.left - within.left - (within.width - at.width) / 2;
    graph.scrollTop += at.top - within.top - within.height / 3;
  }

  /** Moves the picture under the pointer. */
  #drag(graph: Element): void {
    let from: { x: number; y: number; left: number; top: number } | undefined;
    graph.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.target?.closest("a") !== null) return;
      from = { x: event.clientX, y: event.clientY, left: graph.scrollLeft, top: graph.scrollTop };
      graph.setPointerCapture(event.pointerId);
    });
    graph.addEventListener("pointermove", (event) => {
      if (from === undefined) return;
      graph.scrollLeft = from.left - (event.clientX - from.x);
      graph.scrollTop = from.top - (event.clientY - from.y);
    });
    graph.addEventListener("pointerup", () => from = undefined);
    graph.addEventListener("pointercancel", () => from = undefined);
  }

  #zoom(by: string): boolean {
    const graph = this.#document.querySelector("[data-graph]");
    const svg = graph?.querySelector("svg");
    if (!graph || !svg) return false;
    const fitting = Math.min(1, graph.clientWidth / Number(svg.dataset["width"]));
    this.#resize(by === "fit" ? fitting : Math.min(4, Math.max(0.1, this.#scale * (by === "in" ? 1.25 : 0.8))));
    return true;
  }

  #resize(scale: number): void {
    const svg = this.#document.querySelector("[data-graph] svg");
    this.#scale = scale;
    svg?.setAttribute("width", String(Number(svg.dataset["width"]) * scale));
    svg?.setAttribute("height", String(Number(svg.dataset["height"]) * scale));
  }
}
