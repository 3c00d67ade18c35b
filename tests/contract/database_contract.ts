/**
 * What each driver must do, as one suite that every driver runs. A driver that cannot do a thing says so with a reason,
 * and the test shows as ignored.
 *
 * @module
 */

import { type Kind, testWith } from "../support.ts";
import { type ContractTests, Ground } from "./contract_ground.ts";
import { errorTests } from "./contract_errors.ts";
import { leaseTests } from "./contract_leases.ts";
import { ledgerTests } from "./contract_ledger.ts";
import { catalogTests, loadTests } from "./contract_loads.ts";
import { queryTests } from "./contract_queries.ts";
import { streamTests } from "./contract_streams.ts";
import { transactionTests } from "./contract_transactions.ts";

const TESTS: ContractTests = {
  ...queryTests,
  ...transactionTests,
  ...streamTests,
  ...errorTests,
  ...ledgerTests,
  ...leaseTests,
  ...loadTests,
  ...catalogTests,
};

export interface Skip {
  readonly reason: string;
  /** The names of the tests, exactly. */
  readonly tests: readonly string[];
}

/** Defines the tests for one database. @throws {TypeError} when a skip names a test that there is not */
export function databaseContract(kind: Kind, options: { readonly skip?: readonly Skip[] } = {}): void {
  const reasons = new Map((options.skip ?? []).flatMap(({ reason, tests }) => tests.map((name) => [name, reason])));
  for (const name of reasons.keys()) {
    if (!(name in TESTS)) throw new TypeError(`A skip names a test that there is not: ${name}`);
  }
  const needs = kind === "sqlite" ? [] : kind === "postgresql" ? ["postgres" as const] : ["mysql" as const];
  for (const [name, test] of Object.entries(TESTS)) {
    const reason = reasons.get(name);
    if (reason !== undefined) {
      Deno.test({ name: `${kind}: ${name} (not here: ${reason})`, ignore: true, fn() {} });
      continue;
    }
    testWith(needs, `${kind}: ${name}`, async () => {
      await using ground = await Ground.make(kind);
      await test(ground);
    });
  }
}

/** The names of all tests of leases, for databases that have an OS file lock instead. */
export const LEASE_TESTS: readonly string[] = Object.keys(leaseTests);
