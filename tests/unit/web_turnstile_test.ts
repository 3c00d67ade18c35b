import assert from "node:assert/strict";
import { Turnstile } from "../../src/web/turnstile.ts";

Deno.test("Turnstile lets so many through at a time, in their order, also when one fails", async () => {
  const turnstile = new Turnstile(2);
  const events: string[] = [];
  let inside = 0;
  const ends: (() => void)[] = [];
  const passing = Array.from({ length: 5 }, (_, at) =>
    turnstile.pass(async () => {
      events.push(`in ${at}`);
      assert.ok(++inside <= 2);
      await new Promise<void>((resolve) => ends.push(resolve));
      inside--;
      if (at === 1) throw new TypeError("of its own");
    }).catch(({ message }) => events.push(message)));
  for (let at = 0; at < 5; at++) {
    while (ends[at] === undefined) await Promise.resolve();
    ends[at]?.();
    await new Promise((resolve) => setTimeout(resolve));
  }
  await Promise.all(passing);
  assert.deepEqual(events, ["in 0", "in 1", "in 2", "in 3", "of its own", "in 4"]);
});
