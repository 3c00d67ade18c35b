/**
 * "Did you mean …?": the known word that is nearest to one that nobody knows. Pure.
 *
 * @module
 */

/**
 * The candidate that the word was most probably meant to be, or `undefined` when none is near: at most one mistake in
 * three characters. Of several that are equally near the first is taken. Case does not count.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let least = Infinity;
  for (const candidate of candidates) {
    const known = candidate.toLowerCase();
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, known.length) / 3));
    if (Math.abs(wanted.length - known.length) > limit) continue;
    const distance = editDistance(wanted, known);
    if (distance <= limit && distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** As {@link closest}, or the only candidate that begins with the word, where somebody wrote less than all of it. */
export function meant(word: string, candidates: readonly string[]): string | undefined {
  const near = closest(word, candidates);
  if (near !== undefined || word.replace(/^-+/, "").length < 3) return near;
  const [only, another] = candidates.filter((candidate) => candidate.startsWith(word));
  return another === undefined ? only : undefined;
}

/**
 * How many characters must be put in, taken out, replaced or swapped with their neighbour to make one word of the
 * other (optimal string alignment). A digit in the place of another digit counts twice: `D001` and `D009` are two
 * things, not one with a slip of the finger.
 */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const x = a[i - 1] ?? "", y = b[j - 1] ?? "";
      let least = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + costOf(x, y));
      if (x === b[j - 2] && y === a[i - 2] && x !== y) least = Math.min(least, (before[j - 2] ?? 0) + costOf(x, y));
      row.push(least);
    }
    [before, above] = [above, row];
  }
  return above[b.length] ?? 0;
}

const DIGIT_REGEXP = /^\d$/;

function costOf(x: string, y: string): number {
  if (x === y) return 0;
  return DIGIT_REGEXP.test(x) && DIGIT_REGEXP.test(y) ? 2 : 1;
}
