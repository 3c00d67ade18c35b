/**
 * How a file of rows is to be read: what was declared, and what follows from its name.
 *
 * @module
 */

import type { Compression } from "./rows_bytes.ts";
import { RowFileError } from "./rows_errors.ts";

export type RowFormat = "csv" | "tsv" | "ndjson" | "json";

/** What is declared of a file; what is not follows from its name. The members of a load's own options mean the same. */
export interface RowFileOptions {
  /** What messages call the file: its path from the ini file's folder. */
  readonly shownName: string;
  /** Bad rows are given in {@link RowChunk.bad} and not thrown. @default false */
  readonly collect?: boolean;
  readonly format?: RowFormat | undefined;
  readonly compression?: Compression | undefined;
  /** As the web's standards name it. @default by the byte order mark, or UTF-8 */
  readonly encoding?: string | undefined;
  /** Of CSV, one character. @default "," */
  readonly delimiter?: string | undefined;
  /** Of CSV and TSV: whether the first line names the columns. @default true */
  readonly header?: boolean | undefined;
  /** Of CSV and TSV: the unquoted text that means NULL. @default "" in CSV, `\N` in TSV */
  readonly null?: string | undefined;
  /** Of NDJSON and JSON: the members that rows have; or, for columns of the table, the names of members. */
  readonly columns?: readonly string[] | Readonly<Record<string, string>> | undefined;
  /** Of NDJSON and JSON: members that rows may have and that are not read. */
  readonly ignore?: readonly string[] | undefined;
}

export interface RowFileKind {
  readonly format: RowFormat;
  readonly compression: Compression;
}

const COMPRESSIONS: Readonly<Record<string, Compression>> = { gz: "gzip", gzip: "gzip", zst: "zstd", zstd: "zstd" };
const FORMATS: Readonly<Record<string, RowFormat>> = {
  csv: "csv",
  tsv: "tsv",
  ndjson: "ndjson",
  jsonl: "ndjson",
  json: "json",
};

/**
 * What a file is by its name, `person.csv.gz`, unless it is declared.
 *
 * @throws {RowFileError} when the name does not tell
 */
export function kindOf(path: string, { format, compression, shownName }: RowFileOptions): RowFileKind {
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1).toLowerCase();
  // what was rejected of a file is of its format
  const endings = name.replace(/(?:\.rejected)+$/, "").split(".").slice(1);
  const packed = COMPRESSIONS[endings.at(-1) ?? ""];
  const named = FORMATS[endings.at(packed === undefined ? -1 : -2) ?? ""];
  const known = format ?? named;
  if (known === undefined) {
    throw new RowFileError("The name of the data file does not tell its format", {
      file: shownName,
      hint: 'Files end in .csv, .tsv, .ndjson, .jsonl or .json, also with .gz or .zst; or declare it: `format: "csv"`.',
    });
  }
  return { format: known, compression: compression ?? packed ?? "none" };
}
