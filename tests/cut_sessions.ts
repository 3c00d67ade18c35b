/**
 * Ends sessions of the program on the server, as an administrator or a failing network does.
 *
 * @module
 */

import postgres from "postgres";
import { createConnection, type RowDataPacket } from "mysql2/promise";

/** Ends all sessions of the program in the database of this URL; gives how many there were. */
export async function cutSessions(url: string): Promise<number> {
  return url.startsWith("postgres") ? await cutPostgres(url) : await cutMysql(url);
}

async function cutPostgres(url: string): Promise<number> {
  const sql = postgres(url.replace(/^\w+\+?\w*:/, "postgresql:"), { max: 1, onnotice: () => {} });
  try {
    const rows = await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name like 'delembic%' and pid <> pg_backend_pid()`;
    return rows.length;
  } finally {
    await sql.end();
  }
}

async function cutMysql(url: string): Promise<number> {
  const connection = await createConnection(url.replace(/^\w+\+?\w*:/, "mysql:"));
  try {
    const [rows] = await connection.query<RowDataPacket[]>(
      "select id from information_schema.processlist where db = database() and id <> connection_id()",
    );
    for (const row of rows) await connection.query(`kill ${Number(row["id"])}`).catch(() => undefined);
    return rows.length;
  } finally {
    await connection.end();
  }
}
