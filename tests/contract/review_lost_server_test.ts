/** The server goes away in the middle of a run, and stays away. */

import assert from "node:assert/strict";
import { testWith } from "../support.ts";
import { finished, testProject, until } from "../project.ts";

const SLOW = `export default { revision: "D001", async upgrade({ sql }) {
  await sql\`create table made (n int)\`;
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await sql\`insert into made values (1)\`;
} };
`;

/** Passes on what comes to a port of its own, until it is disposed of: then it cuts everything off. */
function relayTo(url: string): { readonly url: string } & Disposable {
  const server = new URL(url);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections = new Set<Deno.TcpConn>();
  const relay = async (client: Deno.TcpConn): Promise<void> => {
    const upstream = await Deno.connect({ hostname: server.hostname, port: Number(server.port) });
    connections.add(client).add(upstream);
    await Promise.allSettled([
      client.readable.pipeTo(upstream.writable),
      upstream.readable.pipeTo(client.writable),
    ]);
  };
  (async () => {
    for await (const client of listener) relay(client).catch(() => undefined);
  })().catch(() => undefined);
  const own = new URL(url);
  own.port = String(listener.addr.port);
  return {
    url: own.href,
    [Symbol.dispose]() {
      listener.close();
      for (const connection of connections) {
        try {
          connection.close();
        } catch {
          // its other end has closed it
        }
      }
    },
  };
}

for (const kind of ["postgresql", "mysql"] as const) {
  testWith(
    [kind === "mysql" ? "mysql" : "postgres"],
    `${kind}: a server that is gone for good ends a run with exit 3 in half a minute; the next run settles it`,
    async () => {
      await using project = await testProject(kind, { "D001_slow.js": SLOW });
      const relay = relayTo(project.db.url);
      const child = project.start(["upgrade"], { DELEMBIC_URL: relay.url });
      await until(
        "D001 runs",
        async () => (await project.rows("select revision from delembic_run_history").catch(() => [])).length === 1,
      );
      const start = performance.now();
      relay[Symbol.dispose]();
      const { code, out, err } = await finished(child);
      const seconds = (performance.now() - start) / 1000;
      assert.deepEqual([code, out], [3, "Running D001\n"], err);
      assert.match(err, /^Error: Cannot connect to \w+ at 127\.0\.0\.1:\d+: connection refused\nHint: Is the server /m);
      assert.ok(seconds < 32, `it took ${seconds} s`);

      await project.delembic(["unlock", "--force"]);
      await project.execute("drop table if exists made");
      if (kind === "mysql") await project.delembic(["repair", "D001", "--reverted"]);
      const again = await project.delembic(["upgrade"]);
      assert.equal(again.code, 0, again.out + again.err);
      assert.deepEqual(await project.rows("select n from made"), ["1"]);
    },
  );
}
