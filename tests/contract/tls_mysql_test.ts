/** TLS to MySQL and MariaDB: what each mode takes and refuses. The servers' certificate is for `localhost` alone. */

import assert from "node:assert/strict";
import { openMysql } from "../../src/db/mysql.ts";
import type { ServerTarget, TlsMode, TlsSettings } from "../../src/db/target.ts";
import { administer, outside, testWith } from "../support.ts";
import { failureOf, targetOf } from "./contract_ground.ts";

const TRUSTED = `${outside.tls}/ca.crt`, STRANGER = `${outside.tls}/other.crt`;

function target(tls: TlsSettings, host = "localhost"): ServerTarget {
  return { ...targetOf("mysql", outside.mysql ?? "") as ServerTarget, host, tls };
}

/** The cipher of a connection, empty when it is not encrypted. */
async function cipherOf(target: ServerTarget): Promise<string> {
  const session = await openMysql(target).connect("work");
  try {
    const { rows } = await session.query("show session status like 'Ssl_cipher'");
    return String(rows[0]?.["Value"]);
  } finally {
    await session.close();
  }
}

const withTls = (name: string, fn: () => Promise<void>) => testWith(["mysql", "tls"], `mysql: TLS ${name}`, fn);

withTls("disable and allow do without it where the server lets them", async () => {
  assert.equal(await cipherOf(target({ mode: "disable" })), "");
  assert.equal(await cipherOf(target({ mode: "allow" })), "");
});

withTls("prefer and require take any certificate", async () => {
  for (const mode of ["prefer", "require"] as const) {
    for (const host of ["localhost", "127.0.0.1"]) {
      assert.notEqual(await cipherOf(target({ mode }, host)), "", `${mode} ${host}`);
    }
  }
});

withTls("verify-ca wants the authority, whatever the host", async () => {
  for (const host of ["localhost", "127.0.0.1"]) {
    assert.notEqual(await cipherOf(target({ mode: "verify-ca", rootCert: TRUSTED }, host)), "");
  }
});

withTls("verify-full wants the host as well", async () => {
  assert.notEqual(await cipherOf(target({ mode: "verify-full", rootCert: TRUSTED })), "");
  const error = await failureOf(cipherOf(target({ mode: "verify-full", rootCert: TRUSTED }, "127.0.0.1")));
  assert.equal(error.kind, "unreachable");
  assert.match(
    error.message,
    /^Cannot connect to MySQL at 127\.0\.0\.1:\d+: its certificate is not for '127\.0\.0\.1'$/,
  );
});

withTls("fails closed for an authority that is not the server's, in each mode that checks one", async () => {
  for (const mode of ["require", "verify-ca", "verify-full"] as const) {
    const error = await failureOf(cipherOf(target({ mode, rootCert: STRANGER })));
    assert.equal(error.kind, "unreachable", mode);
    assert.match(error.message, /certificate/);
    assert.equal(error.hint, `Is the server's certificate of an authority in ${STRANGER}?`);
  }
});

withTls("fails closed without an authority of our own, as the system's do not know the server's", async () => {
  for (const mode of ["verify-ca", "verify-full"] as const) {
    assert.equal((await failureOf(cipherOf(target({ mode })))).kind, "unreachable", mode);
  }
});

withTls("that fails is an error in each mode that demands it, and prefer goes on without", async () => {
  await using server = await plainServer();
  for (const mode of ["require", "verify-ca", "verify-full"] satisfies TlsMode[]) {
    const settings = { ...target({ mode, rootCert: TRUSTED }, "127.0.0.1"), port: server.port };
    const error = await failureOf(cipherOf(settings));
    assert.equal(error.message, `Cannot connect to MySQL at 127.0.0.1:${server.port}: the server does not offer TLS`);
    assert.equal(error.hint, `TLS is demanded by sslmode=${mode}; sslmode=prefer goes on without.`);
  }
  assert.equal(await cipherOf({ ...target({ mode: "prefer" }, "127.0.0.1"), port: server.port }), "");
});

withTls("allow and prefer serve a user that must come by TLS", async () => {
  const name = `tls_${crypto.randomUUID().slice(0, 8)}`;
  await administer("mysql", `create user ${name} identified by 'p' require ssl`);
  await administer("mysql", `grant all on delembic.* to ${name}`);
  try {
    for (const mode of ["allow", "prefer"] as const) {
      assert.notEqual(await cipherOf({ ...target({ mode }), user: name, password: "p" }), "", mode);
    }
    const error = await failureOf(cipherOf({ ...target({ mode: "disable" }), user: name, password: "p" }));
    assert.equal(error.kind, "denied");
  } finally {
    await administer("mysql", `drop user ${name}`);
  }
});

withTls("sends nothing of the login before the host is checked", async () => {
  const { host, port } = target({ mode: "disable" });
  let sent = 0;
  await using relay = await relayTo({ host, port }, (bytes) => sent += bytes.length);
  // a name that cannot be overlooked among the few hundred bytes of a TLS handshake
  const user = "u".repeat(5_000);
  const login = async (tls: TlsSettings) => {
    sent = 0;
    const error = await failureOf(cipherOf({ ...target(tls, "127.0.0.1"), port: relay.port, user }));
    return { error, sent };
  };
  const wrongHost = await login({ mode: "verify-full", rootCert: TRUSTED });
  assert.match(wrongHost.error.message, /its certificate is not for '127\.0\.0\.1'$/);
  assert.ok(wrongHost.sent < 4_000, `${wrongHost.sent} bytes were sent`);
  const anyHost = await login({ mode: "verify-ca", rootCert: TRUSTED });
  assert.ok(anyHost.sent > 5_000, `${anyHost.sent} bytes were sent`);
});

interface Relay extends AsyncDisposable {
  readonly port: number;
}

/** Passes bytes on between a client and the server, and may change the server's. */
async function relayTo(
  to: { readonly host: string; readonly port: number },
  onClient: (bytes: Uint8Array) => void,
  change: (bytes: Uint8Array, index: number) => void = () => {},
): Promise<Relay> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const pump = async (from: Deno.Conn, into: Deno.Conn, see: (bytes: Uint8Array, index: number) => void) => {
    let index = 0;
    const buffer = new Uint8Array(65_536);
    try {
      for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
        const bytes = buffer.slice(0, n);
        see(bytes, index++);
        for (let at = 0; at < bytes.length;) at += await into.write(bytes.subarray(at));
      }
    } catch {
      // one side has gone: so does the other
    }
    for (const connection of [from, into]) {
      if (open.delete(connection)) connection.close();
    }
  };
  const pumps: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const client of listener) {
      const server = await Deno.connect({ hostname: to.host, port: to.port });
      open.add(client).add(server);
      pumps.push(pump(client, server, onClient), pump(server, client, change));
    }
  })();
  return await Promise.resolve({
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const connection of open) connection.close();
      open.clear();
      await Promise.all(pumps);
    },
  });
}

/** The server as one without TLS: its greeting says nothing of it. */
async function plainServer(): Promise<Relay> {
  const { host, port } = target({ mode: "disable" });
  return await relayTo({ host, port }, () => {}, (bytes, index) => {
    if (index > 0) return;
    // header of 4, version byte, version text with NUL, connection id of 4, 8 bytes of challenge, a zero: then flags
    const flags = bytes.indexOf(0, 5) + 1 + 4 + 8 + 1;
    bytes[flags + 1] = (bytes[flags + 1] ?? 0) & ~0x08;
  });
}
