/**
 * `pipeline.yaml`: what a step is, and the text of a file, as the Python tool writes it. Pure.
 *
 * @module
 */

import type { Tool } from "./pipeline_plan.ts";

export const PIPELINE_NAME = "pipeline.yaml";

/** One step: `alembic upgrade TARGET`, or `delembic upgrade TARGET`. */
export interface PipelineStep {
  /** One line. */
  readonly name: string;
  readonly type: Tool;
  readonly target: string;
  /** Of the target in the file; `undefined` for a step that was not read from one. */
  readonly line?: number;
}

/** What `pipeline init` writes. */
export const STARTER_TEXT =
  `# Schema and data in one ordered run: 'delembic pipeline run' does the steps from top to bottom, and passes by what is in
# the database already. 'delembic pipeline generate' writes this file from the two graphs.
steps:
  - name: "Apply schema migrations"
    type: alembic
    target: head

  - name: "Apply data migrations"
    type: delembic
    target: head
`;

/** The text of a file with these steps. */
export function pipelineText(steps: readonly PipelineStep[]): string {
  const lines = steps.map(({ name, type, target }) =>
    `- name: ${scalar(name)}\n  type: ${type}\n  target: ${scalar(target)}\n`
  );
  return `steps:\n${lines.join("")}`;
}

// what begins with a letter, has no sign of YAML in it, and is no word with a meaning in any of its versions
const PLAIN_REGEXP = /^(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z_](?:[\w.@/→ -]*[\w.@/→-])?$/i;
// digits with letters that make no number, as in the ids that Alembic gives
const ID_REGEXP = /^(?![\d_.]*e\d+$|0x|0o|0b)\d[\da-z_]*[a-z_][\da-z_]*$/i;

/** A text as YAML of any version reads it as text. */
function scalar(text: string): string {
  if (PLAIN_REGEXP.test(text) || ID_REGEXP.test(text)) return text;
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text)) return JSON.stringify(text);
  return `'${text.replaceAll("'", "''")}'`;
}
