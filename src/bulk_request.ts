/**
 * What a load is asked for, checked before anything is read. Pure.
 *
 * @module
 */

import type { LoadOptions } from "./bulk_options.ts";
import type { TablePath } from "./db/catalog.ts";
import { DelembicError } from "./errors.ts";
import { closest } from "./suggest.ts";

/** A table as people write it, `"staging.person"`, by its parts. */
export function tablePath(table: string | readonly string[]): TablePath {
  return typeof table === "string" ? table.split(".") : table;
}

const CHOICES: Partial<Record<keyof LoadOptions, readonly string[]>> = {
  format: ["csv", "tsv", "ndjson", "json"],
  compression: ["none", "gzip", "zstd"],
  onConflict: ["error", "skip", "update"],
  onBadRow: ["error", "collect"],
};

const NAMES: Readonly<Record<keyof LoadOptions, true>> = {
  format: true,
  compression: true,
  encoding: true,
  delimiter: true,
  header: true,
  null: true,
  columns: true,
  defaults: true,
  ignore: true,
  map: true,
  onConflict: true,
  key: true,
  onBadRow: true,
  maxBadRows: true,
  rejectFile: true,
  replace: true,
};

/** A migration in JavaScript may say anything. @throws {DelembicError} for an option that is none, or is without effect */
export function checkLoadOptions(options: LoadOptions, isFile: boolean): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(NAMES, name)) continue;
    const similar = closest(name, Object.keys(NAMES));
    throw optionError(
      `A load has no option '${name}'`,
      similar === undefined ? `It has ${Object.keys(NAMES).join(", ")}.` : `Did you mean '${similar}'?`,
    );
  }
  for (const [name, choices] of Object.entries(CHOICES)) {
    const value = options[name as keyof LoadOptions];
    if (value === undefined || choices.includes(value as string)) continue;
    const list = choices.map((choice) => JSON.stringify(choice)).join(", ");
    throw optionError(`The option '${name}' of a load cannot be ${Deno.inspect(value)}`, `It is one of ${list}.`);
  }
  if (options.key !== undefined && (options.onConflict ?? "error") === "error") {
    throw optionError("The option 'key' of a load is without effect", 'Say onConflict: "skip" or "update" beside it.');
  }
  if (options.onBadRow !== "collect") {
    const vain = options.rejectFile !== undefined ? "rejectFile" : options.maxBadRows !== undefined ? "maxBadRows" : "";
    if (vain !== "") throw optionError(`The option '${vain}' of a load is without effect`, 'Say onBadRow: "collect".');
    return;
  }
  if (!isFile && options.rejectFile === undefined) {
    throw optionError(
      "Bad rows are to be collected, but it is not said where",
      'Rows that come from no file have no place beside it: name one with rejectFile: "data/person.rejected".',
    );
  }
}

function optionError(message: string, hint: string): DelembicError {
  return new DelembicError(message, { code: "load-option", hint });
}
