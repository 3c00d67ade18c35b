/** `delembic serve` */

import { EXIT, type ExitCode } from "../errors.ts";
import { Redactor } from "../redact.ts";
import { VERSION } from "../version.ts";
import type { Opened } from "../web/board.ts";
import type { Guard } from "../web/guard.ts";
import type { SiteOptions, Verb } from "../web/site.ts";
import { openBrowser } from "./browser.ts";
import { command, type Context } from "./command.ts";
import { flag, UsageError, value } from "./command_line.ts";
import { openConfig, openDatabaseOf } from "./open_project.ts";
import { Output } from "./output.ts";
import type { Line } from "./text.ts";

const DEFAULT_PORT = 8800;
const PORT_REGEXP = /^\d{1,5}$/;
const TOKEN_REGEXP = /^[A-Za-z0-9._~-]{16,200}$/;

export const serve = command({
  description: [
    "Shows the project in a browser: what is applied and what is not, what stands in the way, the graph of schema and " +
    "data, every run with its error, and how far a migration in batches is, while it runs. '/api/data' gives the same as " +
    "JSON. It reads anew what has changed, and only reads.",
    "Only this machine can reach it. With --host others can, who then need the token that is printed; there is no TLS, so " +
    "let a proxy do that where the way is not safe. With --allow-actions the page has buttons that pause and resume " +
    "migrations in batches, for those who have the token.",
  ],
  arguments: {},
  options: {
    host: value("HOST", "the address to listen on; else 127.0.0.1"),
    port: value("PORT", "the port; else 8800; 0 takes a free one"),
    noBrowser: flag("do not open a browser"),
    allowActions: flag("let those who have the token pause and resume"),
    token: value("TOKEN", "the token to ask for; else a new one is made where one is needed"),
  },
  examples: [
    { line: "serve", text: "Look at the project of this folder." },
    { line: "serve --port 0 --no-browser", text: "On any free port, which is printed." },
    { line: "serve --host 0.0.0.0 --allow-actions", text: "For colleagues, who need the token." },
  ],
  async run(context, { options }): Promise<ExitCode> {
    const host = (options.host ?? "127.0.0.1").replace(/^\[|\]$/g, "");
    const port = portOf(options.port);
    // what is wrong with the configuration is told at once, and its warnings once
    await openDatabaseOf(context, await openConfig(context));
    const { listen } = await import("../web/server.ts");
    const { Site } = await import("../web/site.ts");
    const { Token } = await import("../web/token.ts");
    const token = tokenText(options, host, await import("../web/guard.ts"), Token.random);
    let answer: (request: Request) => Promise<Response> = () => Promise.resolve(new Response(null, { status: 503 }));
    const listening = listen({ host, port, answer: (request) => answer(request) });
    const guard: Guard = {
      host,
      machine: context.io.hostname(),
      token: token === undefined ? undefined : await Token.of(token, listening.port),
    };
    using site = await Site.of(siteOptions(context, guard, options.allowActions));
    answer = (request) => site.answer(request);
    tell(context, { host, port: listening.port, token, isOwn: options.token !== undefined, quiet: options.noBrowser });
    await ended(context);
    site[Symbol.dispose]();
    await listening.stop();
    context.output.result(["Stopped."]);
    return EXIT.done;
  },
});

function portOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  if (PORT_REGEXP.test(text) && Number(text) <= 65_535) return Number(text);
  throw new UsageError("invalid-value", `Option '--port' needs a number up to 65535, got '${text}'`);
}

/** What has to be shown: where others can reach the page, and where it can do something. */
function tokenText(
  { token, allowActions }: { readonly token: string | undefined; readonly allowActions: boolean },
  host: string,
  { isLoopback }: { isLoopback(host: string): boolean },
  random: () => string,
): string | undefined {
  if (token === undefined) return allowActions || !isLoopback(host) ? random() : undefined;
  if (TOKEN_REGEXP.test(token)) return token;
  throw new UsageError(
    "invalid-value",
    "Option '--token' needs 16 to 200 letters, digits and . _ ~ -",
    "Leave it out, and one is made that nobody can guess.",
  );
}

function siteOptions(context: Context, guard: Guard, allowActions: boolean): SiteOptions {
  const redactor = new Redactor();
  const { globals, io, output } = context;
  // the page tells what is wrong with the configuration: the terminal has heard it
  const silent = new Output(io, { ...globals, json: false, quiet: true, verbose: false }, redactor);
  const reading: Context = {
    ...context,
    output: silent,
    hide: (secret) => {
      redactor.add(secret);
      context.hide(secret);
    },
  };
  return {
    guard,
    version: VERSION,
    redact: (text) => redactor.text(text),
    open: async () => {
      const config = await openConfig(reading);
      const database = await openDatabaseOf(reading, config);
      const { loadProject } = await import("../project.ts");
      return { database, project: await loadProject(config, database.dialect, { again: true }) };
    },
    decide: allowActions ? (opened, verb, id) => decided(context, opened, { verb, id }) : undefined,
    onDefect: (error) => output.problem(defectLines(error)),
  };
}

async function decided(
  context: Context,
  { project, database }: Opened,
  { verb, id }: { readonly verb: Verb; readonly id: string },
): Promise<string> {
  const { startRun } = await import("./start_run.ts");
  const { pauseWalk, resumeWalk } = await import("../walk_decisions.ts");
  const decide = verb === "pause" ? pauseWalk : resumeWalk;
  const { revision, changed } = await startRun(
    context,
    { project, database, config: project.config },
    (run) => decide(run, id),
  );
  if (changed) context.output.progress([`${revision} was ${verb}d on the page`]);
  return revision;
}

function defectLines(error: unknown): Line[] {
  const text = error instanceof Error ? error.stack ?? error.message : Deno.inspect(error);
  return [`Internal error: ${text.split("\n")[0]}`, ...text.split("\n").slice(1)];
}

interface Shown {
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
  /** The token was given by the user, who knows it. */
  readonly isOwn: boolean;
  readonly quiet: boolean;
}

function tell({ io, output }: Context, { host, port, token, isOwn, quiet }: Shown): void {
  const base = `http://${shownHost(host, io.hostname())}:${port}`;
  const address = token === undefined ? base : `${base}/?token=${token}`;
  const shown = isOwn ? base : address;
  output.result([
    `Delembic UI → ${shown}`,
    ...(isOwn ? ["It asks for the token that was given: add ?token=… once."] : []),
    "Ctrl+C to stop.",
  ]);
  output.document({ url: base, ...(token === undefined || isOwn ? {} : { token }) });
  if (!quiet) openBrowser(address, io);
}

/** As people reach it. */
function shownHost(host: string, machine: string): string {
  if (host === "0.0.0.0" || host === "::") return machine;
  if (host === "127.0.0.1" || host === "::1") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}

async function ended({ io }: Context): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  using _listening = io.onSignal(() => resolve());
  await promise;
}
