/**
 * One physical connection to a MySQL or MariaDB server, with TLS as it was asked for.
 *
 * @module
 */

import { type Connection, type ConnectionOptions, createConnection } from "mysql2";
import { checkServerIdentity, type TLSSocket } from "node:tls";
import { messageOf } from "../errors.ts";
import { takeAbruptEnd } from "./abrupt_end.ts";
import type { Role } from "./database.ts";
import { CONNECT_TIMEOUT_MS, connectError, serverNumberOf } from "./mysql_errors.ts";
import type { ServerTarget } from "./target.ts";
import { type EncryptedWay, tlsPlan, type TlsWay } from "./tls.ts";

/** What the driver's types do not tell of its connection. */
export interface CoreConnection extends Connection {
  readonly stream: TLSSocket;
  startTLS(onSecure: (error?: Error) => void): void;
}

/** The lost connection of a sleeping laptop or a silent firewall is noticed after this long, in milliseconds. */
const KEEP_ALIVE_MS = 30_000;

/** Codes of what no other way of encryption would mend. */
const HOPELESS: ReadonlySet<string> = new Set(
  [
    "ECONNREFUSED",
    "ENOENT",
    "EACCES",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EAI_NONAME",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ETIMEDOUT",
  ],
);
/** The server refuses a user that must come by TLS as it refuses a wrong password, or says that TLS is demanded. */
const REFUSED_IN_PLAIN: ReadonlySet<number> = new Set([1045, 3159]);

/**
 * Connects, by the first of the ways of TLS that works.
 *
 * @throws {DatabaseError} of kind `unreachable`, `denied` or `missing-database`
 * @throws {TlsSettingsError}
 */
export async function connectTo(target: ServerTarget, role: Role): Promise<CoreConnection> {
  const ways = await tlsPlan(target.tls, { socket: target.socket });
  let failure: unknown;
  for (const way of ways) {
    try {
      return await attempt(target, role, way);
    } catch (error) {
      // of two failures the first tells more, unless it is only that the server has no TLS
      failure = failure === undefined || codeOf(failure) === "HANDSHAKE_NO_SSL_SUPPORT" ? error : failure;
      if (!mayWorkOtherwise(error, way)) throw connectError(error, target);
    }
  }
  throw connectError(failure, target);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function mayWorkOtherwise(error: unknown, way: TlsWay): boolean {
  const number = serverNumberOf(error);
  if (number !== undefined) return !way.encrypted && REFUSED_IN_PLAIN.has(number);
  return way.encrypted && !HOPELESS.has(codeOf(error));
}

async function attempt(target: ServerTarget, role: Role, way: TlsWay): Promise<CoreConnection> {
  const core = createConnection(options(target, role, way)) as CoreConnection;
  // what comes after the first error says nothing new, and an error that nobody listens to is shown
  core.on("error", () => undefined);
  if (way.encrypted) watchTls(core, target.host, way);
  try {
    await new Promise<void>((resolve, reject) => {
      core.connect((error) => error === null || error === undefined ? resolve() : reject(error));
    });
    return core;
  } catch (error) {
    core.stream.destroy();
    throw error;
  }
}

function options(target: ServerTarget, role: Role, way: TlsWay): ConnectionOptions {
  return {
    ...(target.socket === undefined ? { host: target.host, port: target.port } : { socketPath: target.socket }),
    ...(target.user === undefined ? {} : { user: target.user }),
    ...(target.password === undefined ? {} : { password: target.password }),
    ...(target.database === undefined ? {} : { database: target.database }),
    ...(way.encrypted ? { ssl: sslOptions(way) } : {}),
    connectTimeout: target.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    connectAttributes: { program_name: `delembic ${role}` },
    // loads come as a file that the server asks for, and nothing but the rows of a load is ever given to it; and the
    // driver's IGNORE_SPACE would make names of functions reserved words
    flags: ["FOUND_ROWS", role === "work" ? "LOCAL_FILES" : "-LOCAL_FILES", "-IGNORE_SPACE", "-ODBC"],
    supportBigNumbers: true,
    dateStrings: true,
    jsonStrings: true,
    maxPreparedStatements: 100,
  };
}

function sslOptions({ verify, ca, cert, key }: EncryptedWay): NonNullable<Exclude<ConnectionOptions["ssl"], string>> {
  return {
    rejectUnauthorized: verify !== "none",
    ...(ca === undefined ? {} : { ca: [...ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** Steps in when TLS is up and before the password is sent. */
function watchTls(core: CoreConnection, host: string, { verify }: EncryptedWay): void {
  const startTls = core.startTLS.bind(core);
  core.startTLS = (onSecure) =>
    startTls((error) => {
      takeAbruptEnd(core.stream);
      // the driver's own check takes any certificate where the host is an address
      onSecure(error ?? (verify === "host" ? identityError(core, host) : undefined));
    });
}

function identityError(core: CoreConnection, host: string): Error | undefined {
  try {
    return checkServerIdentity(host, core.stream.getPeerCertificate());
  } catch (error) {
    return new TypeError(`Cannot read the server's certificate: ${messageOf(error)}`);
  }
}
