import assert from "node:assert/strict";
import fc from "fast-check";
import type { ServerTarget, TlsSettings } from "../../src/db/target.ts";
import { parseDatabaseUrl, UrlError } from "../../src/url.ts";

const CONTEXT = { relativeTo: "/srv/app" };

function server(url: string, context: Parameters<typeof parseDatabaseUrl>[1] = CONTEXT): ServerTarget {
  const { target } = parseDatabaseUrl(url, context);
  assert.ok(target.dialect !== "sqlite");
  return target;
}

function tls(query: string, scheme = "postgresql"): TlsSettings {
  return server(`${scheme}://h/d?${query}`).tls;
}

function refused(url: string): { message: string; hint: string | undefined } {
  try {
    parseDatabaseUrl(url, CONTEXT);
  } catch (error) {
    assert.ok(error instanceof UrlError);
    assert.equal(error.exitCode, 2);
    assert.equal(error.code, "database-url");
    return { message: error.message, hint: error.hint };
  }
  assert.fail(`${url} was accepted`);
}

Deno.test("parseDatabaseUrl() reads all parts of a server's URL", () => {
  assert.deepEqual(parseDatabaseUrl("postgresql+psycopg://anna:s3cr%40t@db.example.org:5433/app", CONTEXT), {
    target: {
      dialect: "postgresql",
      host: "db.example.org",
      port: 5433,
      user: "anna",
      password: "s3cr@t",
      database: "app",
      tls: { mode: "prefer" },
      options: {},
      label: "postgresql://anna@db.example.org:5433/app",
    },
    ignored: [],
  });
});

Deno.test("parseDatabaseUrl() knows the schemes of SQLAlchemy, libpq and others", () => {
  const schemes = ["postgresql", "postgres", "POSTGRES", "postgresql+asyncpg", "postgresql+psycopg2", "cockroachdb"];
  for (const scheme of schemes) assert.equal(server(`${scheme}://h/d`).dialect, "postgresql", scheme);
  for (const scheme of ["mysql", "mysql+pymysql", "mysql+aiomysql", "mariadb", "mariadb+mariadbconnector"]) {
    assert.equal(server(`${scheme}://h/d`).dialect, "mysql", scheme);
  }
  for (const scheme of ["sqlite", "sqlite+pysqlite", "sqlite+aiosqlite"]) {
    assert.equal(parseDatabaseUrl(`${scheme}:///a.db`, CONTEXT).target.dialect, "sqlite", scheme);
  }
});

Deno.test("parseDatabaseUrl() has each database's own port, and localhost", () => {
  assert.deepEqual([server("postgresql://").host, server("postgresql://").port], ["localhost", 5432]);
  assert.deepEqual([server("mysql:///app").host, server("mysql:///app").port], ["localhost", 3306]);
  assert.equal(server("mysql:///app").database, "app");
  assert.equal(server("mysql://h:/app").port, 3306);
});

Deno.test("parseDatabaseUrl() reads IPv6 hosts, and labels them in brackets", () => {
  const target = server("postgresql://u:p@[2001:db8::1]:5433/d");
  assert.equal(target.host, "2001:db8::1");
  assert.equal(target.label, "postgresql://u@[2001:db8::1]:5433/d");
  assert.equal(server("postgresql://[::1]/d").host, "::1");
});

Deno.test("parseDatabaseUrl() takes host, user, password and database from the options too, as libpq does", () => {
  const target = server("postgresql:///?host=h&port=5433&user=u&password=p%26w&dbname=d");
  assert.deepEqual(
    [target.host, target.port, target.user, target.password, target.database],
    ["h", 5433, "u", "p&w", "d"],
  );
  assert.equal(server("postgresql:///d?hostaddr=10.0.0.1").host, "10.0.0.1");
});

