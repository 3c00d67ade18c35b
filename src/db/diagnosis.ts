/**
 * What a database says of the connection to it and of its role, for people. Read by plain queries that change nothing;
 * each driver has its own file, loaded when it is needed.
 *
 * @module
 */

import type { Queryable } from "./database.ts";
import type { Target } from "./target.ts";

/** What the role may do with the ledger. */
export interface Rights {
  /** Why nothing at all can be written: `the server is a replica`. */
  readonly readOnly: string | undefined;
  /** Whether it may create tables; `undefined` where that cannot be told. */
  readonly mayCreate: boolean | undefined;
  /** What it may not do with tables that are there: `insert on delembic_version`. */
  readonly missing: readonly string[];
}

export interface Diagnosis {
  /** As the server calls itself: `PostgreSQL 17.2`. */
  server(db: Queryable): Promise<string>;
  /** Protocol and cipher of the connection; `undefined` when it is in the clear. */
  encryption(db: Queryable): Promise<string | undefined>;
  /** @param tables the ledger's tables that are there */
  rights(db: Queryable, target: Target, tables: ReadonlySet<string>): Promise<Rights>;
  /** The schemas that have a table of this name, where a name is looked for in some of them only. */
  readonly schemasWith?: (db: Queryable, table: string) => Promise<readonly string[]>;
  /** Who holds the lock file, where that is the lock. */
  readonly lockFile?: (target: Target) => Promise<LockFileState>;
}

export interface LockFileState {
  /** `undefined` where it cannot be told without taking it. */
  readonly held: boolean | undefined;
  /** What the last holder wrote; empty when it gave the lock back. */
  readonly details: string;
}

/** A right that `GRANT` gives: `insert` on a table or a sequence. */
export interface GrantedRight {
  readonly right: string;
  readonly kind: "table" | "sequence";
  readonly name: string;
}

/** The rights that statements of `LedgerSql.grants` give. */
export function rightsOf(grants: readonly string[]): GrantedRight[] {
  return grants.flatMap((grant) => {
    const [, rights = "", sequence, name = ""] = /^grant (.+) on (sequence )?(\S+) to ROLE$/.exec(grant) ?? [];
    const kind = sequence === undefined ? "table" : "sequence";
    return rights.split(", ").map((right): GrantedRight => ({ right, kind, name }));
  });
}
