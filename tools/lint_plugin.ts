/**
 * The project's own rules for what is within a file, run by `deno lint`. What is between files is the business of
 * `check_layers.ts`.
 *
 * @module
 */

/** Longer functions are refused; 40 lines is the aim. */
const MAX_FUNCTION_LINES = 60;

/** What only `main.ts` and `src/cli/io.ts` may touch: the rest is given what it needs. */
const EDGE_MEMBERS: ReadonlySet<string> = new Set(
  ["args", "env", "exit", "exitCode", "cwd", "chdir", "stdin", "stdout", "stderr", "addSignalListener"],
);

const EDGE_FILES_REGEXP = /\/(main\.ts|src\/cli\/io\.ts)$/;
const SOURCE_REGEXP = /\/src\/|\/(main|mod)\.ts$/;
const TESTS_REGEXP = /\/(tests|bench)\//;
const DRIVERS_REGEXP = /\/src\/db\//;

type Context = Deno.lint.RuleContext;

/** A rule that looks at the files that `applies` accepts. */
function rule(
  applies: (file: string) => boolean,
  visitor: (context: Context) => Deno.lint.LintVisitor,
): Deno.lint.Rule {
  return { create: (context) => applies(context.filename.replaceAll("\\", "/")) ? visitor(context) : {} };
}

function inSource(file: string): boolean {
  return SOURCE_REGEXP.test(file);
}

const TOP_LEVEL_CONSTANT =
  "Program > VariableDeclaration > VariableDeclarator, Program > ExportNamedDeclaration > VariableDeclaration > VariableDeclarator";

const plugin: Deno.lint.Plugin = {
  name: "delembic",
  rules: {
    "function-length": rule((file) => !TESTS_REGEXP.test(file), (context) => ({
      "FunctionDeclaration, FunctionExpression, ArrowFunctionExpression"(node: Deno.lint.Node) {
        const lines = context.sourceCode.getText(node).split("\n").length;
        if (lines <= MAX_FUNCTION_LINES) return;
        context.report({ node, message: `This function has ${lines} lines; ${MAX_FUNCTION_LINES} is the most` });
      },
    })),
    "edge-only": rule((file) => inSource(file) && !EDGE_FILES_REGEXP.test(file), (context) => ({
      MemberExpression(node) {
        const { object, property } = node;
        if (object.type !== "Identifier" || object.name !== "Deno" || property.type !== "Identifier") return;
        if (!EDGE_MEMBERS.has(property.name)) return;
        const message = `Only main.ts and src/cli/io.ts may touch Deno.${property.name}`;
        context.report({ node, message, hint: "Take it as a parameter, or add it to Io." });
      },
    })),
    "no-bare-error": rule(inSource, (context) => ({
      ThrowStatement(node) {
        const thrown = node.argument;
        if (thrown.type !== "NewExpression" || thrown.callee.type !== "Identifier" || thrown.callee.name !== "Error") {
          return;
        }
        context.report({ node, message: "Throw a DelembicError: it has a code and an exit code, and can have a hint" });
      },
    })),
    "no-locale-compare": rule(() => true, (context) => ({
      "MemberExpression[property.name='localeCompare']"(node: Deno.lint.Node) {
        context.report({ node, message: "The order must not depend on the machine: use compareIds of src/graph.ts" });
      },
    })),
    "no-dialect-switch": rule((file) => inSource(file) && !DRIVERS_REGEXP.test(file), (context) => ({
      SwitchStatement(node) {
        if (!/dialect(\.name)?$/.test(context.sourceCode.getText(node.discriminant))) return;
        context.report({ node, message: "What differs between databases is data on Dialect, in src/db/" });
      },
    })),
    "regexp-name": rule(() => true, (context) => ({
      [TOP_LEVEL_CONSTANT](node: Deno.lint.VariableDeclarator) {
        if (node.init?.type !== "Literal" || !node.init.raw.startsWith("/") || node.id.type !== "Identifier") return;
        if (node.id.name.endsWith("_REGEXP")) return;
        context.report({ node, message: `Call the regular expression ${node.id.name}_REGEXP` });
      },
    })),
    "function-declaration": rule(inSource, (context) => ({
      [TOP_LEVEL_CONSTANT](node: Deno.lint.VariableDeclarator) {
        if (node.init?.type !== "ArrowFunctionExpression" || node.id.type !== "Identifier") return;
        // a constant with a type of its own takes the types of its parameters from it
        if (node.id.typeAnnotation !== undefined) return;
        context.report({ node, message: `Declare ${node.id.name} as a function` });
      },
    })),
  },
};

export default plugin;
