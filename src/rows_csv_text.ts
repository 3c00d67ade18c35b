/**
 * A file of CSV for a database that reads CSV by itself: its bytes, checked.
 *
 * @module
 */

import { isUtf8 } from "node:buffer";
import type { CsvText } from "./rows.ts";
import { CsvScanner, type Scan } from "./rows_csv_scan.ts";
import type { OpenText } from "./rows_open.ts";
import { BadRows, chunksOf, MAX_ROW_LENGTH, tooLong } from "./rows_parser.ts";
import type { RecordSyntax } from "./rows_record.ts";
import { RecordParser } from "./rows_records.ts";
import { joinedBytes, TextPieces } from "./rows_text.ts";

export interface CsvTextOptions {
  readonly file: string;
  readonly syntax: RecordSyntax;
  readonly width: number;
  /** What was read already of the records. */
  readonly start: Uint8Array;
  /** The line on which they begin. */
  readonly line: number;
  /** The number of the first of them. @default 1 */
  readonly row?: number;
  /** Whether a header says how many fields a row has. */
  readonly named: boolean;
}

/** Whether a database may read the file by itself: only where each row goes as it stands. */
export function isPlainCsv(encoding: string, delimiter: number, width: number | undefined): boolean {
  // a row of one field may look like an empty line, or like the end of the data
  return encoding === "utf-8" && delimiter < 0x80 && width !== undefined && width > 1;
}

/** CSV that knows how far into its source it is. */
export interface LocatedCsv extends CsvText {
  /** How far it is: the records that were given out, their bytes in the source, and the line behind them. */
  readonly done: { readonly rows: number; readonly bytes: number; readonly line: number };
}

export function csvTextOf(open: OpenText, options: CsvTextOptions): LocatedCsv {
  const { syntax, width, line } = options;
  const scanner = new CsvScanner({ delimiter: syntax.delimiter, width, line });
  let done = { rows: 0, bytes: 0, line };
  return {
    delimiter: String.fromCharCode(syntax.delimiter),
    null: syntax.null,
    chunks: () =>
      checked(open, scanner, options, (bytes) => {
        const { row, line } = scanner.next;
        done = { rows: row - 1, bytes: done.bytes + bytes, line };
      }),
    get rows() {
      return scanner.next.row - 1;
    },
    get done() {
      return done;
    },
    lineOf: (row) => scanner.lines.lineOf(row),
  };
}

async function* checked(
  open: OpenText,
  scanner: CsvScanner,
  options: CsvTextOptions,
  consume: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let rest = options.start, more: Uint8Array[] = [], length = 0;
  for (let last = false; !last;) {
    const piece = await open.nextBytes();
    last = piece === undefined;
    if (piece !== undefined) more.push(piece);
    length += piece?.length ?? 0;
    // a record that is longer than many pieces is not looked at again for each
    if (length <= rest.length && !last) continue;
    const bytes = rest.length === 0 && more.length === 1 && piece !== undefined ? piece : joinedBytes([rest, ...more]);
    const before = { line: scanner.next.line, row: scanner.next.row + (options.row ?? 1) - 1 };
    const scan = scanner.scan(bytes, last);
    if (scan.faultAt !== undefined) await refuse(open, bytes, before, options);
    const whole = oneOf(scan);
    if (scan.high && !isUtf8(whole)) await refuse(open, bytes, before, options);
    consume(scan.consumed);
    if (whole.length > 0) yield whole;
    rest = bytes.subarray(scan.consumed);
    more = [];
    length = 0;
    if (rest.length > MAX_ROW_LENGTH) throw tooLong(new TextDecoder().decode(rest.subarray(0, 200)), options.file);
  }
}

function oneOf({ parts }: Scan): Uint8Array {
  const [first = new Uint8Array(0)] = parts;
  return parts.length <= 1 ? first : joinedBytes(parts);
}

/**
 * Lets the reader of records say what is wrong in the rows from `at` on.
 *
 * @throws {BadRowError}
 */
async function refuse(
  open: OpenText,
  bytes: Uint8Array,
  at: { readonly row: number; readonly line: number },
  { file, syntax, width, named }: CsvTextOptions,
): Promise<never> {
  const { encoding } = open.text;
  const parser = new RecordParser(
    { syntax, encoding, width, named, ...at },
    new BadRows(file, false),
  );
  const text = new TextPieces(encoding, false);
  const pieces = async function* () {
    yield text.next(bytes, false);
    for (let last = false; !last;) {
      const piece = await open.nextBytes();
      last = piece === undefined;
      yield text.next(piece ?? new Uint8Array(0), last);
    }
  };
  for await (const _ of chunksOf(pieces(), parser, file));
  throw new TypeError(`The two readers of CSV disagree on ${file}, row ${at.row}`);
}
