/**
 * How far a replica of MySQL or MariaDB is behind. Only the replica itself knows: its primary sees who reads the binary
 * log, not what was done with it.
 *
 * @module
 */

import type { Asker } from "./catalog.ts";
import { DatabaseError } from "./database.ts";
import type { ReplicaLag, Replication } from "./replication.ts";

/** MariaDB from 10.5, MySQL from 8.0.22, older MariaDB, older MySQL. The ones with ALL tell of each primary. */
const STATEMENTS = ["show all replicas status", "show replica status", "show all slaves status", "show slave status"];
const SYNTAX_ERROR = 1064;

export const mysqlReplication: Replication = {
  connected: undefined,
  own: async (db) => (await statusOf(db)).map(lagOf),
};

async function statusOf(db: Asker): Promise<Record<string, unknown>[]> {
  for (const [index, statement] of STATEMENTS.entries()) {
    try {
      return (await db.query(statement)).rows;
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      if (error.kind === "privilege") throw notAllowed(error);
      if (error.details.errno !== SYNTAX_ERROR || index === STATEMENTS.length - 1) throw error;
    }
  }
  return [];
}

/** MySQL says Source and Replica where MariaDB says Master and Slave. */
function lagOf(row: Record<string, unknown>): ReplicaLag {
  const value = (name: string) =>
    row[name] ?? row[name.replace("Master", "Source").replace("Slave", "Replica")] ?? null;
  const channel = row["Connection_name"] ?? row["Channel_Name"];
  const name = typeof channel === "string" ? channel : "";
  const seconds = value("Seconds_Behind_Master");
  if (seconds !== null) return { name, milliseconds: Number(seconds) * 1000, state: undefined };
  const error = [value("Last_IO_Error"), value("Last_SQL_Error")].find((text) =>
    typeof text === "string" && text !== ""
  );
  return { name, milliseconds: undefined, state: `does not replicate${error === undefined ? "" : `: ${error}`}` };
}

function notAllowed(cause: DatabaseError): DatabaseError {
  return new DatabaseError("privilege", cause.message, {
    statement: cause.statement,
    details: cause.details,
    hint: "An administrator can run 'grant replica monitor on *.* to USER' (MariaDB from 10.5.9), or " +
      "'grant replication client on *.* to USER' (MySQL).",
    cause,
  });
}
