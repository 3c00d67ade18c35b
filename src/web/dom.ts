/**
 * The part of a browser that the page's script uses. TypeScript's own description of browsers cannot be had beside that of
 * Deno: it would change the types of the whole program.
 *
 * @module
 */

export interface Element {
  textContent: string | null;
  hidden: boolean;
  readonly isConnected: boolean;
  readonly tagName: string;
  readonly isContentEditable?: boolean;
  readonly parentElement: Element | null;
  value: string;
  className: string;
  type: string;
  title: string;
  scrollLeft: number;
  scrollTop: number;
  readonly clientWidth: number;
  readonly dataset: Record<string, string | undefined>;
  readonly classList: { contains(name: string): boolean };
  getBoundingClientRect(): {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
  focus(): void;
  select(): void;
  scrollIntoView(options: { readonly block: "nearest" }): void;
  append(...children: readonly (Element | string)[]): void;
  replaceWith(other: Element): void;
  remove(): void;
  closest(selector: string): Element | null;
  querySelector(selector: string): Element | null;
  querySelectorAll(selector: string): Iterable<Element>;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  addEventListener(
    type: string,
    listener: (event: InputEvent) => void,
    options?: { readonly passive: boolean },
  ): void;
  setPointerCapture(id: number): void;
  showModal(): void;
  close(): void;
  readonly open: boolean;
}

export interface InputEvent {
  readonly key: string;
  readonly target: Element | null;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly deltaY: number;
  readonly clientX: number;
  readonly clientY: number;
  readonly pointerId: number;
  readonly button: number;
  readonly data: string;
  preventDefault(): void;
}

export interface Document extends Element {
  readonly documentElement: Element;
  readonly body: Element;
  readonly activeElement: Element | null;
  title: string;
  cookie: string;
  createElement(tag: string): Element;
}

export interface Browser {
  readonly document: Document;
  readonly location: { readonly href: string; assign(address: string): void };
  matchMedia(query: string): { readonly matches: boolean };
  readonly EventSource: new (address: string) => {
    onmessage: ((event: { readonly data: string }) => void) | null;
    close(): void;
  };
  readonly DOMParser: new () => { parseFromString(text: string, type: "text/html"): Document };
  fetch(address: string): Promise<{ readonly ok: boolean; text(): Promise<string> }>;
  addEventListener(type: string, listener: () => void): void;
  setTimeout(work: () => void, milliseconds: number): number;
}
