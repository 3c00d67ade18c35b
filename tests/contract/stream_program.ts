/** Streams a query and tells how much memory it took. Arguments: the target as JSON, the query. */

import { openDatabase } from "../../src/db/connect.ts";

const [target = "", text = ""] = Deno.args;
const session = await (await openDatabase(JSON.parse(target))).connect("read");
let count = 0, sum = 0, rss = 0;
for await (const row of session.stream(text)) {
  sum += Number(row["n"]);
  if (++count % 1_000 === 0) rss = Math.max(rss, Deno.memoryUsage().rss);
}
await session.close();
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify({ count, sum, rss })));
