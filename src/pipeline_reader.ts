/**
 * Reads `pipeline.yaml`, with all that is wrong in it. Pure, and loaded when there is a file to read: the parser is large.
 *
 * @module
 */

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from "yaml";
import { type Fault, FaultsError } from "./errors.ts";
import type { PipelineStep } from "./pipeline_file.ts";
import type { Tool } from "./pipeline_plan.ts";
import { closest } from "./suggest.ts";

const TYPES: readonly Tool[] = ["alembic", "delembic"];
const KEYS = ["name", "type", "target"] as const;

/**
 * The steps of a file. Every value is taken as the text that is written there: `001` is no number.
 *
 * @param file as errors name it
 * @throws {FaultsError} with all that is wrong
 */
export function readPipeline(text: string, file: string): PipelineStep[] {
  const lineCounter = new LineCounter();
  // in this schema nothing but text, lists and mappings is known
  const document = parseDocument(text, { schema: "failsafe", lineCounter, prettyErrors: false, logLevel: "silent" });
  const reader = new Reader(document, lineCounter, file);
  const steps = reader.read();
  if (reader.faults.length > 0) throw new FaultsError(reader.faults, file);
  return steps;
}

class Reader {
  readonly faults: Fault[] = [];
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  readonly #file: string;

  constructor(document: Document.Parsed, lines: LineCounter, file: string) {
    this.#document = document;
    this.#lines = lines;
    this.#file = file;
  }

  read(): PipelineStep[] {
    for (const { code, message, pos: [at] } of this.#document.errors) {
      // the other steps can be read all the same
      if (code === "DUPLICATE_KEY") this.#fault("A key is there twice in one mapping", at, "Take one of them out.");
      else this.#fault(`Cannot read the YAML: ${message}`, at);
    }
    if (this.#document.errors.some(({ code }) => code !== "DUPLICATE_KEY")) return [];
    const list = this.#stepList(this.#document.contents);
    return list.flatMap((item, at) => this.#step(item, at + 1) ?? []);
  }

  #stepList(root: Node | null): readonly Node[] {
    const missing = "A pipeline file must have a top-level 'steps' list";
    const hint = "Run 'delembic pipeline generate' to see how one looks.";
    if (!isMap(root)) {
      this.#fault(missing, root?.range?.[0] ?? 0, hint);
      return [];
    }
    this.#refuseOthers(root, ["steps"], "the file");
    const pair = pairOf(root, "steps");
    if (pair === undefined) {
      this.#fault(missing, root.range?.[0] ?? 0, hint);
      return [];
    }
    const value = this.#resolved(pair.value);
    if (isSeq(value) && value.items.length > 0) return value.items.map((item) => item as Node);
    const isEmpty = isSeq(value) || this.#textOf(value) === "";
    this.#fault(isEmpty ? "The list 'steps' is empty" : "'steps' is no list", startOf(pair.key), hint);
    return [];
  }

  #step(item: Node, number: number): PipelineStep | undefined {
    const node = this.#resolved(item);
    const at = startOf(item);
    if (!isMap(node)) {
      this.#fault(`Step ${number} is no mapping`, at, "Write its name, type and target, each in a line of its own.");
      return undefined;
    }
    this.#refuseOthers(node, KEYS, `step ${number}`);
    const [name, type, target] = KEYS.map((key) => this.#value(node, key, number, at));
    const tool = type === undefined ? undefined : this.#type(type);
    if (target !== undefined) this.#requireFixed(target);
    if (name === undefined || tool === undefined || target === undefined) return undefined;
    return { name: name.text, type: tool, target: target.text, line: this.#line(target.at) };
  }

  #type({ text, at }: Value): Tool | undefined {
    const type = TYPES.find((type) => type === text);
    const suggestion = type === undefined ? closest(text, TYPES) : undefined;
    const didYouMean = suggestion === undefined ? "" : `Did you mean ${suggestion}? `;
    if (type === undefined) {
      this.#fault(`Unknown step type: '${text}'`, at, `${didYouMean}There are alembic and delembic.`);
    }
    return type;
  }

  /** What counts from where the database is means something else each time. */
  #requireFixed({ text, at }: Value): void {
    const hint = "Name a revision, head or heads.";
    if (/^(?:[^@]+@)?[+-]\d+$/.test(text)) {
      this.#fault(`The target '${text}' means something else at each run`, at, hint);
    }
    if (/^(?:[^@]+@)?base$/.test(text)) this.#fault(`The target '${text}' leaves nothing to run`, at, hint);
  }

  #value(step: YAMLMap, key: typeof KEYS[number], number: number, at: number): Value | undefined {
    const pair = pairOf(step, key);
    if (pair === undefined) {
      this.#fault(`Step ${number} has no ${key}`, at, key === "type" ? "It is alembic or delembic." : undefined);
      return undefined;
    }
    const value = this.#resolved(pair.value);
    const text = this.#textOf(value)?.replace(/\s+/g, " ").trim();
    if (text !== undefined && text !== "") return { text, at: startOf(value) };
    this.#fault(
      text === "" ? `The ${key} of step ${number} is empty` : `The ${key} of step ${number} is no text`,
      startOf(pair.key),
    );
    return undefined;
  }

  #refuseOthers(map: YAMLMap, known: readonly string[], where: string): void {
    for (const { key } of map.items) {
      const text = this.#textOf(key) ?? "";
      if (known.includes(text)) continue;
      const suggestion = closest(text, known);
      const hint = suggestion === undefined ? `What is known: ${known.join(", ")}.` : `Did you mean '${suggestion}'?`;
      this.#fault(`Unknown key '${text}' in ${where}`, startOf(key), hint);
    }
  }

  /** What an alias stands for; else the node itself. */
  #resolved(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }

  #textOf(node: unknown): string | undefined {
    if (node === null) return "";
    return isScalar(node) ? String(node.value ?? "") : undefined;
  }

  #line(offset: number): number {
    return this.#lines.linePos(offset).line;
  }

  #fault(message: string, offset: number, hint?: string): void {
    const { line, col } = this.#lines.linePos(offset);
    this.faults.push({ code: "pipeline-file", message, place: { file: this.#file, line, column: col }, hint });
  }
}

interface Value {
  readonly text: string;
  readonly at: number;
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => String(pair.key) === key);
}

function startOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0;
}
