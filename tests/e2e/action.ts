/**
 * `action.yml` run as GitHub's runner runs it: its steps, in order, with the variables and files of a runner. It is the
 * file that is shipped that is read here. What it uses and this does not know is an error.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { run } from "../support.ts";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");

interface Step {
  readonly name: string;
  readonly id?: string;
  readonly if?: string;
  readonly shell: string;
  readonly run: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly "working-directory"?: string;
}

export interface Action {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>;
  readonly outputs: Readonly<Record<string, { readonly description: string; readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

export async function readAction(): Promise<Action> {
  return parse(await Deno.readTextFile(`${ROOT}/action.yml`));
}

/** What a workflow sees of an action. */
export interface ActionRun {
  readonly succeeded: boolean;
  readonly outputs: Readonly<Record<string, string>>;
  /** All that the steps printed, stderr behind stdout of each. */
  readonly log: string;
  readonly summary: string;
  /** What the action put on the PATH. */
  readonly path: readonly string[];
}

export interface Runner {
  /** The checked out repository. */
  readonly workspace: string;
  /** For the runner's files; empty before. */
  readonly temp: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the action with these inputs. A step after one that failed does not run. */
export async function runAction(inputs: Readonly<Record<string, string>>, runner: Runner): Promise<ActionRun> {
  const action = await readAction();
  const unknown = Object.keys(inputs).filter((name) => !(name in action.inputs));
  if (unknown.length > 0) throw new RangeError(`action.yml has no inputs ${unknown}`);
  const values: Record<string, string> = {};
  for (const [name, { default: text }] of Object.entries(action.inputs)) {
    values[`inputs.${name}`] = inputs[name] ?? text;
  }
  const told = { succeeded: true, log: "", summary: "", path: [] as string[] };
  for (const step of action.runs.steps) {
    if (!told.succeeded || !holds(step.if ?? "true", values)) continue;
    const ran = await runStep(step, values, { ...runner, path: told.path });
    told.succeeded = ran.succeeded;
    told.log += ran.log;
    told.summary += ran.summary;
    told.path.push(...ran.path);
    for (const [name, value] of Object.entries(ran.outputs)) values[`steps.${step.id}.outputs.${name}`] = value;
  }
  const outputs = Object.entries(action.outputs).map(([name, { value }]) => [name, substituted(value, values)]);
  return { ...told, outputs: Object.fromEntries(outputs) };
}

async function runStep(
  step: Step,
  values: Readonly<Record<string, string>>,
  { workspace, temp, env, path }: Runner & { path: readonly string[] },
): Promise<ActionRun> {
  if (step.shell !== "bash") throw new RangeError(`shell ${step.shell}`);
  const own = await Deno.makeTempDir({ dir: temp });
  const files = { GITHUB_OUTPUT: "output", GITHUB_STEP_SUMMARY: "summary", GITHUB_PATH: "path", GITHUB_ENV: "env" };
  for (const name of Object.values(files)) await Deno.writeTextFile(`${own}/${name}`, "");
  await Deno.writeTextFile(`${own}/script.sh`, substituted(step.run, values));
  const { code, out, err } = await run("bash", ["--noprofile", "--norc", "-eo", "pipefail", `${own}/script.sh`], {
    cwd: `${workspace}/${substituted(step["working-directory"] ?? ".", values)}`,
    clearEnv: true,
    env: {
      PATH: [...path, Deno.env.get("PATH")].join(":"),
      HOME: temp,
      DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
      CI: "true",
      GITHUB_ACTIONS: "true",
      GITHUB_WORKSPACE: workspace,
      GITHUB_ACTION_PATH: ROOT,
      RUNNER_TEMP: temp,
      RUNNER_OS: "Linux",
      RUNNER_ARCH: "X64",
      ...env,
      ...Object.fromEntries(Object.entries(step.env ?? {}).map(([name, text]) => [name, substituted(text, values)])),
      ...Object.fromEntries(Object.entries(files).map(([name, file]) => [name, `${own}/${file}`])),
    },
  });
  const lines = (name: string) => Deno.readTextFileSync(`${own}/${name}`).split("\n").filter((line) => line !== "");
  return {
    succeeded: code === 0,
    log: out + err,
    summary: Deno.readTextFileSync(`${own}/summary`),
    path: lines("path"),
    outputs: Object.fromEntries(
      lines("output").map((line) => {
        const at = line.indexOf("=");
        if (at < 1) throw new RangeError(`no output: ${line}`);
        return [line.slice(0, at), line.slice(at + 1)];
      }),
    ),
  };
}

/** The text with what it names between `${{` and `}}`; an output that was not set is empty. */
function substituted(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_, name: string) => valueOf(name, values));
}

function valueOf(name: string, values: Readonly<Record<string, string>>): string {
  if (!/^(inputs\.[\w-]+|steps\.\w+\.outputs\.\w+)$/.test(name)) throw new RangeError(`expression ${name}`);
  if (name.startsWith("inputs.") && !(name in values)) throw new RangeError(`unknown ${name}`);
  return values[name] ?? "";
}

/** A condition of comparisons with texts, all of which have to hold. */
function holds(condition: string, values: Readonly<Record<string, string>>): boolean {
  if (condition === "true") return true;
  return condition.split("&&").every((part) => {
    const [, name = "", operator, text] = /^\s*([\w.-]+) (==|!=) '([^']*)'\s*$/.exec(part) ?? [];
    if (operator === undefined) throw new RangeError(`condition ${part}`);
    return (valueOf(name, values) === text) === (operator === "==");
  });
}
