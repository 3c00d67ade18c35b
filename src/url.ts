/**
 * Database URLs: SQLAlchemy's (`postgresql+psycopg://…`, `sqlite:///file.db`), libpq's and plain ones. Pure.
 *
 * A password should be percent-encoded, but many are not. So a `@`, `/`, `?`, `#` or `%` in it is understood wherever
 * only one reading of the URL makes sense. Messages never repeat a part of the URL that could be the password.
 *
 * @module
 */

import { resolve } from "node:path";
import type { ServerTarget, SqliteTarget, Target } from "./db/target.ts";
import { labelOf } from "./redact.ts";
import { closest } from "./suggest.ts";
import { takeTls } from "./tls_options.ts";
import { percentDecode, UrlError, UrlOptions } from "./url_options.ts";

export { UrlError };

export interface ParsedUrl {
  readonly target: Target;
  /** Names of options that had no use here: those that only a Python driver knows. */
  readonly ignored: readonly string[];
  /** Where the URL came from, in words, where that is known: `--url`. */
  readonly from?: string;
}

export interface UrlContext {
  /** The folder that paths in the URL are relative to: that of the ini file. */
  readonly relativeTo: string;
  /** Whether there is a unix socket; asked for PostgreSQL's usual ones where the URL has no host. @default none is */
  readonly isSocket?: (path: string) => boolean;
}

const DIALECTS: Readonly<Record<string, Target["dialect"]>> = {
  postgresql: "postgresql",
  postgres: "postgresql",
  cockroachdb: "postgresql",
  mysql: "mysql",
  mariadb: "mysql",
  sqlite: "sqlite",
};
const SUPPORTED =
  "Supported are postgresql://, mysql://, mariadb:// and sqlite:///, each also with +driver as in SQLAlchemy.";
const SCHEME_REGEXP = /^([A-Za-z][A-Za-z0-9_.-]{0,30})(?:\+([A-Za-z0-9_.-]+))?:\/\/([^]*)$/;

/**
 * @throws {UrlError} when the text is no such URL, the database is not supported, or an option has no meaning
 */
export function parseDatabaseUrl(text: string, context: UrlContext): ParsedUrl {
  const trimmed = text.trim();
  if (trimmed.startsWith("file:")) {
    throw trimmed.includes(":memory:") || trimmed.includes("mode=memory") ? inMemory() : notSupported("file");
  }
  const [, name, driver, rest] = SCHEME_REGEXP.exec(trimmed) ?? [];
  if (name === undefined || rest === undefined) {
    throw new UrlError("The database URL does not begin with a scheme such as postgresql://", SUPPORTED);
  }
  const scheme = name.toLowerCase();
  const dialect = Object.hasOwn(DIALECTS, scheme) ? DIALECTS[scheme] : undefined;
  if (dialect === undefined || driver === "pysqlcipher") throw notSupported(driver === "pysqlcipher" ? driver : scheme);
  return dialect === "sqlite" ? parseSqlite(rest, context) : parseServer(dialect, rest, context);
}

function notSupported(name: string): UrlError {
  const suggestion = closest(name, Object.keys(DIALECTS));
  const hint = suggestion === undefined ? SUPPORTED : `Did you mean ${suggestion}? ${SUPPORTED}`;
  return new UrlError(`Databases of the kind '${name}' are not supported`, hint);
}

function inMemory(): UrlError {
  return new UrlError(
    "SQLite in memory cannot be used: each connection would have a database of its own",
    "Name a file: sqlite:///app.db.",
  );
}

