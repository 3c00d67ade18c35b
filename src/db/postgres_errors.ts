/**
 * What PostgreSQL's errors mean for us, and how a failed connection is told to people.
 *
 * @module
 */

import { messageOf } from "../errors.ts";
import { DatabaseError, type DatabaseErrorDetails, type DatabaseErrorKind } from "./database.ts";
import type { ErrorFields } from "./postgres_wire.ts";
import type { ServerTarget } from "./target.ts";
import { tlsHint } from "./tls_hint.ts";

/** A kind, and the kind that it has while connecting where that differs. */
interface Meaning {
  readonly kind: DatabaseErrorKind;
  readonly connecting?: DatabaseErrorKind;
  readonly hint?: string;
}

const AGAIN_LATER = "Try again when the server is ready: 'delembic upgrade --wait' does.";

/** https://www.postgresql.org/docs/current/errcodes-appendix.html; whole classes by their first two characters. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  "08": { kind: "lost", connecting: "unreachable" }, // connection exception; poolers give 08P01 for all of theirs
  "28": {
    kind: "denied", // invalid authorization: wrong password (28P01), no line of pg_hba.conf, no such role (28000)
    hint: "Check the user and the password in the database's URL, and that the server lets that user in from here.",
  },
  "3D000": { kind: "missing-database", hint: "Create the database, or correct its name in the database's URL." },
  "53300": { kind: "unreachable", hint: `The server has no connection left. ${AGAIN_LATER}` },
  "57P03": { kind: "unreachable", hint: AGAIN_LATER }, // starting up, shutting down, in recovery
  "57P01": { kind: "lost", connecting: "unreachable" }, // ended by an administrator
  "57P02": { kind: "lost", connecting: "unreachable" }, // another backend crashed
  "57P04": { kind: "lost" }, // the database was dropped
  "57P05": { kind: "lost" }, // idle for longer than idle_session_timeout
  "25P03": { kind: "lost" }, // idle in a transaction for longer than idle_in_transaction_session_timeout
  "25P04": { kind: "lost" }, // longer than transaction_timeout
  "40001": { kind: "serialization" },
  "40P01": { kind: "serialization" }, // deadlock
  "40003": { kind: "lost" }, // whether the statement was completed is unknown (CockroachDB at a commit)
  "55P03": { kind: "lock-timeout" },
  "57014": { kind: "cancelled" }, // by a request or statement_timeout
  "42501": { kind: "privilege", connecting: "denied" },
  "25006": {
    kind: "privilege",
    hint: "The connection is read-only: it is a migration's source, or the server is a standby.",
  },
  "42P01": { kind: "missing-table" },
  "42P06": { kind: "exists" }, // schema
  "42P07": { kind: "exists" }, // table
  "42710": { kind: "exists" }, // other object: type, role, extension
  "23505": { kind: "unique" },
  "53100": { kind: "storage" }, // disk full
  "58030": { kind: "storage" }, // I/O error
  "XX001": { kind: "storage" }, // data corrupted
  "XX002": { kind: "storage" }, // index corrupted
  "25P02": {
    kind: "other",
    hint: "An earlier statement of this transaction failed. To go on after an error, set a savepoint before.",
  },
  "42P18": { kind: "other", hint: "Say which type the value has, for example ${value}::integer." },
};

/** Only PostgreSQL has messages with a SQLSTATE of five characters; what the driver itself throws has names. */
const SQLSTATE_REGEXP = /^[0-9A-Z]{5}$/;

/** The fields of an error as porsager's driver has them. */
interface ServerError {
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly position?: string;
  readonly constraint_name?: string;
  readonly where?: string;
}

function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && "code" in error && typeof error.code === "string" &&
    SQLSTATE_REGEXP.test(error.code);
}

