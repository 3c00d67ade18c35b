/** The ways to try for each TLS mode. */

import assert from "node:assert/strict";
import { tlsOptions, tlsPlan, TlsSettingsError } from "../../src/db/tls.ts";
import { temporaryFolder } from "../support.ts";

const PLAIN = { encrypted: false };
const PEM = "-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n";

Deno.test("tlsPlan() orders the ways as libpq does", async () => {
  const any = { encrypted: true, verify: "none" };
  assert.deepEqual(await tlsPlan({ mode: "disable" }, {}), [PLAIN]);
  assert.deepEqual(await tlsPlan({ mode: "allow" }, {}), [PLAIN, any]);
  assert.deepEqual(await tlsPlan({ mode: "prefer" }, {}), [any, PLAIN]);
  assert.deepEqual(await tlsPlan({ mode: "require" }, {}), [any]);
});

Deno.test("tlsPlan() wants no TLS on a unix socket", async () => {
  for (const mode of ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const) {
    assert.deepEqual(await tlsPlan({ mode }, { socket: "/run/.s.PGSQL.5432" }), [PLAIN]);
  }
});

Deno.test("tlsPlan() checks the authority as soon as one is named, and the host with verify-full alone", async () => {
  await using folder = await temporaryFolder({ "ca.crt": PEM });
  const rootCert = `${folder.path}/ca.crt`;
  const checked = { encrypted: true, verify: "authority", ca: [PEM] };
  assert.deepEqual(await tlsPlan({ mode: "prefer", rootCert }, {}), [checked, PLAIN]);
  assert.deepEqual(await tlsPlan({ mode: "require", rootCert }, {}), [checked]);
  assert.deepEqual(await tlsPlan({ mode: "verify-ca", rootCert }, {}), [checked]);
  assert.deepEqual(await tlsPlan({ mode: "verify-full", rootCert }, {}), [{ ...checked, verify: "host" }]);
});

Deno.test("tlsPlan() trusts the system's authorities where none is named", async () => {
  for (const settings of [{ mode: "verify-full" }, { mode: "verify-full", rootCert: "system" }] as const) {
    const [way] = await tlsPlan(settings, {});
    assert.ok(way?.encrypted);
    assert.equal(way.verify, "host");
    assert.ok(way.ca === undefined || way.ca.length > 10);
  }
  const [way] = await tlsPlan({ mode: "verify-ca" }, {});
  assert.ok(way?.encrypted && way.verify === "authority");
});

Deno.test("tlsPlan() refuses the system's authorities with less than verify-full", async () => {
  for (const mode of ["disable", "allow", "prefer", "require", "verify-ca"] as const) {
    await assert.rejects(tlsPlan({ mode, rootCert: "system" }, {}), {
      name: "TlsSettingsError",
      code: "tls-settings",
      message: `TLS mode '${mode}' is too weak for the system's certificate authorities`,
      hint: "Write sslmode=verify-full with sslrootcert=system.",
    });
  }
});

Deno.test("tlsPlan() fails on a file that is missing or holds no certificate, and never checks less", async () => {
  await using folder = await temporaryFolder({ "empty.crt": "" });
  const missing = `${folder.path}/missing.crt`, empty = `${folder.path}/empty.crt`;
  for (const mode of ["prefer", "require", "verify-ca", "verify-full"] as const) {
    const error = await tlsPlan({ mode, rootCert: missing }, {}).catch((error) => error);
    assert.ok(error instanceof TlsSettingsError);
    assert.equal(error.exitCode, 2);
    assert.equal(
      error.message,
      `Cannot read the file of the certificate authorities: ${missing}: No such file or directory`,
    );
    await assert.rejects(tlsPlan({ mode, rootCert: empty }, {}), {
      message: `The file of the certificate authorities is not in PEM format: ${empty}`,
    });
  }
  await assert.rejects(tlsPlan({ mode: "require", cert: missing }, {}), /client certificate/);
  await assert.rejects(tlsPlan({ mode: "require", key: missing }, {}), /client key/);
});

Deno.test("tlsOptions() checks the certificate unless nothing is to be checked", () => {
  const none = tlsOptions({ encrypted: true, verify: "none" }, "db.example.com");
  assert.equal(none.rejectUnauthorized, false);
  const authority = tlsOptions({ encrypted: true, verify: "authority", ca: [PEM] }, "db.example.com");
  assert.equal(authority.rejectUnauthorized, true);
  assert.deepEqual(authority.ca, [PEM]);
  assert.ok(authority.checkServerIdentity);
  const host = tlsOptions({ encrypted: true, verify: "host", ca: [PEM] }, "db.example.com");
  assert.equal(host.rejectUnauthorized, true);
  assert.equal(host.checkServerIdentity, undefined);
  assert.equal(host.servername, "db.example.com");
});

Deno.test("tlsOptions() sends no server name that is an address", () => {
  for (const address of ["127.0.0.1", "::1"]) {
    const options = tlsOptions({ encrypted: true, verify: "host" }, address);
    assert.equal(options.servername, undefined);
    assert.equal(options.host, address);
  }
});
