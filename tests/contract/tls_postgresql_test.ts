/** Connections to PostgreSQL with each TLS mode, as libpq means them, and over its unix socket. */

import assert from "node:assert/strict";
import { openDatabase } from "../../src/db/connect.ts";
import type { Session } from "../../src/db/database.ts";
import type { ServerTarget, TlsMode, TlsSettings } from "../../src/db/target.ts";
import { outside, testWith } from "../support.ts";
import { failureOf, soon, targetOf, valueOf } from "./contract_ground.ts";

const CA = `${outside.tls}/ca.crt`, OTHER_CA = `${outside.tls}/other.crt`;

function target(host: "localhost" | "127.0.0.1", tls: TlsSettings, change: Partial<ServerTarget> = {}): ServerTarget {
  const base = targetOf("postgresql", outside.postgres ?? "");
  if (base.dialect !== "postgresql") throw new TypeError("No PostgreSQL");
  return { ...base, host, tls, ...change };
}

/** What the server says of the connection: `TLSv1.3` or `plain`. */
async function protocolOf(where: ServerTarget): Promise<unknown> {
  const session = await (await openDatabase(where)).connect("read");
  try {
    return await valueOf(session, "select coalesce(version, 'plain') from pg_stat_ssl where pid = pg_backend_pid()");
  } finally {
    await session.close();
  }
}

async function refusalOf(where: ServerTarget) {
  const database = await openDatabase(where);
  return await soon(failureOf(database.connect("read")));
}

/** The outcome of each mode with: no authority given, the server's, another one; by the certificate's name, by address. */
const TABLE:
  readonly (readonly [TlsMode, "none" | "ca" | "other", "localhost" | "127.0.0.1", "TLSv1.3" | "plain" | RegExp])[] = [
    ["disable", "none", "localhost", "plain"],
    ["allow", "none", "localhost", "plain"],
    ["prefer", "none", "localhost", "TLSv1.3"],
    ["prefer", "ca", "127.0.0.1", "TLSv1.3"],
    // libpq: an authority that does not fit is a failure of TLS, and 'prefer' goes on without
    ["prefer", "other", "localhost", "plain"],
    ["require", "none", "localhost", "TLSv1.3"],
    ["require", "none", "127.0.0.1", "TLSv1.3"],
    // libpq: 'require' with an authority means 'verify-ca'
    ["require", "ca", "127.0.0.1", "TLSv1.3"],
    ["require", "other", "localhost", /self-signed certificate/],
    ["verify-ca", "none", "localhost", /self-signed certificate/],
    ["verify-ca", "ca", "localhost", "TLSv1.3"],
    ["verify-ca", "ca", "127.0.0.1", "TLSv1.3"],
    ["verify-ca", "other", "127.0.0.1", /self-signed certificate/],
    ["verify-full", "none", "localhost", /self-signed certificate/],
    ["verify-full", "ca", "localhost", "TLSv1.3"],
    ["verify-full", "ca", "127.0.0.1", /its certificate is not for '127\.0\.0\.1'/],
    ["verify-full", "other", "localhost", /self-signed certificate/],
  ];

for (const [mode, authority, host, expected] of TABLE) {
  const root = { none: {}, ca: { rootCert: CA }, other: { rootCert: OTHER_CA } }[authority];
  const outcome = expected instanceof RegExp ? "is refused" : `gives ${expected}`;
  testWith(
    ["postgres", "tls"],
    `Database.connect() with sslmode=${mode}, authority ${authority}, to ${host} ${outcome}`,
    async () => {
      const where = target(host, { mode, ...root });
      if (!(expected instanceof RegExp)) return assert.equal(await protocolOf(where), expected);
      const error = await refusalOf(where);
      assert.equal(error.kind, "unreachable");
      assert.match(error.message, expected);
      assert.match(error.message, /^Cannot connect to PostgreSQL at /);
      assert.ok(error.hint);
    },
  );
}

testWith(
  ["postgres", "tls"],
  "Database.connect() takes sslrootcert=system, which does not know the server's authority",
  async () => {
    const error = await refusalOf(target("localhost", { mode: "verify-full", rootCert: "system" }));
    assert.equal(error.kind, "unreachable");
  },
);

testWith(
  ["postgres"],
  "Database.connect() fails, and does not go on in the clear, where the server has no TLS",
  async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serving = (async () => {
      for await (const connection of listener) {
        await connection.read(new Uint8Array(8));
        await connection.write(new TextEncoder().encode("N"));
        await connection.read(new Uint8Array(1)).catch(() => null);
        connection.close();
      }
    })();
    const error = await refusalOf(target("127.0.0.1", { mode: "require" }, { port: listener.addr.port }));
    assert.equal(error.kind, "unreachable");
    assert.equal(
      error.message,
      `Cannot connect to PostgreSQL at 127.0.0.1:${listener.addr.port}: the server does not offer TLS`,
    );
    assert.equal(error.hint, "TLS is demanded by sslmode=require; sslmode=prefer goes on without.");
    listener.close();
    await serving;
  },
);

testWith(["postgres"], "Database.connect() takes nothing for encrypted that came before TLS did", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(8));
      await connection.write(new TextEncoder().encode("Sinjected"));
      await connection.read(new Uint8Array(1)).catch(() => null);
      connection.close();
    }
  })();
  const error = await refusalOf(target("127.0.0.1", { mode: "require" }, { port: listener.addr.port }));
  assert.equal(error.kind, "unreachable");
  listener.close();
  await serving;
});

testWith(["postgres", "tls"], "Session.cancel() asks over TLS where the session has TLS", async () => {
  const where = target("localhost", { mode: "verify-full", rootCert: CA });
  const session: Session = await (await openDatabase(where)).connect("work");
  try {
    const running = failureOf(session.query("select pg_sleep(30)"));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await session.cancel();
    assert.equal((await soon(running)).kind, "cancelled");
  } finally {
    await session.close();
  }
});

testWith(
  ["postgres", "postgresSocket"],
  "Database.connect() goes over a unix socket, without TLS whatever the mode is",
  async () => {
    const { port } = target("localhost", { mode: "prefer" });
    const socket = `${outside.postgresSocket}/.s.PGSQL.${port}`;
    assert.equal(await protocolOf(target("localhost", { mode: "verify-full", rootCert: CA }, { socket })), "plain");
    const error = await refusalOf(target("localhost", { mode: "prefer" }, { socket: `${socket}9` }));
    assert.equal(error.kind, "unreachable");
    assert.equal(error.message, `Cannot connect to PostgreSQL at ${socket}9: there is no such socket`);
    assert.equal(error.hint, "Is the server running, and is this where it keeps its socket?");
  },
);

testWith(
  ["postgres"],
  "Database.connect() tells the server what the connection is for, and the settings of the URL",
  async () => {
    const where = target("localhost", { mode: "prefer" }, {
      options: { search_path: "pg_catalog", options: "-c work_mem=5MB" },
    });
    const session = await (await openDatabase(where)).connect("audit");
    try {
      assert.equal(await valueOf(session, "select current_setting('application_name')"), "delembic audit");
      assert.equal(await valueOf(session, "select current_setting('search_path')"), "pg_catalog");
      assert.equal(await valueOf(session, "select current_setting('work_mem')"), "5MB");
    } finally {
      await session.close();
    }
  },
);