/** An error of the server, as the driver would throw it: https://www.postgresql.org/docs/current/protocol-error-fields.html */
export function serverError(fields: ErrorFields): Error {
  const names = {
    code: "C",
    detail: "D",
    hint: "H",
    position: "P",
    where: "W",
    constraint_name: "n",
    column_name: "c",
  };
  const found = Object.entries(names).flatMap(([name, letter]) => {
    const value = fields.get(letter);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.assign(new Error(fields.get("M")), Object.fromEntries(found));
}

/** The SQLSTATE of what the driver threw, when it is the server's error. */
export function sqlStateOf(error: unknown): string | undefined {
  return isServerError(error) ? error.code : undefined;
}

function meaningOf(sqlState: string): Meaning {
  return MEANINGS[sqlState] ?? MEANINGS[sqlState.slice(0, 2)] ?? { kind: "other" };
}

export interface StatementContext {
  readonly statement: string;
  /** How many characters we put before the statement, for the error's position. */
  readonly prefix: number;
}

/** The error of a statement. The cause is left out: the driver hangs the values of the statement on it. */
export function statementError(error: unknown, { statement, prefix }: StatementContext): DatabaseError {
  if (error instanceof DatabaseError) return error;
  if (!isServerError(error)) return clientError(error, statement);
  const { kind, hint } = meaningOf(error.code);
  const details = detailsOf(error);
  return new DatabaseError(kind, error.message, {
    statement,
    details: details.position === undefined ? details : { ...details, position: details.position - prefix },
    hint: hint ?? error.hint,
  });
}

const BROKEN_REGEXP = /^(?:CONNECTION_|ECONN|EPIPE)/;

/** What the driver, and not the server, raised. */
function clientError(error: unknown, statement: string): DatabaseError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return BROKEN_REGEXP.test(code)
    ? lostError(undefined, statement)
    : new DatabaseError("other", messageOf(error), { statement });
}

function detailsOf(error: ServerError): DatabaseErrorDetails {
  return {
    sqlState: error.code,
    detail: error.detail,
    serverHint: error.hint,
    position: error.position === undefined ? undefined : Number(error.position),
    constraint: error.constraint_name,
    where: error.where,
  };
}

/** The connection is gone: with the server's reason, where it gave one. */
export function lostError(reason: string | undefined, statement?: string): DatabaseError {
  return new DatabaseError(
    "lost",
    `The connection to the server was lost${reason === undefined ? "" : `: ${reason}`}`,
    {
      statement,
    },
  );
}

/** Where a target is, for messages: `127.0.0.1:5432`, or the socket's path. */
export function addressOf({ host, port, socket }: ServerTarget): string {
  return socket ?? (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);
}

const MISSING_DATABASE_REGEXP = /database .* does not exist|no such database/;
const DENIED_REGEXP = /password authentication failed|no such user|not allowed/;

/** The error of an attempt to connect; its message names the address and never a password. */
export function connectError(error: unknown, target: ServerTarget): DatabaseError {
  if (error instanceof DatabaseError) return error;
  if (isServerError(error)) return refusal(error);
  const [what, hint] = networkTrouble(error, target);
  return new DatabaseError("unreachable", `Cannot connect to PostgreSQL at ${addressOf(target)}: ${what}`, { hint });
}

/** The server answered, and said no. Poolers pass on their server's message, but not its code. */
function refusal(error: ServerError): DatabaseError {
  const pooled = error.code === "08P01" ? sqlStateOfPooled(error.message) : undefined;
  const meaning = meaningOf(pooled ?? error.code);
  const kind = meaning.connecting ?? meaning.kind;
  const connecting: ReadonlySet<DatabaseErrorKind> = new Set(["unreachable", "denied", "missing-database"]);
  return new DatabaseError(connecting.has(kind) ? kind : "unreachable", error.message, {
    details: detailsOf(error),
    hint: meaning.hint ?? error.hint,
  });
}

function sqlStateOfPooled(message: string): string | undefined {
  return MISSING_DATABASE_REGEXP.test(message) ? "3D000" : DENIED_REGEXP.test(message) ? "28P01" : undefined;
}

/** What is in the way, and what can be done, by the codes of Node's network functions. */
function networkTrouble(error: unknown, { host, socket, tls }: ServerTarget): [what: string, hint: string] {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
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
    case "ETIMEDOUT":
      return ["there is no way to the host", "Is the host up, and does a firewall let this through?"];
    case "NO_ANSWER":
      return [messageOf(error), "Is it a PostgreSQL server, and does a firewall let this through?"];
    case "NO_TLS":
      return [
        "the server does not offer TLS",
        `TLS is demanded by sslmode=${tls.mode}; sslmode=prefer goes on without.`,
      ];
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return [
        `its certificate is not for '${host}'`,
        "Connect by a name that is in the certificate, or check only its authority with sslmode=verify-ca.",
      ];
    case "UNKNOWN_AUTHENTICATION":
      return [
        "the server asks for a kind of authentication that is not supported",
        "Passwords (SCRAM-SHA-256, MD5, clear text), client certificates, peer and trust are.",
      ];
    case "ECONNRESET":
    case "EPIPE":
    case "HUNG_UP":
      return ["the server closed the connection at once", "Is it a PostgreSQL server? Its log may say why."];
    default:
      return [messageOf(error), tlsHint(tls, messageOf(error))];
  }
}

/** Trouble of our own making, with a code like those of the system. */
export class NetworkTrouble extends Error {
  constructor(readonly code: "NO_ANSWER" | "NO_TLS" | "HUNG_UP" | "UNKNOWN_AUTHENTICATION", message: string = code) {
    super(message);
  }
}
