/**
 * The session below a connection, for the recipes: a migration may import them from a registry, and then they are another
 * copy of the code than the program's, which shares nothing with it but what is registered by name.
 *
 * @module
 */

import type { Session } from "./db/database.ts";

/** The member of a connection that has its session; not a part of its public type. */
export const SESSION: unique symbol = Symbol.for("delembic.session");

/** @throws {TypeError} for what is no connection */
export function sessionOf(connection: object): Session {
  const session = (connection as { readonly [SESSION]?: Session } | undefined)?.[SESSION];
  if (session === undefined) throw new TypeError("The first argument must be the 'conn' that the migration was given");
  return session;
}
