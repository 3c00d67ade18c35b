/**
 * Waiting that has an end.
 *
 * @module
 */

/** Waits for something, but not for long. @returns whether it came in time */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const enough = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), milliseconds));
  const came = await Promise.race([work.then(() => true), enough]);
  clearTimeout(timer);
  return came;
}
