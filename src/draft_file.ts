/**
 * What a drafted file is called, and what it depends on. Pure.
 *
 * @module
 */

export interface DraftFile {
  readonly revision: string;
  readonly dependsOn: readonly string[];
  readonly requiresBefore: readonly string[];
  readonly description: string;
}
