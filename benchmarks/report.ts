/** A table without colours, to be read in a log and copied into a page. */
export const plain = { style: { head: [], border: [] } };

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
