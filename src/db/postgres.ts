/**
 * The driver of PostgreSQL, and of what speaks its protocol, over porsager's `postgres`.
 *
 * A session is one physical connection that we open ourselves, so that nothing can put another one in its place in the
 * middle of a transaction, and TLS means what the URL says. Nothing is prepared and no session state is set, so a
 * pooler in transaction mode does no harm.
 *
 * @module
 */

import type { Socket } from "node:net";
import postgres, { type ReservedSql, type Sql } from "postgres";
import { type Database, DatabaseError, type Role } from "./database.ts";
import { postgresDialect } from "./postgres_dialect.ts";
import { connectError, NetworkTrouble, sqlStateOf } from "./postgres_errors.ts";
import { PostgresSession, type RunText } from "./postgres_session.ts";
import { openSocket } from "./postgres_socket.ts";
import { type DriverType, driverTypes } from "./postgres_types.ts";
import { cancelRequest, WireListener } from "./postgres_wire.ts";
import type { ServerTarget } from "./target.ts";
import { tlsPlan, type TlsWay } from "./tls.ts";

const CONNECT_TIMEOUT_MS = 10_000;
/** Options of a URL that the server understands as settings of the session. A pooler may refuse them. */
const STARTUP_OPTIONS = ["options", "search_path"] as const;

/** No connection is made yet. */
export function openPostgres(target: ServerTarget): Database {
  return {
    dialect: postgresDialect,
    target,
    connect: (role) => connect(target, role),
  };
}

async function connect(target: ServerTarget, role: Role): Promise<PostgresSession> {
  const plan = await tlsPlan(target.tls, target);
  let failure: unknown;
  for (const [index, way] of plan.entries()) {
    try {
      return await inTime(target, (signal) => connectBy(target, { role, way, signal }));
    } catch (error) {
      failure = error;
      if (index === plan.length - 1 || !mayBeOtherwise(error)) break;
    }
  }
  throw connectError(failure, target);
}

