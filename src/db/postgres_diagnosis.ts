/**
 * What PostgreSQL says of a connection and of its role.
 *
 * @module
 */

import { type Diagnosis, rightsOf } from "./diagnosis.ts";

export const postgresDiagnosis: Diagnosis = {
  server: async (db) => {
    const { rows: [row] } = await db.query(
      "select split_part(version(), ' ', 1) || ' ' || split_part(version(), ' ', 2) as name",
    );
    return String(row?.["name"]);
  },
  encryption: async (db) => {
    const { rows: [row] } = await db.query(
      "select version, cipher from pg_stat_ssl where pid = pg_backend_pid() and ssl",
    );
    return row && `${row["version"]}, ${row["cipher"]}`;
  },
  rights: async (db, _target, tables) => {
    const { rows: [state] } = await db.query(`select pg_is_in_recovery() as replica,
      current_setting('transaction_read_only') as read_only,
      coalesce(has_schema_privilege(current_schema(), 'create'), false) as may_create`);
    const needed = rightsOf(db.dialect.ledger.grants).filter(({ kind, name }) =>
      tables.has(kind === "table" ? name : "delembic_run_history")
    );
    const missing: string[] = [];
    for (const { right, kind, name } of needed) {
      // a table that somebody else made may have a sequence of another name, or none
      const { rows: [row] } = await db.query(
        `select to_regclass('${name}') is null or has_${kind}_privilege(to_regclass('${name}'), '${right}') as granted`,
      );
      if (row?.["granted"] !== true) missing.push(`${right} on ${name}`);
    }
    return {
      readOnly: state?.["replica"] === true
        ? "the server is a replica"
        : state?.["read_only"] === "on"
        ? "transactions are read-only (default_transaction_read_only)"
        : undefined,
      mayCreate: state?.["may_create"] === true,
      missing,
    };
  },
  schemasWith: async (db, table) => {
    const { rows } = await db.query(
      "select table_schema as name from information_schema.tables where table_name = $1 order by 1",
      [table],
    );
    return rows.map(({ name }) => String(name));
  },
};
