/** A duration as people read it: `1.24s`. */
export function secondsText(seconds: number): string {
  return `${seconds.toFixed(2)}s`;
}
