/**
 * Loads rows in pieces, each with a savepoint before it, so that a row that the database refuses is found and left out:
 * where the database does not say which it is, by halves.
 *
 * @module
 */

import type { ReadyChunk } from "./bulk_source.ts";
import type { LoadTarget } from "./bulk_target.ts";
import { DatabaseError, LoadRowError, type Session } from "./db/database.ts";

/** What the pieces go through. */
export interface PieceLoad {
  readonly session: Session;
  readonly target: LoadTarget;
  readonly signal: AbortSignal;
  /** Whether an error is about what is in a row; any other ends the load. */
  isRefusal(error: DatabaseError): boolean;
  /** @param index of the row in the chunk */
  refused(error: DatabaseError, chunk: ReadyChunk, index: number): Promise<void>;
}

/** Rows of a chunk from `from` to before `to`. */
interface Piece {
  readonly from: number;
  readonly to: number;
  /** The row behind it was refused with this error. */
  readonly thenRefused?: DatabaseError;
}

/** Loads what can be loaded of a chunk, and tells of the rest in order. @returns how many rows were added or changed */
export async function loadPieces(load: PieceLoad, chunk: ReadyChunk): Promise<number> {
  let loaded = 0;
  const open: Piece[] = [{ from: 0, to: chunk.rows.length }];
  for (let piece = open.pop(); piece !== undefined; piece = open.pop()) {
    load.signal.throwIfAborted();
    const { from, to, thenRefused } = piece;
    try {
      loaded += await loadPiece(load, chunk.rows.slice(from, to));
      if (thenRefused !== undefined) await load.refused(thenRefused, chunk, to);
    } catch (error) {
      if (!(error instanceof DatabaseError) || error === thenRefused || !load.isRefusal(error)) throw error;
      if (to - from === 1) {
        await load.refused(error, chunk, from);
        if (thenRefused !== undefined) await load.refused(thenRefused, chunk, to);
      } else open.push(...smaller(piece, error));
    }
  }
  return loaded;
}

/** What to try instead of a piece that was refused; the last comes first. */
function smaller({ from, to, thenRefused }: Piece, error: DatabaseError): Piece[] {
  const behind = thenRefused === undefined ? {} : { thenRefused };
  const row = error instanceof LoadRowError ? from + error.row - 1 : undefined;
  if (row !== undefined && row >= from && row < to) {
    return [{ from: row + 1, to, ...behind }, { from, to: row, thenRefused: error }];
  }
  const middle = (from + to) >> 1;
  return [{ from: middle, to, ...behind }, { from, to: middle }];
}

async function loadPiece({ session, target }: PieceLoad, rows: ReadyChunk["rows"]): Promise<number> {
  if (rows.length === 0) return 0;
  return await withSavepoint(session, "delembic_piece", async () => {
    const { loaded } = await target.add({ kind: "rows", chunks: once(rows) });
    await target.clear();
    return loaded;
  });
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}

/** Does work of which nothing stays when it fails, within the transaction that is open. */
export async function withSavepoint<T>(session: Session, name: string, work: () => Promise<T>): Promise<T> {
  await session.query(`savepoint ${name}`);
  try {
    const result = await work();
    await session.query(`release savepoint ${name}`);
    return result;
  } catch (error) {
    // where even this fails the transaction is gone, and the first error says why
    await undoTo(session, name).catch(() => undefined);
    throw error;
  }
}

async function undoTo(session: Session, name: string): Promise<void> {
  await session.query(`rollback to savepoint ${name}`);
  await session.query(`release savepoint ${name}`);
}
