/**
 * Where a database is, parsed: what `src/url.ts` makes of a URL and the drivers connect to.
 *
 * @module
 */

/** How far TLS is wanted, with libpq's meanings: https://www.postgresql.org/docs/current/libpq-ssl.html */
export type TlsMode = "disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full";

export interface TlsSettings {
  readonly mode: TlsMode;
  /** File with the certificate authorities to trust; `"system"` for the system's own; absent: the system's own too. */
  readonly rootCert?: string;
  /** The client's certificate and key files. */
  readonly cert?: string;
  readonly key?: string;
}

/** A server that speaks the PostgreSQL or the MySQL protocol. */
export interface ServerTarget {
  readonly dialect: "postgresql" | "mysql";
  readonly host: string;
  readonly port: number;
  /** Path of the unix socket; then host and port are not used. For PostgreSQL the socket file itself. */
  readonly socket?: string;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly tls: TlsSettings;
  /** Milliseconds until an attempt to connect is given up. @default 10,000 */
  readonly connectTimeoutMs?: number;
  /** Driver-neutral options that were understood, e.g. `charset`, `options`, `application_name`, `search_path`. */
  readonly options: Readonly<Record<string, string>>;
  /** The URL without its password. */
  readonly label: string;
}

export interface SqliteTarget {
  readonly dialect: "sqlite";
  /** Absolute path. */
  readonly file: string;
  readonly options: Readonly<Record<string, string>>;
  readonly label: string;
}

export type Target = ServerTarget | SqliteTarget;
