/**
 * How far the replicas of a database are behind. Read by plain queries; each driver has its own file, loaded when it is
 * needed.
 *
 * @module
 */

import type { Asker } from "./catalog.ts";

/** How far one replica is behind. */
export interface ReplicaLag {
  /** As the server names it. */
  readonly name: string;
  /** `undefined`: not known, for the reason of {@link state}. */
  readonly milliseconds: number | undefined;
  /** What the replica does instead of keeping up, as a continuation of its name: `does not replicate`. */
  readonly state: string | undefined;
}

export interface Replication {
  /**
   * The replicas that are connected to this server; `undefined` where a server does not know how far those are.
   *
   * @throws {DatabaseError} of the kind `privilege` when the role may not see them
   */
  readonly connected: ((db: Asker) => Promise<readonly ReplicaLag[]>) | undefined;
  /**
   * How far this server itself is behind, for each server that it copies: none when it is no replica.
   *
   * @throws {DatabaseError} of the kind `privilege` when the role may not know
   */
  own(db: Asker): Promise<readonly ReplicaLag[]>;
}