/** Troubles that are the same with and without TLS. */
const SAME_BOTH_WAYS: ReadonlySet<string> = new Set([
  ...["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EAI_NONAME", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT", "EACCES"],
  ...["NO_ANSWER", "UNKNOWN_AUTHENTICATION"],
]);

/** Whether the next way of the TLS plan could succeed where this one failed: TLS itself did, or pg_hba.conf wants it so. */
function mayBeOtherwise(error: unknown): boolean {
  const sqlState = sqlStateOf(error);
  if (sqlState !== undefined) return sqlState === "28000";
  return !(error instanceof Error && "code" in error && SAME_BOTH_WAYS.has(String(error.code)));
}

/** Ends the attempt when the target's time to connect is over. */
async function inTime<T>(target: ServerTarget, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const milliseconds = target.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const controller = new AbortController();
  const late = () => controller.abort(new NetworkTrouble("NO_ANSWER", `no answer in ${milliseconds / 1000} s`));
  const timer = setTimeout(late, milliseconds);
  try {
    return await attempt(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

interface Attempt {
  readonly role: Role;
  readonly way: TlsWay;
  readonly signal: AbortSignal;
}

async function connectBy(target: ServerTarget, { role, way, signal }: Attempt): Promise<PostgresSession> {
  const socket = await openSocket(target, { way, signal });
  const wire = new WireListener(socket);
  const sql = driverOn(socket, target, role);
  const broken = whenBroken(socket, wire, signal);
  try {
    const readOnly = role === "read";
    const started = await Promise.race([start(sql, wire, readOnly), broken.promise]);
    return new PostgresSession({ socket, wire, sql, ...started, readOnly, cancel: () => cancel(target, way, wire) });
  } catch (error) {
    void sql.end({ timeout: 0 });
    socket.destroy();
    throw error;
  } finally {
    broken.forget();
  }
}

/** Fails as soon as nothing can come of the log-in any more; the driver itself would wait, or try again for ever. */
function whenBroken(
  socket: Socket,
  wire: WireListener,
  signal: AbortSignal,
): { promise: Promise<never>; forget: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const onClose = () => reject(socket.errored ?? new NetworkTrouble("HUNG_UP"));
  const onAbort = () => reject(signal.reason);
  socket.on("error", reject);
  socket.on("close", onClose);
  signal.addEventListener("abort", onAbort);
  wire.onUnknownAuthentication = () => reject(new NetworkTrouble("UNKNOWN_AUTHENTICATION"));
  if (socket.destroyed) onClose();
  promise.catch(() => undefined);
  const forget = () => {
    socket.off("error", reject);
    socket.off("close", onClose);
    signal.removeEventListener("abort", onAbort);
  };
  return { promise, forget };
}

/** The driver, on a socket that is open already, and never on another. */
function driverOn(socket: Socket, target: ServerTarget, role: Role): Sql {
  let taken = false;
  const settings = Object.fromEntries(
    STARTUP_OPTIONS.flatMap((name) => target.options[name] === undefined ? [] : [[name, target.options[name]]]),
  );
  const options: postgres.Options<Record<string, postgres.PostgresType>> & { socket: () => Socket } = {
    max: 1,
    ssl: false,
    prepare: false,
    fetch_types: false,
    // times are ours: a session lives as long as it is used, and connecting has a limit of its own
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 0,
    onnotice: () => {},
    types: driverTypes() as Record<string, DriverType>,
    connection: { ...settings, application_name: target.options["application_name"] ?? `delembic ${role}` },
    ...(target.user === undefined ? {} : { user: target.user }),
    ...(target.password === undefined ? {} : { password: target.password }),
    ...(target.database === undefined ? {} : { database: target.database }),
    socket: () => {
      if (taken) throw new NetworkTrouble("HUNG_UP");
      taken = true;
      return socket;
    },
  };
  return postgres(options);
}

interface Started {
  readonly native: ReservedSql;
  readonly runText: RunText;
  readonly backend: number | undefined;
  readonly checksClients: boolean;
  readonly endsIdle: boolean;
}

/** Logs in, and asks in one round trip what the session needs to know. */
async function start(sql: Sql, wire: WireListener, readOnly: boolean): Promise<Started> {
  const [row] = await sql`
    select pg_backend_pid() as pid, current_setting('client_connection_check_interval', true) as checks,
      current_setting('idle_in_transaction_session_timeout', true) as idle`;
  // only now: with its connection still closed, the driver would wait for ever
  const native = await sql.reserve();
  const pid = Number(row?.["pid"]);
  // behind a pooler each transaction may have another backend, and the key is the pooler's
  const backend = pid === wire.key?.pid ? pid : undefined;
  // a pooler would give the session that was set so to others
  if (readOnly && backend !== undefined) await native`set default_transaction_read_only = on`;
  return {
    native,
    runText: native.unsafe as unknown as RunText,
    backend,
    checksClients: row?.["checks"] === "0",
    endsIdle: Number.parseFloat(String(row?.["idle"] ?? 0)) > 0,
  };
}

/**
 * Asks the server, over a connection of its own with the same encryption, to stop what the session does. Needs no
 * rights; a pooler passes it on. Resolves when the server has passed the request to the backend.
 */
async function cancel(target: ServerTarget, way: TlsWay, { key }: WireListener): Promise<void> {
  if (key === undefined) return;
  try {
    await inTime(target, async (signal) => {
      const socket = await openSocket(target, { way, signal });
      const closed = new Promise<void>((resolve) => {
        socket.once("close", resolve);
        // the server hangs up without an answer, which some systems call an error
        socket.on("error", () => socket.destroy());
        signal.addEventListener("abort", () => socket.destroy());
      });
      socket.resume();
      socket.write(cancelRequest(key));
      await closed;
    });
  } catch (error) {
    throw error instanceof DatabaseError ? error : connectError(error, target);
  }
}
