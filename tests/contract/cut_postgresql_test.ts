/** A connection to PostgreSQL that breaks after any number of bytes: nothing may hang, and nothing may be taken for done. */

import assert from "node:assert/strict";
import { connect, createServer, type Server, type Socket } from "node:net";
import { openDatabase } from "../../src/db/connect.ts";
import { DatabaseError, type DatabaseErrorKind } from "../../src/db/database.ts";
import type { ServerTarget } from "../../src/db/target.ts";
import { testWith } from "../support.ts";
import { Ground, soon, valueOf } from "./contract_ground.ts";

/** A way to the server that breaks when so many bytes came from one of its sides. */
async function breakingProxy(
  to: ServerTarget,
  { from, after, how }: { readonly from: "server" | "client"; readonly after: number; readonly how: "end" | "reset" },
): Promise<{ target: ServerTarget } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = connect(to.port, to.host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => sockets.delete(socket));
    }
    let left = after;
    const pass = (chunk: Uint8Array, out: Socket, counted: boolean) => {
      if (!counted || chunk.length < left) {
        if (counted) left -= chunk.length;
        out.write(chunk);
        return;
      }
      out.write(chunk.subarray(0, left), () => {
        upstream.destroy();
        if (how === "reset") client.resetAndDestroy();
        else client.destroy();
      });
    };
    upstream.on("data", (chunk: Uint8Array) => pass(chunk, client, from === "server"));
    client.on("data", (chunk: Uint8Array) => pass(chunk, upstream, from === "client"));
    upstream.on("close", () => client.destroy());
    client.on("close", () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("No port");
  return {
    target: { ...to, host: "127.0.0.1", port: address.port },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Connects and adds 1 to the row in a transaction; gives how that ended. */
async function addOne(target: ServerTarget): Promise<"done" | DatabaseErrorKind> {
  try {
    const session = await (await openDatabase(target)).connect("work");
    try {
      await session.begin();
      await session.query("update t set v = v + $1 where id = $2", [1, 1]);
      await session.query("select id, v from t");
      await session.commit();
      return "done";
    } finally {
      await session.close();
    }
  } catch (error) {
    if (error instanceof DatabaseError) return error.kind;
    throw error;
  }
}

for (const from of ["server", "client"] as const) {
  for (const how of ["end", "reset"] as const) {
    testWith(
      ["postgres"],
      `Session fails soon when the bytes of the ${from} break off (${how}), wherever that is`,
      async () => {
        await using ground = await Ground.make("postgresql");
        const session = await ground.openWithTable([[1, 0]]);
        const target = ground.changed({ tls: { mode: "disable" }, connectTimeoutMs: 3_000 });
        let done = 0, unknown = 0, after = 1;
        for (; done < 3 && after < 3_000; after += 13) {
          await using proxy = await breakingProxy(target, { from, after, how });
          const before = Number(await valueOf(session, "select v from t"));
          const outcome = await soon(addOne(proxy.target), 5_000);
          const added = Number(await valueOf(session, "select v from t")) - before;
          assert.ok(["done", "lost", "unreachable"].includes(outcome), `${outcome} after ${after} bytes`);
          if (outcome === "done") done++;
          // the answer to the commit may be what got lost: that, and only that, is not to be known from here
          if (outcome === "lost" && added === 1) unknown++;
          else assert.equal(added, outcome === "done" ? 1 : 0, `${outcome} after ${after} bytes`);
        }
        assert.equal(done, 3, "the bytes were never enough");
        assert.ok(unknown <= 5, `${unknown} commits of unknown end`);
      },
    );
  }
}
