/**
 * Real Alembic in one process for many steps: a Python for each of them would take too long.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { outside } from "./support.ts";

/** An `env.py` that takes the database from `ALEMBIC_URL`. */
export const ALEMBIC_ENV = `
import os
from alembic import context
from sqlalchemy import create_engine

engine = create_engine(os.environ["ALEMBIC_URL"])
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
`;

export interface AlembicSteps extends AsyncDisposable {
  /** `alembic upgrade TARGET`; gives the error's text when it fails. */
  upgrade(folder: string, url: string, target: string): Promise<string | null>;
}

export function alembicSteps(): AlembicSteps {
  const child = new Deno.Command(outside.python ?? "python", {
    args: [fileURLToPath(new URL("./alembic_steps.py", import.meta.url))],
    env: { PYTHONDONTWRITEBYTECODE: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  return {
    async upgrade(folder, url, target) {
      await writer.write(new TextEncoder().encode(`${JSON.stringify({ folder, url, target })}\n`));
      let text = "";
      while (!text.endsWith("\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error("Python ended");
        text += value;
      }
      return JSON.parse(text);
    },
    async [Symbol.asyncDispose]() {
      await writer.close();
      await reader.cancel();
      await child.status;
    },
  };
}
