/**
 * What the errors of MySQL and MariaDB mean for us, and how a failed connection is told to people.
 *
 * @module
 */

import { messageOf } from "../errors.ts";
import { DatabaseError, type DatabaseErrorKind } from "./database.ts";
import type { ServerTarget } from "./target.ts";
import { tlsHint } from "./tls_hint.ts";

/** A kind, and the kind that it has while connecting where that differs. */
interface Meaning {
  readonly kind: DatabaseErrorKind;
  readonly connecting?: DatabaseErrorKind;
  readonly hint?: string;
}

const AGAIN_LATER = "Try again when the server is ready: 'delembic upgrade --wait' does.";
const LOGIN = "Check the user and the password in the database's URL, and that the server lets that user in from here.";
const READ_ONLY = "The server is read-only: is it a replica?";

/**
 * By the server's number: https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html,
 * https://mariadb.com/kb/en/mariadb-error-code-reference/
 */
const MEANINGS: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [1020, { kind: "serialization" }], // the row has changed since it was read (MariaDB, innodb_snapshot_isolation)
  [1021, { kind: "storage" }], // disk full
  [1022, { kind: "unique" }],
  [1026, { kind: "storage" }], // error writing a file
  [1030, { kind: "storage" }], // error of the storage engine
  [1034, { kind: "storage" }], // damaged key file
  [1036, { kind: "privilege" }], // the table is read-only
  [1040, { kind: "unreachable", hint: `The server has no connection left. ${AGAIN_LATER}` }],
  [1041, { kind: "other" }], // out of memory
  [1044, { kind: "privilege", connecting: "denied", hint: LOGIN }], // this database is not for this user
  [1045, { kind: "denied", hint: LOGIN }], // no such user, or not this password
  [1049, { kind: "missing-database", hint: "Create the database, or correct its name in the database's URL." }],
  [1050, { kind: "exists" }], // table
  [1053, { kind: "lost", connecting: "unreachable" }], // shutting down
  [1061, { kind: "exists" }], // index of that name
  [1062, { kind: "unique" }],
  [1114, { kind: "storage" }], // the table is full
  [1129, { kind: "unreachable", hint: "An administrator of the server can run 'flush hosts'." }], // too many errors from here
  [1130, { kind: "denied", hint: LOGIN }], // not from this host
  [1142, { kind: "privilege" }], // on a table
  [1143, { kind: "privilege" }], // on a column
  [1146, { kind: "missing-table" }],
  [1180, { kind: "storage" }], // error at commit
  [1184, { kind: "lost", connecting: "unreachable" }],
  [1203, { kind: "unreachable", hint: `The user has no connection left. ${AGAIN_LATER}` }],
  [1205, { kind: "lock-timeout" }],
  [1206, { kind: "other" }], // more locks than there is memory for
  [1213, { kind: "serialization" }], // deadlock
  [1226, { kind: "unreachable", hint: `The user has used up what it may in an hour. ${AGAIN_LATER}` }],
  [1227, { kind: "privilege" }], // needs a right like SUPER
  [1251, { kind: "denied", hint: LOGIN }], // a kind of authentication that is not supported
  [1290, { kind: "privilege", hint: READ_ONLY }], // the server runs with an option like --read-only
  [1304, { kind: "exists" }], // routine
  [1317, { kind: "cancelled" }], // KILL QUERY
  [1359, { kind: "exists" }], // trigger
  [1370, { kind: "privilege" }], // on a routine
  [1396, { kind: "other" }], // CREATE USER of one that is there
  [1524, { kind: "denied", hint: LOGIN }], // the server lacks the user's kind of authentication
  [1586, { kind: "unique" }],
  [1614, { kind: "serialization" }], // the transaction branch was rolled back for a deadlock
  [1698, { kind: "denied", hint: LOGIN }], // only by socket, or without a password
  [1792, { kind: "privilege" }], // in a transaction that is read only
  [1820, { kind: "denied", hint: "The user's password has expired: set a new one with the server's own client." }],
  [1836, { kind: "privilege", hint: READ_ONLY }],
  [1862, { kind: "denied", hint: "The user's password has expired: set a new one with the server's own client." }],
  [1927, { kind: "lost", connecting: "unreachable" }], // killed (MariaDB)
  [1969, { kind: "cancelled" }], // max_statement_time (MariaDB)
  [2006, { kind: "lost", connecting: "unreachable" }], // gone away; poolers pass it on
  [2013, { kind: "lost", connecting: "unreachable" }], // lost in the middle; poolers pass it on
  [3024, { kind: "cancelled" }], // max_execution_time
  [3058, { kind: "serialization" }], // deadlock of user-level locks
  [3118, { kind: "denied", hint: "An administrator has locked this user's account." }],
  [3159, { kind: "denied", hint: "The server demands TLS: write sslmode=require, or better verify-full." }],
  [3168, { kind: "lost", connecting: "unreachable" }], // the server is not there any more
  [3572, { kind: "lock-timeout" }], // NOWAIT
  [4031, { kind: "lost" }], // idle for longer than wait_timeout
  [4151, { kind: "denied", hint: "An administrator has locked this user's account." }], // MariaDB
]);

