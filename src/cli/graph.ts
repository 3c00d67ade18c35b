/** `delembic graph` */

import { DelembicError, EXIT, type ExitCode, reasonOf } from "../errors.ts";
import { type GraphRow, graphRows } from "../graph_text.ts";
import type { GraphView, NodeState } from "../graph_view.ts";
import { command, type Context } from "./command.ts";
import { choice, flag, value } from "./command_line.ts";
import { fitted } from "../text_width.ts";
import { visible } from "../visible.ts";
import { absolutePath } from "./paths.ts";
import { type Line, linesOf, type Style, styled } from "./text.ts";

const FORMATS = ["text", "mermaid", "dot", "svg"] as const;
type Format = typeof FORMATS[number];

export const graph = command({
  description: [
    "Draws the migrations and what each needs, the oldest first, with their states. In a terminal the lanes show what " +
    "hangs together: ● applied, ○ pending, ◉ running, ✗ failed, ⊘ blocked, ◐ changed, ◌ without a file, ! a faulty file.",
    "'--format mermaid' is for Markdown, which GitHub and GitLab draw; 'dot' for Graphviz; 'svg' is a picture for light and " +
    "dark, that tells its states by shape too. With --schema Alembic's revisions are in it (■ applied, □ pending), and " +
    "which migration needs which. Reads only: creates no table.",
  ],
  arguments: {},
  options: {
    format: choice("FORMAT", FORMATS, "text, mermaid, dot or svg; else text"),
    schema: flag("Alembic's revisions too"),
    output: value("FILE", "write it into a file", "o"),
  },
  examples: [
    { line: "graph --schema", text: "See in the terminal how schema and data hang together." },
    { line: "graph --format mermaid -o docs/migrations.mmd", text: "A picture for the documentation." },
    { line: "graph --format dot | dot -Tpdf -o graph.pdf", text: "With Graphviz, on paper." },
  ],
  async run(context, { options: { format, schema, output } }): Promise<ExitCode> {
    const wanted = format ?? "text";
    const { lookAt, openProject, tellFaults } = await import("./open_project.ts");
    const { readGraph } = await import("../graph_source.ts");
    return await lookAt(context, await openProject(context), async (look) => {
      tellFaults(context, look);
      const { view, schemaError } = await readGraph(look, { schema });
      if (schemaError !== undefined && schemaError.message !== look.seen.alembicError?.message) {
        context.output.warn(schemaError.message, schemaError.hint);
      }
      const drawn = await drawnAs(wanted, view, context, output !== undefined);
      if (output === undefined) context.output.result(drawn);
      else await writeFile(context, output, drawn);
      context.output.document({ nodes: view.nodes.map(nodeMember), edges: view.edges });
      return EXIT.done;
    });
  },
});

async function drawnAs(format: Format, view: GraphView, context: Context, isForFile: boolean): Promise<Line[]> {
  switch (format) {
    case "text": {
      const width = !isForFile && context.io.outIsTerminal ? context.io.columns() : undefined;
      return graphLines(view, width);
    }
    case "mermaid": {
      const { graphMermaid, MERMAID_LIMITS } = await import("../graph_mermaid.ts");
      const text = graphMermaid(view);
      if (text.length > MERMAID_LIMITS.characters || view.edges.length > MERMAID_LIMITS.edges) {
        context.output.warn(
          "GitHub does not draw a Mermaid graph as large as this one",
          "'--format svg' has no such limit.",
        );
      }
      return linesOf(text);
    }
    case "dot":
      return linesOf((await import("../graph_dot.ts")).graphDot(view));
    case "svg":
      return linesOf((await import("../graph_svg.ts")).graphSvg(view));
  }
}

const STYLES: Readonly<Record<NodeState, Style>> = {
  applied: "green",
  pending: "cyan",
  running: "bold",
  failed: "red",
  blocked: "yellow",
  changed: "yellow",
  missing: "red",
  faulty: "red",
  unknown: "dim",
};

/** The widest picture beside which the revisions still stand in one column. */
const ALIGNED_COLUMNS = 24;

/** @param width of the terminal; a line that would be wider is cut off */
export function graphLines(view: GraphView, width?: number): Line[] {
  if (view.nodes.length === 0) return ["No migrations found."];
  const rows = graphRows(view);
  const picture = Math.max(...rows.map(widthOf));
  return rows.map((row) => lineOf(row, Math.min(picture, ALIGNED_COLUMNS), width));
}

function widthOf({ before, sign, after }: GraphRow): number {
  return before.length + sign.length + after.length;
}

function lineOf(row: GraphRow, picture: number, width: number | undefined): Line {
  const { before, sign, after, node } = row;
  if (node === undefined) return [styled("dim", before)];
  const marks = [
    ...node.labels,
    ...node.kind === "schema" ? ["schema"] : [],
    ...node.isHead ? ["head"] : [],
    ...node.state === "applied" ? [] : [node.state],
  ];
  const taken = Math.max(widthOf(row), picture) + 2;
  const told = `${marks.length === 0 ? "" : `  (${marks.join(", ")})`}${node.text === "" ? "" : `  ${node.text}`}`;
  const id = node.id;
  const rest = width === undefined ? told : fitted(visible(told), Math.max(0, width - taken - id.length));
  return [
    styled("dim", before),
    styled(STYLES[node.state], sign),
    styled("dim", after),
    " ".repeat(taken - widthOf(row)),
    styled("bold", id),
    rest,
  ];
}

function nodeMember({ id, kind, state, text, labels, isHead, key }: GraphView["nodes"][number]) {
  return { key, revision: id, kind, status: state, description: text, labels, head: isHead };
}

async function writeFile(context: Context, name: string, drawn: readonly Line[]): Promise<void> {
  const file = absolutePath(context.io.cwd(), name);
  const text = drawn.map((line) =>
    typeof line === "string" ? line : line.map((piece) => typeof piece === "string" ? piece : piece.text).join("")
  );
  try {
    await Deno.writeTextFile(file, `${text.map(visible).join("\n")}\n`);
  } catch (error) {
    throw new DelembicError(`Cannot write ${name}: ${reasonOf(error)}`, {
      code: "unwritable",
      exitCode: EXIT.usage,
      hint: "Name a file in a folder that is there, and that this user may write.",
      cause: error,
    });
  }
  context.output.result([`Wrote ${name}`]);
}
