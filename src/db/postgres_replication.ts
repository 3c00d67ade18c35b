/**
 * How far PostgreSQL's replicas are behind.
 *
 * @module
 */

import { DatabaseError } from "./database.ts";
import type { Replication } from "./replication.ts";

/**
 * The server measures the time between its own flush of a commit and the replica's replay; NULL when there is nothing
 * to replay. Who may not see other sessions sees their rows without a state. A running base backup is no replica.
 */
const CONNECTED = `select coalesce(nullif(application_name, ''), 'a replica') ||
    coalesce(' at ' || host(client_addr), '') as name,
  state, (extract(epoch from greatest(write_lag, flush_lag, replay_lag)) * 1000)::float8 as lag
  from pg_stat_replication where state is distinct from 'backup' order by 1`;

/**
 * The time of the last transaction that was replayed grows old by itself while there is nothing to do: that is no lag as
 * long as the replica is connected and all that it received is replayed. The clock is not the transaction's.
 */
const OWN = `select pg_is_in_recovery() as replica,
  exists (select from pg_stat_wal_receiver) as connected,
  coalesce(pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn(), false) as done,
  (extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::float8 as lag`;

export const postgresReplication: Replication = {
  connected: async (db) => {
    const { rows } = await db.query(CONNECTED);
    return rows.map(({ name, state, lag }) => {
      if (state === null) throw notAllowed();
      const streams = state === "streaming";
      return {
        name: String(name),
        milliseconds: typeof lag === "number" ? Math.max(lag, 0) : streams ? 0 : undefined,
        state: streams ? undefined : "is catching up",
      };
    });
  },
  own: async (db) => {
    const { rows: [row] } = await db.query(OWN);
    if (row?.["replica"] !== true) return [];
    const { connected, done, lag } = row;
    if (connected === true && done === true) return [{ name: "", milliseconds: 0, state: undefined }];
    const known = typeof lag === "number" ? Math.max(lag, 0) : undefined;
    return [{ name: "", milliseconds: known, state: known === undefined ? "has replayed nothing yet" : undefined }];
  },
};

function notAllowed(): DatabaseError {
  return new DatabaseError("privilege", "The role may not see how far the replicas are", {
    hint: "An administrator can run 'grant pg_read_all_stats to ROLE'.",
  });
}
