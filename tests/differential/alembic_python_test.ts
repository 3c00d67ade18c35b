import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { normalizeSource, outlineModule } from "../../src/python_outline.ts";
import { PYTHON_LITERALS } from "../python_literals.ts";
import { outside, run, testWith } from "../support.ts";

testWith(
  ["python"],
  "outlineModule() finds the lines of Python's own library as Python does; PYTHON_LITERALS are true",
  async () => {
    const program = new URL("alembic_python.py", import.meta.url).pathname;
    const stdin = JSON.stringify(PYTHON_LITERALS.map(([lines]) => lines));
    const { code, out, err } = await run(outside.python ?? "", [program], { stdin });
    equal(code, 0, err);
    const { values, library }: { values: string[][]; library: Record<string, number[]> } = JSON.parse(out);
    for (const [index, [lines, ids]] of PYTHON_LITERALS.entries()) {
      deepStrictEqual(
        [...ids].sort(),
        values[index],
        lines,
      );
    }
    for (const [file, lines] of Object.entries(library)) {
      const outline = outlineModule(normalizeSource(await Deno.readTextFile(file)));
      deepStrictEqual(Array.isArray(outline) ? outline.map(({ line }) => line) : outline, lines, file);
    }
    ok(Object.keys(library).length > 100);
  },
);
