import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { type Fault, FaultsError, formatPlace } from "../../src/errors.ts";
import { type PipelineStep, pipelineText, STARTER_TEXT } from "../../src/pipeline_file.ts";
import { readPipeline } from "../../src/pipeline_reader.ts";

function told({ message, place, hint }: Fault): string {
  return `${formatPlace(place)}: ${message}${hint === undefined ? "" : ` (${hint})`}`;
}

function faultsOf(text: string): string[] {
  let found: readonly Fault[] = [];
  throws(() => readPipeline(text, "pipeline.yaml"), (error) => {
    found = error instanceof FaultsError ? error.faults : [];
    return true;
  });
  return found.map(told);
}

const GENERATE = "Run 'delembic pipeline generate' to see how one looks.";

Deno.test("pipelineText() writes as the Python tool does", () => {
  const steps: PipelineStep[] = [
    { name: "Schema → 3d1e3e6abc12", type: "alembic", target: "3d1e3e6abc12" },
    { name: "Data: it's loaded", type: "delembic", target: "D001" },
    { name: "Data migrations → head", type: "delembic", target: "head" },
  ];
  equal(
    pipelineText(steps),
    `steps:
- name: Schema → 3d1e3e6abc12
  type: alembic
  target: 3d1e3e6abc12
- name: 'Data: it''s loaded'
  type: delembic
  target: D001
- name: Data migrations → head
  type: delembic
  target: head
`,
  );
});

Deno.test("pipelineText() and readPipeline() agree on whatever names and targets there are", () => {
  const word = fc.oneof(
    fc.constantFrom(
      "001",
      "1e5",
      "0x1F",
      "no",
      "null",
      "~",
      "true",
      "12:30:45",
      "- a",
      "#x",
      "'",
      '"',
      "a: b",
      "é 日本",
    ),
    fc.string({ unit: "binary", minLength: 1 }).filter((text) => text.isWellFormed() && text.trim() !== ""),
    fc.stringMatching(/^[0-9a-f_.]{1,12}$/),
  );
  const step = fc.record({ name: word, type: fc.constantFrom("alembic" as const, "delembic" as const), target: word });
  const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 4 }), (steps) => {
      const relative = /^\s*([+-]\d+|base)\s*$/;
      fc.pre(steps.every(({ target }) => !relative.test(target)));
      const read = readPipeline(pipelineText(steps), "pipeline.yaml");
      deepEqual(
        read.map(({ name, type, target }) => ({ name, type, target })),
        steps.map(({ name, type, target }) => ({ name: oneLine(name), type, target: oneLine(target) })),
      );
    }),
    { numRuns: 500 },
  );
});

Deno.test("readPipeline() reads what 'pipeline init' writes", () => {
  deepEqual(readPipeline(STARTER_TEXT, "pipeline.yaml"), [
    { name: "Apply schema migrations", type: "alembic", target: "head", line: 6 },
    { name: "Apply data migrations", type: "delembic", target: "head", line: 10 },
  ]);
});

Deno.test("readPipeline() takes a number as the text that is written (peer 47)", () => {
  const text = "steps:\n  - {name: 1, type: delembic, target: 001}\n  - {name: x, type: alembic, target: 0x1F}\n";
  deepEqual(readPipeline(text, "pipeline.yaml").map(({ name, target }) => [name, target]), [
    ["1", "001"],
    ["x", "0x1F"],
  ]);
});

Deno.test("readPipeline() follows aliases and ends lines as Windows does", () => {
  const text = "steps:\r\n  - &a {name: x, type: alembic, target: head}\r\n  - *a\r\n";
  deepEqual(readPipeline(text, "pipeline.yaml").map(({ name, line }) => [name, line]), [["x", 2], ["x", 2]]);
});

Deno.test("readPipeline() tells all that is wrong in the steps, with their lines", () => {
  deepEqual(
    faultsOf(`steps:
  - name: one
    type: alembik
    target: head
  - type: delembic
    tarGet: D001
  - only text
  - name: [a, b]
    type: dbt
    target:
  - name: x
    name: y
    type: delembic
    target: "+1"
more: 1
`),
    [
      "pipeline.yaml:12:5: A key is there twice in one mapping (Take one of them out.)",
      "pipeline.yaml:15:1: Unknown key 'more' in the file (What is known: steps.)",
      "pipeline.yaml:3:11: Unknown step type: 'alembik' (Did you mean alembic? There are alembic and delembic.)",
      "pipeline.yaml:6:5: Unknown key 'tarGet' in step 2 (Did you mean 'target'?)",
      "pipeline.yaml:5:5: Step 2 has no name",
      "pipeline.yaml:5:5: Step 2 has no target",
      "pipeline.yaml:7:5: Step 3 is no mapping (Write its name, type and target, each in a line of its own.)",
      "pipeline.yaml:8:5: The name of step 4 is no text",
      "pipeline.yaml:10:5: The target of step 4 is empty",
      "pipeline.yaml:9:11: Unknown step type: 'dbt' (There are alembic and delembic.)",
      "pipeline.yaml:14:13: The target '+1' means something else at each run (Name a revision, head or heads.)",
    ],
  );
});

for (
  const [what, text, fault] of [
    ["an empty file", "", "pipeline.yaml:1:1: A pipeline file must have a top-level 'steps' list"],
    ["a list", "- a", "pipeline.yaml:1:1: A pipeline file must have a top-level 'steps' list"],
    ["steps without any", "steps:\n", "pipeline.yaml:1:1: The list 'steps' is empty"],
    ["an empty list", "\nsteps: []\n", "pipeline.yaml:2:1: The list 'steps' is empty"],
    ["steps that are a mapping", "steps: {a: b}\n", "pipeline.yaml:1:1: 'steps' is no list"],
  ] as const
) {
  Deno.test(`readPipeline() refuses ${what}`, () => {
    deepEqual(faultsOf(text), [`${fault} (${GENERATE})`]);
  });
}

Deno.test("readPipeline() tells where the YAML cannot be read", () => {
  const faults = faultsOf("steps:\n  - name: 'x\n    type: alembic\n");
  equal(faults.length, 1, faults.join("\n"));
  equal(faults[0]?.replace(/: Cannot.*/, ""), "pipeline.yaml:4:1");
});
