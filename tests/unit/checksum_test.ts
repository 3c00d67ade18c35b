import assert from "node:assert/strict";
import fc from "fast-check";
import { checksumOf, checksumWithData, verifyChecksum } from "../../src/checksum.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

// These values are in the ledgers of users: they can never change.
Deno.test("checksumOf() gives the values that it has given since the first version", () => {
  assert.equal(
    checksumOf(bytes("")),
    "sha256:v1:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
  assert.equal(
    checksumOf(bytes("select 1;\n")),
    "sha256:v1:4a45092ccf992ea92250053a80b931b787924ba61648f420555511b84f10ab6c",
  );
  assert.equal(
    checksumOf(bytes("-- é 😀\r\nselect '\r';\n"), bytes("a,b\r\n1,2\r\n"), bytes("")),
    "sha256:v1:5efba9f5ef8a9d899ceb92e85f5c91c7a4671a5eeb12baef1e904a71e5c818a6",
  );
});

Deno.test("checksumOf() does not see a byte order mark and the kind of line ends", () => {
  const plain = checksumOf(bytes("a\nb\n"));
  assert.equal(checksumOf(bytes("a\r\nb\r\n")), plain);
  assert.equal(checksumOf(bytes("\ufeffa\r\nb\n")), plain);
});

Deno.test("checksumOf() sees everything else", () => {
  const texts = ["a\nb\n", "a\nb", "a\rb\n", "a\r\r\nb\n", "a\n\nb\n", "a \nb\n", "a\n\ufeffb\n", "A\nb\n"];
  assert.equal(new Set(texts.map((text) => checksumOf(bytes(text)))).size, texts.length);
});

Deno.test("checksumOf() tells the same bytes in other files apart", () => {
  const sums = [
    checksumOf(bytes("ab")),
    checksumOf(bytes("a"), bytes("b")),
    checksumOf(bytes("ab"), bytes("")),
    checksumOf(bytes(""), bytes("ab")),
    checksumOf(bytes("a"), bytes("b"), bytes("")),
    checksumOf(bytes("a"), bytes(""), bytes("b")),
  ];
  assert.equal(new Set(sums).size, sums.length);
});

Deno.test("checksumOf() is the same for any text with LF and with CR LF", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary" })), (lines) => {
    const clean = lines.map((line) => line.replace(/[\r\n]/g, ""));
    assert.equal(checksumOf(bytes(clean.join("\n"))), checksumOf(bytes(clean.join("\r\n"))));
  }));
});

Deno.test("checksumWithData() is checksumOf(), however the data files are cut", async () => {
  const pieces = fc.array(fc.constantFrom("\r", "\n", "\r\n", "a", "\ufeff", "é"), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 3 }), fc.integer({ min: 1, max: 5 }), async (files, size) => {
      const contents = files.map((file) => bytes(file.join("")));
      async function* cut(content: Uint8Array): AsyncGenerator<Uint8Array> {
        // the same buffer each time, as a file is read
        const buffer = new Uint8Array(size);
        for (let at = 0; at < content.length; at += size) {
          const part = await Promise.resolve(content.subarray(at, at + size));
          buffer.set(part);
          yield buffer.subarray(0, part.length);
        }
      }
      assert.equal(
        await checksumWithData(
          bytes("x"),
          contents.map((content) => ({ size: content.length, chunks: () => cut(content) })),
        ),
        checksumOf(bytes("x"), ...contents),
      );
    }),
  );
});

Deno.test("checksumWithData() tells a file that is not there from an empty one, and from none", async () => {
  const empty = { size: 0, chunks: () => (async function* () {})() };
  const sums = [
    await checksumWithData(bytes("x"), []),
    await checksumWithData(bytes("x"), [undefined]),
    await checksumWithData(bytes("x"), [empty]),
    await checksumWithData(bytes("x"), [empty, undefined]),
    await checksumWithData(bytes("x"), [undefined, empty]),
  ];
  assert.equal(new Set(sums).size, sums.length);
});

Deno.test("verifyChecksum() compares by the stored algorithm, and says when it does not know it", () => {
  const stored = checksumOf(bytes("a"), bytes("b"));
  assert.equal(verifyChecksum(stored, bytes("a"), bytes("b")), true);
  assert.equal(verifyChecksum(stored, bytes("a"), bytes("c")), false);
  assert.equal(verifyChecksum("sha256:v2:00", bytes("a")), undefined);
  assert.equal(verifyChecksum("", bytes("a")), undefined);
});
