/**
 * The work connection as a migration uses it: knows when a part of the work can no longer be rolled back.
 *
 * @module
 */

import type { Result, Session } from "./db/database.ts";
import { DelembicError } from "./errors.ts";

/** What the session has committed so far, beyond the reach of a rollback. */
export interface WorkSession {
  readonly session: Session;
  /** Statements that were run; on the way to knowing "k statements are committed". */
  readonly statements: number;
  /** Whether something may have been committed already. */
  readonly partial: boolean;
}

/**
 * Watches a session for statements that commit: each one outside of a transaction, and DDL on MySQL, which commits the
 * transaction it stands in. Before the first such one runs, `beforePartial` is awaited, so that a record of it survives
 * whatever happens next; after DDL a new transaction is opened, so that what follows can be rolled back again.
 */
export function watchSession(
  session: Session,
  options: { readonly transaction: boolean; readonly beforePartial: () => Promise<void> },
): WorkSession {
  const { dialect } = session;
  const state = { statements: 0, partial: false };
  const beforeCommitting = async () => {
    if (state.partial) return;
    state.partial = true;
    await options.beforePartial();
  };
  const query = async (text: string, params?: readonly unknown[]): Promise<Result> => {
    const commits = options.transaction && dialect.commitsImplicitly(text);
    if (commits || !options.transaction) await beforeCommitting();
    const result = await session.query(text, params);
    state.statements++;
    if (commits && !session.inTransaction) await session.begin();
    return result;
  };
  return {
    session: watched(session, query),
    get statements() {
      return state.statements;
    },
    get partial() {
      return state.partial;
    },
  };
}

/** A session that serves one step of a migration, and nothing after it. */
export interface StepSession {
  readonly session: Session;
  /** Refuses whatever is asked of the session from here on; what runs already goes on. */
  end(): void;
}

/**
 * Lends a session to a step. A step that failed, or did not heed its time limit, may have code that goes on: what that
 * sends later must not get into the next transaction.
 *
 * @param check throws for a statement that the step may not run
 */
export function lent(session: Session, check: (text: string) => void = () => {}): StepSession {
  let ended = false;
  const refuse = () => {
    if (ended) throw new StepEndedError();
  };
  const once = <A extends unknown[], T>(use: (...args: A) => Promise<T>) => async (...args: A): Promise<T> => {
    refuse();
    return await use(...args);
  };
  return {
    session: {
      ...watched(
        session,
        once((text: string, params?: readonly unknown[]) => {
          check(text);
          return session.query(text, params);
        }),
      ),
      get lost() {
        return session.lost;
      },
      get inTransaction() {
        return session.inTransaction;
      },
      batch: once((statements) => session.batch(statements)),
      begin: once(() => session.begin()),
      commit: once(() => session.commit()),
      rollback: once(() => session.rollback()),
      stream: (text, params, options) => {
        refuse();
        return session.stream(text, params, options);
      },
      load: once((load) => session.load(load)),
    },
    end: () => void (ended = true),
  };
}

/** Code of a migration that goes on after its end. */
class StepEndedError extends DelembicError {
  constructor() {
    super("The migration has ended: its connection runs no more statements", {
      code: "connection-closed",
      hint: "Something in it was not awaited.",
    });
  }
}

/** The same session with another `query`. */
function watched(session: Session, query: Session["query"]): Session {
  return {
    query,
    get dialect() {
      return session.dialect;
    },
    get backend() {
      return session.backend;
    },
    get lost() {
      return session.lost;
    },
    get inTransaction() {
      return session.inTransaction;
    },
    get native() {
      return session.native;
    },
    batch: (statements) => session.batch(statements),
    begin: () => session.begin(),
    commit: () => session.commit(),
    rollback: () => session.rollback(),
    stream: (text, params, options) => session.stream(text, params, options),
    load: (load) => session.load(load),
    cancel: () => session.cancel(),
    close: () => session.close(),
  };
}