/** The server cannot prepare this statement, or any more statements: it runs as text. */
const UNPREPARABLE: ReadonlySet<number> = new Set([1295, 1461]);

/** An error as the driver has it: the server's have a number and a SQLSTATE, its own and the system's a code. */
interface DriverError extends Error {
  readonly code?: string;
  readonly errno?: number;
  readonly sqlState?: string;
  readonly fatal?: boolean;
}

/** The server's number of an error; `undefined` when the error is not the server's. */
export function serverNumberOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { errno, sqlState } = error as DriverError;
  return sqlState === undefined ? undefined : errno;
}

export function isUnpreparable(error: unknown): boolean {
  return UNPREPARABLE.has(serverNumberOf(error) ?? 0);
}

/** The error of a statement. The cause is left out: the driver hangs the statement on it. */
export function statementError(error: unknown, statement: string): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const number = serverNumberOf(error);
  if (messageOf(error).startsWith(ASKED_FOR_FILE)) return fileRefusal(statement);
  if (number === undefined) {
    const { fatal, code } = error as DriverError;
    return fatal === true || code === "EPIPE" ? lostError(lossOf(error), statement) : new DatabaseError(
      "other",
      messageOf(error),
      { statement },
    );
  }
  const meaning = MEANINGS.get(number) ?? { kind: "other" };
  return new DatabaseError(meaning.kind, messageOf(error), {
    statement,
    details: { sqlState: (error as DriverError).sqlState, errno: number },
    hint: number === 1295 ? "Write the values into the text: this statement takes no placeholders." : meaning.hint,
  });
}

/** How the driver's message begins when a statement makes the server ask for a file, and there is none for it. */
const ASKED_FOR_FILE = "As a result of LOCAL INFILE command";

function fileRefusal(statement: string): DatabaseError {
  return new DatabaseError("other", "The server asked for a file of this machine by local infile, and got nothing", {
    statement,
    hint: "Load files with conn.load().",
  });
}

/** Why the connection is gone, as far as the driver knows. */
export function lossOf(error: unknown): string {
  return (error as DriverError).code === "PROTOCOL_CONNECTION_LOST" ? "the server closed it" : messageOf(error);
}

/** The connection is gone, and why. */
export function lostError(reason: string, statement?: string): DatabaseError {
  return new DatabaseError("lost", `The connection to the server was lost: ${reason}`, { statement });
}

/** Where a target is, for messages: `127.0.0.1:3306`, or the socket's path. */
function addressOf({ host, port, socket }: ServerTarget): string {
  return socket ?? (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);
}

/** The error of an attempt to connect; its message names the address and never a password. */
export function connectError(error: unknown, target: ServerTarget): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const number = serverNumberOf(error);
  if (number !== undefined) return refusal(error as DriverError, number);
  const [kind, what, hint] = trouble(error, target);
  return new DatabaseError(kind, `Cannot connect to MySQL at ${addressOf(target)}: ${what}`, { hint });
}

