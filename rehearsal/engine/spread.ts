import type { Random } from './random';

/** How many answers fall into each bin: equally often into all but the last, which is for answers that cannot be read. */
export function spread(answers: number, bins: number, random: Random): number[] {
  const readable = bins - 1;
  let unsorted = answers;
  return Array.from({ length: bins }, (_, bin) => {
    const inBin = bin === readable ? 0 : random.binomial(unsorted, 1 / (readable - bin));
    unsorted -= inBin;
    return inBin;
  });
}