function parseSqlite(rest: string, { relativeTo }: UrlContext): ParsedUrl {
  const [, path, query] = /^([^?]*)(?:\?([^]*))?$/.exec(rest) ?? [];
  const options = new UrlOptions(parseQuery(query) ?? []);
  if (path !== undefined && path !== "" && !path.startsWith("/")) {
    throw new UrlError(
      "The URL of a SQLite file needs three slashes, or four before an absolute path",
      "Write sqlite:///app.db or sqlite:////srv/app.db.",
    );
  }
  // as SQLAlchemy: what comes after the slash that ends the (empty) host
  const name = percentDecode(path?.slice(1) ?? "");
  // SQLite's own URI within the URL: sqlite:///file:app.db?uri=true
  const file = name.startsWith("file:") ? name.replace(/^file:(\/\/(localhost)?(?=\/))?/, "") : name;
  const mode = options.take("mode");
  if (file === "" || file === ":memory:" || mode === "memory") throw inMemory();
  if (mode !== undefined && mode !== "rw" && mode !== "rwc") {
    throw new UrlError("The option mode=ro opens a SQLite file that Delembic could not write to", "Take it out.");
  }
  options.take("uri");
  const target: Omit<SqliteTarget, "label"> = {
    dialect: "sqlite",
    file: resolve(relativeTo, file),
    options: takeOptions(options, { foreign_keys: ["foreign_keys"] }),
  };
  return { target: { ...target, label: labelOf(target) }, ignored: options.ignored() };
}

const DEFAULT_PORTS = { postgresql: 5432, mysql: 3306 } as const;

function parseServer(dialect: "postgresql" | "mysql", rest: string, context: UrlContext): ParsedUrl {
  const parts = splitServer(rest);
  const options = new UrlOptions(parts.query);
  refuseIndirect(options);
  const user = options.take("user") ?? parts.user;
  const password = options.take("password", "passwd") ?? parts.password;
  const database = options.take("dbname", "database") ?? parts.database;
  const tls = takeTls(options, (file) => resolve(context.relativeTo, file));
  const connectTimeoutMs = takeTimeout(options);
  const target: Omit<ServerTarget, "label"> = {
    dialect,
    ...takeAddress(dialect, parts, options, context),
    ...(user ? { user } : {}),
    ...(password ? { password } : {}),
    ...(database ? { database } : {}),
    tls,
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
    options: takeOptions(options, {
      application_name: ["application_name", "applicationname"],
      options: ["options"],
      search_path: ["search_path", "currentschema"],
      charset: ["charset"],
    }),
  };
  return { target: { ...target, label: labelOf(target) }, ignored: options.ignored() };
}

interface ServerParts {
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly host: string;
  readonly port: string;
  readonly database: string | undefined;
  readonly query: readonly (readonly [string, string])[];
}

/** Splits `user:password@host:port/database?options`, if there is exactly one way to do it that makes sense. */
function splitServer(rest: string): ServerParts {
  const authority = /^[^/?]*/.exec(rest)?.[0] ?? "";
  const ends = [...rest.matchAll(/@/g)].map(({ index }) => index);
  if (!authority.includes("@")) ends.unshift(-1);
  const readings = ends.map((end) => splitAt(rest, end)).filter((parts) => parts !== undefined);
  const [only] = readings;
  if (only !== undefined && readings.length === 1) return only;
  throw new UrlError(
    only === undefined
      ? "The database URL cannot be read as scheme://user:password@host:port/database?option=value"
      : "The database URL can be read in several ways, with one @ or another as the end of the password",
    "Write %40 for @, %2F for /, %3F for ?, %23 for #, %3A for : and %25 for % in the password and in options; an IPv6 " +
      "address stands in [ ].",
  );
}