/** The server answered, and said no. */
function refusal(error: DriverError, number: number): DatabaseError {
  const meaning = MEANINGS.get(number) ?? { kind: "other" };
  const kind = meaning.connecting ?? meaning.kind;
  const connecting: ReadonlySet<DatabaseErrorKind> = new Set(["unreachable", "denied", "missing-database"]);
  return new DatabaseError(connecting.has(kind) ? kind : "unreachable", messageOf(error), {
    details: { sqlState: error.sqlState, errno: number },
    hint: meaning.hint,
  });
}

type Trouble = readonly [kind: DatabaseErrorKind, what: string, hint: string];

/** What is in the way, and what can be done, by the codes of the system and of the driver. */
function trouble(error: unknown, target: ServerTarget): Trouble {
  const code = (error as DriverError).code ?? "";
  const message = messageOf(error);
  const network = networkTrouble(code, target);
  if (network !== undefined) return ["unreachable", ...network];
  if (AUTHENTICATION_CODES.has(code)) {
    return [
      "denied",
      `the user's kind of authentication is not supported (${pluginIn(message)})`,
      "Passwords by mysql_native_password, caching_sha2_password and sha256_password are.",
    ];
  }
  return ["unreachable", ...tlsTrouble(code, message, target)];
}

function networkTrouble(
  code: string,
  { host, socket, connectTimeoutMs }: ServerTarget,
): readonly [what: string, hint: string] | undefined {
  switch (code) {
    case "ECONNREFUSED":
      return ["connection refused", "Is the server running and is the port right?"];
    case "ENOENT":
      return ["there is no such socket", "Is the server running, and is this where it keeps its socket?"];
    case "EACCES":
      return ["permission denied", `May this user open ${socket ?? "network connections"}?`];
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_NONAME":
      return ["the host's name has no address", `Is '${host}' written right, and does name resolution work here?`];
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return ["there is no way to the host", "Is the host up, and does a firewall let this through?"];
    case "ETIMEDOUT":
      return [
        `no answer within ${(connectTimeoutMs ?? CONNECT_TIMEOUT_MS) / 1000} s`,
        "Is it a MySQL server, and does a firewall let this through?",
      ];
    case "ECONNRESET":
    case "EPIPE":
    case "PROTOCOL_CONNECTION_LOST":
      return ["the server closed the connection at once", "Is it a MySQL server? Its log may say why."];
    default:
      return undefined;
  }
}

const AUTHENTICATION_CODES: ReadonlySet<string> = new Set([
  "AUTH_SWITCH_PLUGIN_ERROR",
  "MYSQL_CLEAR_PASSWORD_NOT_ENABLED",
]);
/** The driver puts a code of its own on an error of the certificate. */
const OTHER_HOST_REGEXP = /does not match certificate's altnames/;

function tlsTrouble(
  code: string,
  message: string,
  { host, tls }: ServerTarget,
): readonly [what: string, hint: string] {
  if (code === "HANDSHAKE_NO_SSL_SUPPORT") {
    return ["the server does not offer TLS", `TLS is demanded by sslmode=${tls.mode}; sslmode=prefer goes on without.`];
  }
  if (OTHER_HOST_REGEXP.test(message)) {
    return [
      `its certificate is not for '${host}'`,
      "Connect by a name that is in the certificate, or check only its authority with sslmode=verify-ca.",
    ];
  }
  // Deno 2.6 has no word for a certificate that is not trusted
  const what = code === "UNKNOWN" ? "TLS failed; the server's certificate may be one that is not trusted" : message;
  return [what, tlsHint(tls, what)];
}

/** How long an attempt to connect may take unless the target says otherwise, in milliseconds. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** The name of the plugin that the driver's message is about. */
function pluginIn(message: string): string {
  return /unknown plugin (\w+)/.exec(message)?.[1] ?? /\b\w+_(?:password|plugin|client)\b/.exec(message)?.[0] ??
    message;
}
