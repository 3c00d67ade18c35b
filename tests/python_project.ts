/**
 * A project of the Python tool on a database of its own, with the Python of the tests in its configuration.
 *
 * @module
 */

import { type Kind, outside, type Ran, run } from "./support.ts";
import { type TestProject, testProject } from "./project.ts";

export interface PythonProject extends TestProject {
  /** Runs the Python tool there. */
  tool(...args: string[]): Promise<Ran>;
}

/**
 * @param files migration files; the body of one that ends in `.py` is put behind the imports that each needs
 * @param ini further lines of delembic.ini
 */
export async function pythonProject(
  kind: Kind,
  files: Record<string, string>,
  ini = `python = ${outside.python}\n`,
): Promise<PythonProject> {
  const project = await testProject(kind);
  const inPython = Object.entries(files).map(([name, text]) => [name, name.endsWith(".py") ? HEAD + text : text]);
  await project.write({
    "/delembic.ini": `[delembic]\nscript_location = delembic\nsqlalchemy.url = ${project.db.pythonUrl}\n${ini}`,
    ...Object.fromEntries(inPython),
  });
  const program = (outside.python ?? "").replace(/python[\d.]*$/, "delembic");
  return { ...project, tool: (...args) => run(program, args, { cwd: project.folder }) };
}

const HEAD = "from delembic import DataMigration\nfrom sqlalchemy import text\n\n";

/** A migration class whose `upgrade` and `validate` have these lines. */
export function pythonMigration(
  revision: string,
  { upgrade, validate, dependsOn = [] }: {
    readonly upgrade: readonly string[];
    readonly validate?: readonly string[];
    readonly dependsOn?: readonly string[];
  },
): string {
  const body = (lines: readonly string[]) => lines.map((line) => `        ${line}\n`).join("");
  return `
class ${revision}(DataMigration):
    revision = "${revision}"
    depends_on = ${JSON.stringify(dependsOn)}
    description = "step ${revision}"

    def upgrade(self, conn):
${body(upgrade)}${validate === undefined ? "" : `\n    def validate(self, conn):\n${body(validate)}`}`;
}