Deno.test("parseDatabaseUrl() reads unix sockets in all spellings", () => {
  const socket = "/run/postgresql/.s.PGSQL.5432";
  assert.equal(server("postgresql:///d?host=/run/postgresql").socket, socket);
  assert.equal(server("postgresql://u:p@/d?host=/run/postgresql/").socket, socket);
  assert.equal(server("postgresql://%2Frun%2Fpostgresql/d").socket, socket);
  assert.equal(server("postgresql:///d?host=/run/postgresql&port=5433").socket, "/run/postgresql/.s.PGSQL.5433");
  assert.equal(server(`postgresql+pg8000:///d?unix_sock=${socket}`).socket, socket);
  assert.equal(server("mysql+pymysql://u@/d?unix_socket=/run/mysqld/mysqld.sock").socket, "/run/mysqld/mysqld.sock");
  assert.equal(server("mysql://u@%2Frun%2Fmysqld.sock/d").socket, "/run/mysqld.sock");
  assert.equal(server("postgresql://u@/d?host=/run/postgresql").label, `postgresql://u@/d?socket=${socket}`);
});

Deno.test("parseDatabaseUrl() without a host takes PostgreSQL's usual socket where there is one", () => {
  const isSocket = (path: string) => path === "/tmp/.s.PGSQL.5433";
  assert.equal(server("postgresql:///d?port=5433", { ...CONTEXT, isSocket }).socket, "/tmp/.s.PGSQL.5433");
  assert.equal(server("postgresql:///d", { ...CONTEXT, isSocket }).socket, undefined);
  assert.equal(server("postgresql://h:5433/d", { ...CONTEXT, isSocket }).socket, undefined);
  assert.equal(server("mysql:///d?port=5433", { ...CONTEXT, isSocket }).socket, undefined);
});

Deno.test("parseDatabaseUrl() understands passwords that nobody encoded", () => {
  const passwords = [
    "p@ss",
    "a/b",
    "a?b",
    "a#b",
    "100%",
    "a:b",
    "a@b/c",
    "a@b?c",
    "1/2@3",
    "12?",
    "#",
    "@",
    "a b",
    "%zz",
    "é",
  ];
  for (const password of passwords) {
    assert.equal(server(`postgresql://u:${password}@h:5432/d`).password, password);
    assert.equal(server(`postgresql://u:${password}@h`).host, "h");
  }
});

Deno.test("parseDatabaseUrl() gives every encoded user, password and database back", () => {
  const text = fc.string({ unit: "binary", minLength: 1 }).filter((text) => text.isWellFormed());
  fc.assert(fc.property(text, text, text, (user, password, database) => {
    const [u, p, d] = [user, password, database].map(encodeURIComponent);
    const target = server(`mysql+pymysql://${u}:${p}@h:1/${d}`);
    assert.deepEqual([target.user, target.password, target.database], [user, password, database]);
  }));
});

