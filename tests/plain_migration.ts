/**
 * A migration as a value, with nothing in it: for tests of what is decided about migrations without running them.
 *
 * @module
 */

import type { LoadedMigration } from "../src/migration.ts";

export function plainMigration(
  revision: string,
  dependsOn: readonly string[] = [],
  labels: readonly string[] = [],
): LoadedMigration {
  return {
    revision,
    dependsOn,
    labels,
    requiresBefore: [],
    description: revision,
    kind: "ts",
    file: `delembic/versions/${revision}.ts`,
    checksum: "sha256:v1:0",
    transaction: true,
    idempotent: false,
    timeoutMs: undefined,
    lockTimeoutMs: undefined,
    retries: 3,
    tags: [],
    upgrade: () => Promise.resolve(),
    downgrade: () => Promise.resolve(),
    validate: undefined,
    statements: undefined,
    batch: undefined,
    repeatable: false,
    data: [],
  };
}
