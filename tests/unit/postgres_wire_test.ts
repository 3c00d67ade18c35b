/** What the driver hears of the server's messages, however the network cuts them. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import fc from "fast-check";
import { cancelRequest, tlsRequest, WireListener } from "../../src/db/postgres_wire.ts";

function message(type: string, body: Uint8Array | string): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
}

const KEY = message("K", Uint8Array.from([0, 0, 1, 2, 9, 8, 7, 6]));
const FATAL = message("E", "SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0");
const ERROR = message("E", "SFEHLER\0VERROR\0C23505\0Mduplicate key\0\0");
const ROW = message("D", "Z\0\0\0\x05I".repeat(50));

function hear(chunks: readonly Buffer[]): WireListener {
  const socket = new EventEmitter();
  const wire = new WireListener(socket);
  for (const chunk of chunks) socket.emit("data", chunk);
  return wire;
}

Deno.test("WireListener knows the state of the transaction, the key and the last words", () => {
  assert.equal(hear([message("Z", "I")]).transaction, "none");
  assert.equal(hear([message("Z", "T")]).transaction, "open");
  assert.equal(hear([ERROR, message("Z", "E")]).transaction, "failed");
  assert.equal(hear([ERROR]).fatal, undefined);
  assert.equal(hear([FATAL]).fatal?.get("M"), "terminating connection");
  assert.equal(hear([FATAL]).fatal?.get("C"), "57P01");
  assert.deepEqual(hear([KEY]).key, { pid: 258, secret: Uint8Array.from([9, 8, 7, 6]) });
});

Deno.test("WireListener keeps how each statement of the last request ended", () => {
  const columns = message("T", "\0\0"), update = message("C", "UPDATE 2\0"), select = message("C", "SELECT 0\0");
  const wire = hear([message("Z", "I"), update, columns, select, message("I", ""), message("Z", "I")]);
  assert.deepEqual(wire.completed, [
    { tag: "UPDATE 2", rows: false },
    { tag: "SELECT 0", rows: true },
    { tag: "", rows: false },
  ]);
  // columns that were announced before an error belong to nothing
  const next = hear([update, message("Z", "I"), columns, ERROR, message("Z", "I"), update, message("Z", "I")]);
  assert.deepEqual(next.completed, [{ tag: "UPDATE 2", rows: false }]);
});

Deno.test("WireListener tells of an authentication that the driver does not know", () => {
  for (const [kind, expected] of [[0, 0], [3, 0], [5, 0], [10, 0], [11, 0], [12, 0], [7, 1], [9, 1]] as const) {
    const socket = new EventEmitter();
    const wire = new WireListener(socket);
    let told = 0;
    wire.onUnknownAuthentication = () => told++;
    socket.emit("data", message("R", Uint8Array.from([0, 0, 0, kind])));
    assert.equal(told, expected);
  }
});

Deno.test("WireListener hears the same, however the bytes are cut", () => {
  const messages = fc.array(
    fc.constantFrom(
      ROW,
      ERROR,
      message("Z", "I"),
      message("Z", "T"),
      message("Z", "E"),
      message("C", "SELECT 1\0"),
      KEY,
    ),
    { minLength: 1, maxLength: 20 },
  );
  fc.assert(fc.property(messages, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (all, sizes) => {
    const bytes = Buffer.concat([...all, FATAL]);
    const chunks: Buffer[] = [];
    for (let at = 0, index = 0; at < bytes.length; index++) {
      const size = sizes[index % sizes.length] ?? 1;
      chunks.push(bytes.subarray(at, at += size));
    }
    const whole = hear([...all, FATAL]), cut = hear(chunks);
    assert.equal(cut.transaction, whole.transaction);
    assert.deepEqual(cut.key, whole.key);
    assert.deepEqual(cut.fatal, whole.fatal);
    assert.deepEqual(cut.completed, whole.completed);
  }));
});

Deno.test("cancelRequest() and tlsRequest() are the protocol's bytes", () => {
  assert.equal(Buffer.from(tlsRequest()).toString("hex"), "0000000804d2162f");
  const request = cancelRequest({ pid: 258, secret: Uint8Array.from([9, 8, 7, 6]) });
  assert.equal(Buffer.from(request).toString("hex"), "0000001004d2162e0000010209080706");
});