/** What comes after the user's part; the port may be a list, to be refused by name. */
const ADDRESS_REGEXP =
  /^(\[[0-9A-Za-z:.%_-]+\]|[\p{L}\p{N}._~%,-]*)(?::(\d*(?:,[^/?#@]*)?))?(?:\/([^?@]*))?(?:\?([^]*))?$/u;

/** The parts, if the `@` at this place ends the user's part (-1: there is none); `undefined` if that makes no sense. */
function splitAt(rest: string, at: number): ServerParts | undefined {
  const [, host, port, database, queryText] = ADDRESS_REGEXP.exec(rest.slice(at + 1)) ?? [];
  const query = parseQuery(queryText);
  if (host === undefined || query === undefined) return undefined;
  const login = at < 0 ? "" : rest.slice(0, at);
  const colon = login.indexOf(":");
  const user = colon < 0 ? login : login.slice(0, colon);
  if (/[/?]/.test(user)) return undefined;
  return {
    user: percentDecode(user),
    password: colon < 0 ? undefined : percentDecode(login.slice(colon + 1)),
    host: percentDecode(host.replace(/^\[(.*)\]$/, "$1")),
    port: port ?? "",
    database: database === undefined ? undefined : percentDecode(database),
    query,
  };
}

/** `undefined` if the text is no `name=value&…`: then it is part of something else. */
function parseQuery(text: string | undefined): [string, string][] | undefined {
  const pairs: [string, string][] = [];
  for (const pair of (text ?? "").split("&")) {
    if (pair === "") continue;
    const [, name, value] = /^([\w.-]+)=([^]*)$/.exec(pair) ?? [];
    if (name === undefined || value === undefined) return undefined;
    // a + is a space in SQLAlchemy's and a + in libpq's URLs; only here does a space make sense: options=-c+a=b
    pairs.push([name, percentDecode(name === "options" ? value.replaceAll("+", " ") : value)]);
  }
  return pairs;
}

/** Options of libpq that say where to find the answer instead of giving it: to pass them over would connect elsewhere. */
function refuseIndirect(options: UrlOptions): void {
  for (const name of ["service", "servicefile", "passfile"]) {
    if (options.take(name) === undefined) continue;
    throw new UrlError(
      `The option '${name}' of the database URL is not supported`,
      "Write host, user and database into the URL, and the password as ${NAME} from the environment.",
    );
  }
}

function takeAddress(
  dialect: "postgresql" | "mysql",
  parts: ServerParts,
  options: UrlOptions,
  context: UrlContext,
): Pick<ServerTarget, "host" | "port" | "socket"> {
  const portText = options.take("port") ?? parts.port;
  const hostText = options.take("host") ?? parts.host;
  const address = options.take("hostaddr");
  const host = hostText || address || "";
  if (host.includes(",") || portText.includes(",")) {
    throw new UrlError("Several hosts in one database URL are not supported", "Name the one that can be written to.");
  }
  const port = parsePort(portText) ?? DEFAULT_PORTS[dialect];
  const socketFile = options.take("unix_socket", "unix_sock", "socket", "socketpath");
  const socket = socketFile ?? (host.startsWith("/") ? socketIn(dialect, host, port) : undefined) ??
    (host === "" && dialect === "postgresql" ? usualSocket(port, context) : undefined);
  if (socket !== undefined) return { host: "localhost", port, socket };
  return { host: host || "localhost", port };
}

function parsePort(text: string): number | undefined {
  if (text === "") return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new UrlError(
    "The port in the database URL is no number from 1 to 65535",
    "PostgreSQL's is 5432, MySQL's 3306.",
  );
}

/** libpq names the socket's folder, MySQL's drivers the socket. */
function socketIn(dialect: "postgresql" | "mysql", path: string, port: number): string {
  if (dialect === "mysql" || /\/\.s\.PGSQL\.\d+$/.test(path)) return path;
  return `${path.replace(/\/+$/, "")}/.s.PGSQL.${port}`;
}

/** Without a host, libpq takes the unix socket where the server was built to make it. */
function usualSocket(port: number, { isSocket }: UrlContext): string | undefined {
  return ["/var/run/postgresql", "/tmp"].map((folder) => socketIn("postgresql", folder, port)).find((path) =>
    isSocket?.(path)
  );
}

/** libpq counts in seconds, with 0 for no limit; a run that waits for ever helps nobody, so 0 is our default. */
function takeTimeout(options: UrlOptions): number | undefined {
  const text = options.take("connect_timeout", "timeout");
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds < 0) {
    throw new UrlError(
      "The option connect_timeout of the database URL is no number of seconds",
      "Write connect_timeout=10.",
    );
  }
  return seconds === 0 ? undefined : Math.ceil(seconds * 1000);
}

/** Takes the options that the drivers understand, under one name each. */
function takeOptions(options: UrlOptions, names: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  const taken = Object.entries(names).map(([name, aliases]) => [name, options.take(...aliases)] as const);
  return Object.fromEntries(taken.filter((pair): pair is readonly [string, string] => pair[1] !== undefined));
}