Deno.test("parseDatabaseUrl() reads a password that is not encoded rightly, or refuses it without a part of it", () => {
  const piece = fc.constantFrom(
    "@",
    "/",
    "?",
    "#",
    ":",
    "%",
    "&",
    "=",
    "a=b",
    "1",
    "23",
    "[",
    "]",
    ",",
    "secret",
    "qx",
    "+",
    "\\",
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
      const password = pieces.join("");
      fc.pre(!/%[0-9a-fA-F]{2}/.test(password));
      for (const tail of ["h:5432/d", "h/d", "h", "h/d?sslmode=require"]) {
        try {
          const target = server(`postgresql://u:${password}@${tail}`);
          assert.deepEqual([target.user, target.password, target.host], ["u", password, "h"]);
        } catch (error) {
          if (!(error instanceof UrlError)) throw error;
          assert.ok(!`${error.message} ${error.hint}`.includes("secret"));
        }
      }
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("parseDatabaseUrl() refuses what cannot be read, or in two ways, and never shows it", () => {
  const hint =
    "Write %40 for @, %2F for /, %3F for ?, %23 for #, %3A for : and %25 for % in the password and in options; " +
    "an IPv6 address stands in [ ].";
  const unreadable = "The database URL cannot be read as scheme://user:password@host:port/database?option=value";
  for (
    const url of ["postgresql://u:pw@h:port/d", "postgresql://u:pw@::1/d", "postgresql://h/d?x", "mysql://u:p w/d"]
  ) {
    assert.deepEqual(refused(url), { message: unreadable, hint }, url);
  }
  assert.deepEqual(refused("postgresql://u:p@x/y?a=b@h/d"), {
    message: "The database URL can be read in several ways, with one @ or another as the end of the password",
    hint,
  });
});

Deno.test("parseDatabaseUrl() refuses a port out of range and several hosts", () => {
  for (const url of ["postgresql://h:0/d", "postgresql://h:65536/d", "postgresql:///d?host=h&port=x"]) {
    assert.deepEqual(refused(url), {
      message: "The port in the database URL is no number from 1 to 65535",
      hint: "PostgreSQL's is 5432, MySQL's 3306.",
    });
  }
  for (const url of ["postgresql://h1,h2/d", "postgresql://h1:1,h2:2/d", "postgresql:///d?host=h1,h2"]) {
    assert.deepEqual(refused(url), {
      message: "Several hosts in one database URL are not supported",
      hint: "Name the one that can be written to.",
    });
  }
});

const SUPPORTED =
  "Supported are postgresql://, mysql://, mariadb:// and sqlite:///, each also with +driver as in SQLAlchemy.";

Deno.test("parseDatabaseUrl() refuses other databases with the list of those that it knows", () => {
  assert.deepEqual(refused("oracle+oracledb://u:pw@h/d"), {
    message: "Databases of the kind 'oracle' are not supported",
    hint: SUPPORTED,
  });
  assert.equal(refused("mssql+pyodbc://h/d").message, "Databases of the kind 'mssql' are not supported");
  assert.deepEqual(refused("postgre://h/d"), {
    message: "Databases of the kind 'postgre' are not supported",
    hint: `Did you mean postgres? ${SUPPORTED}`,
  });
  assert.equal(
    refused("sqlite+pysqlcipher://:pw@/a.db").message,
    "Databases of the kind 'pysqlcipher' are not supported",
  );
  assert.equal(refused("file:app.db").message, "Databases of the kind 'file' are not supported");
});

Deno.test("parseDatabaseUrl() refuses what is no URL without showing it", () => {
  for (const text of ["", "host=h dbname=d password=pw", "u:secret@h/d", "postgresql:h/d", "app.db"]) {
    assert.deepEqual(refused(text), {
      message: "The database URL does not begin with a scheme such as postgresql://",
      hint: SUPPORTED,
    });
  }
});

Deno.test("parseDatabaseUrl() makes paths of SQLite absolute, from the ini file's folder", () => {
  const cases = {
    "sqlite:///app.db": "/srv/app/app.db",
    "sqlite:///../data/app.db": "/srv/data/app.db",
    "sqlite:////var/app.db": "/var/app.db",
    "sqlite:///my%20app%3F.db": "/srv/app/my app?.db",
    "sqlite:///a#b;c.db": "/srv/app/a#b;c.db",
    "sqlite:///file:app.db?uri=true&mode=rwc": "/srv/app/app.db",
    "sqlite:///file:///var/app.db?uri=true": "/var/app.db",
  };
  for (const [url, file] of Object.entries(cases)) {
    assert.deepEqual(parseDatabaseUrl(url, CONTEXT), {
      target: { dialect: "sqlite", file, options: {}, label: `sqlite:///${file}` },
      ignored: [],
    }, url);
  }
});

Deno.test("parseDatabaseUrl() refuses SQLite in memory", () => {
  const urls = [
    "sqlite://",
    "sqlite:///",
    "sqlite:///:memory:",
    "sqlite+aiosqlite:///:memory:",
    "file::memory:",
    "file:x?mode=memory&cache=shared",
    "sqlite:///file::memory:?uri=true",
    "sqlite:///file:x?mode=memory&uri=true",
  ];
  for (const url of urls) {
    assert.deepEqual(refused(url), {
      message: "SQLite in memory cannot be used: each connection would have a database of its own",
      hint: "Name a file: sqlite:///app.db.",
    }, url);
  }
});

Deno.test("parseDatabaseUrl() refuses a SQLite URL with too few slashes, and a read-only one", () => {
  assert.deepEqual(refused("sqlite://app.db"), {
    message: "The URL of a SQLite file needs three slashes, or four before an absolute path",
    hint: "Write sqlite:///app.db or sqlite:////srv/app.db.",
  });
  assert.deepEqual(refused("sqlite:///file:app.db?mode=ro&uri=true"), {
    message: "The option mode=ro opens a SQLite file that Delembic could not write to",
    hint: "Take it out.",
  });
});

Deno.test("parseDatabaseUrl() understands options of the drivers, and tells which had no use", () => {
  const { target, ignored } = parseDatabaseUrl(
    "postgresql+psycopg://h/d?application_name=my%20app&options=-c+a%3Db&currentSchema=x,y&connect_timeout=3" +
      "&prepared_statement_cache_size=0&client_encoding=utf8&channel_binding=require",
    CONTEXT,
  );
  assert.deepEqual(target.options, { application_name: "my app", options: "-c a=b", search_path: "x,y" });
  assert.equal(target.dialect === "postgresql" && target.connectTimeoutMs, 3000);
  assert.deepEqual(ignored, ["prepared_statement_cache_size", "client_encoding", "channel_binding"]);
  assert.deepEqual(server("mysql+pymysql://h/d?charset=utf8mb4").options, { charset: "utf8mb4" });
  const sqlite = parseDatabaseUrl("sqlite:///a.db?foreign_keys=off&timeout=5&check_same_thread=false", CONTEXT);
  assert.deepEqual(sqlite.target.options, { foreign_keys: "off" });
  assert.deepEqual(sqlite.ignored, ["timeout", "check_same_thread"]);
});

Deno.test("parseDatabaseUrl() takes connect_timeout=0 for the default, and refuses what is no number", () => {
  assert.equal(server("postgresql://h/d?connect_timeout=0").connectTimeoutMs, undefined);
  assert.equal(server("postgresql+asyncpg://h/d?timeout=2.5").connectTimeoutMs, 2500);
  assert.deepEqual(refused("postgresql://h/d?connect_timeout=soon"), {
    message: "The option connect_timeout of the database URL is no number of seconds",
    hint: "Write connect_timeout=10.",
  });
});

Deno.test("parseDatabaseUrl() refuses options that would lead elsewhere", () => {
  for (const name of ["service", "servicefile", "passfile"]) {
    assert.deepEqual(refused(`postgresql:///d?${name}=x`), {
      message: `The option '${name}' of the database URL is not supported`,
      hint: "Write host, user and database into the URL, and the password as ${NAME} from the environment.",
    });
  }
});

Deno.test("parseDatabaseUrl() has libpq's sslmode for both servers, with prefer as the default", () => {
  for (const scheme of ["postgresql", "mysql"]) {
    assert.deepEqual(server(`${scheme}://h/d`).tls, { mode: "prefer" });
    for (const mode of ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]) {
      assert.equal(tls(`sslmode=${mode}`, scheme).mode, mode);
    }
  }
  assert.deepEqual(tls("sslmode=verify-full&sslrootcert=ca.crt&sslcert=/c.crt&sslkey=k.key"), {
    mode: "verify-full",
    rootCert: "/srv/app/ca.crt",
    cert: "/c.crt",
    key: "/srv/app/k.key",
  });
});

Deno.test("parseDatabaseUrl() understands the TLS options of MySQL's client, PyMySQL and asyncpg", () => {
  const modes: Record<string, TlsSettings["mode"]> = {
    "ssl-mode=DISABLED": "disable",
    "ssl_mode=PREFERRED": "prefer",
    "sslMode=REQUIRED": "require",
    "ssl-mode=VERIFY_CA": "verify-ca",
    "ssl-mode=VERIFY_IDENTITY": "verify-full",
    "ssl=true": "require",
    "ssl=false": "disable",
    "ssl=verify-full": "verify-full",
    "ssl=true&ssl_verify_cert=true": "verify-ca",
    "ssl_disabled=true": "disable",
    "ssl_disabled=false": "prefer",
    "ssl_disabled=false&ssl_verify_identity=1": "verify-full",
    "ssl_ca=/ca": "verify-full",
    "ssl_ca=/ca&ssl_check_hostname=false": "verify-ca",
    "ssl_ca=/ca&ssl_verify_cert=true": "verify-full",
    "ssl_ca=/ca&ssl_verify_cert=false": "require",
    "ssl_ca=/ca&ssl-mode=VERIFY_CA": "verify-ca",
    "ssl_verify_cert=true": "verify-ca",
    "ssl_verify_identity=true": "verify-full",
  };
  for (const [query, mode] of Object.entries(modes)) assert.equal(tls(query, "mysql").mode, mode, query);
  assert.deepEqual(tls("ssl_ca=ca.pem&ssl_cert=c.pem&ssl_key=k.pem", "mysql"), {
    mode: "verify-full",
    rootCert: "/srv/app/ca.pem",
    cert: "/srv/app/c.pem",
    key: "/srv/app/k.pem",
  });
});

Deno.test("parseDatabaseUrl() takes sslrootcert=system for verify-full, as libpq does", () => {
  assert.deepEqual(tls("sslrootcert=system"), { mode: "verify-full", rootCert: "system" });
  assert.deepEqual(tls("sslrootcert=system&sslmode=verify-full"), { mode: "verify-full", rootCert: "system" });
  assert.deepEqual(refused("postgresql://h/d?sslrootcert=system&sslmode=require"), {
    message: "sslmode=require is too weak for sslrootcert=system",
    hint: "Write sslmode=verify-full.",
  });
});

Deno.test("parseDatabaseUrl() never makes TLS weaker than it is written", () => {
  assert.deepEqual(refused("postgresql://h/d?sslmode=verify-ful"), {
    message: "'verify-ful' is no value of sslmode",
    hint: "Did you mean verify-full? There are disable, allow, prefer, require, verify-ca, verify-full.",
  });
  assert.deepEqual(refused("postgresql://h/d?sslmode=toString"), {
    message: "'toString' is no value of sslmode",
    hint: "There are disable, allow, prefer, require, verify-ca, verify-full.",
  });
  assert.deepEqual(refused("mysql://h/d?ssl=maybe"), {
    message: "'maybe' is no value of ssl",
    hint: "There are disable, allow, prefer, require, verify-ca, verify-full.",
  });
  assert.deepEqual(refused("mysql://h/d?ssl_verify_cert=maybe"), {
    message: "'maybe' is no value of ssl_verify_cert",
    hint: "There are true and false.",
  });
  assert.deepEqual(refused("mysql://h/d?sslmode=require&ssl_verify_identity=true"), {
    message: "sslmode=require contradicts the options that ask for checks of the certificate",
    hint: "Write sslmode=verify-full, or take the other options out.",
  });
  assert.deepEqual(refused("postgresql://h/d?sslmod=require"), {
    message: "The option 'sslmod' is not supported, and without it the connection could be less safe than asked for",
    hint: "Did you mean sslmode?",
  });
  assert.deepEqual(refused("postgresql://h/d?require_auth=scram-sha-256"), {
    message:
      "The option 'require_auth' is not supported, and without it the connection could be less safe than asked for",
    hint: "Options for TLS are sslmode, sslrootcert, sslcert and sslkey.",
  });
  assert.deepEqual(parseDatabaseUrl("postgresql://h/d?sslsni=1&sslcompression=0", CONTEXT).ignored, [
    "sslcompression",
    "sslsni",
  ]);
});
