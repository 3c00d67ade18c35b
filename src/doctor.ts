/**
 * What `doctor` finds, as values: each check says that all is well, that it does not apply, or what is wrong and what
 * to do about it.
 *
 * @module
 */

import { DelembicError, type Fault, formatPlace } from "./errors.ts";

/** `none`: there is nothing to check, or nothing to check it with. */
export type FindingState = "ok" | "none" | "problem";

export interface Finding {
  /** What was looked at: `connection`. */
  readonly check: string;
  readonly state: FindingState;
  readonly text: string;
  /** What to do. */
  readonly hint?: string | undefined;
}

export function ok(check: string, text: string): Finding {
  return { check, state: "ok", text };
}

export function none(check: string, text: string): Finding {
  return { check, state: "none", text };
}

export function problem(check: string, text: string, hint?: string): Finding {
  return hint === undefined ? { check, state: "problem", text } : { check, state: "problem", text, hint };
}

export function faultFinding(check: string, { message, place, hint }: Fault): Finding {
  return problem(check, `${message} (${formatPlace(place)})`, hint);
}

/** An expected error as a finding. @throws what is none */
export function errorFinding(check: string, error: unknown): Finding {
  if (!(error instanceof DelembicError)) throw error;
  const where = error.place === undefined ? "" : ` (${formatPlace(error.place)})`;
  return problem(check, error.message + where, error.hint);
}

/** The findings of a check; an expected error is one of them. */
export async function findings(check: string, look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [errorFinding(check, error)];
  }
}
