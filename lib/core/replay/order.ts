import { uniform } from '../sampling';

/**
 * The order in which some of the requests are replayed, by their places in the file: drawn by lot, because a file that is sorted would show
 * the candidate one kind of request first, and what is certain of that kind is not certain of all. The same for the same rollout, whoever
 * asks how often.
 */
export function replayOrder(rolloutId: string, available: number, wanted: number): number[] {
  return Array.from({ length: available }, (_, place) => ({ place, lot: uniform('replay', rolloutId, String(place)) }))
    .sort((a, b) => a.lot - b.lot)
    .slice(0, wanted)
    .map(({ place }) => place);
}

/** Which version is asked first takes turns: the second may find warm what the first has looked up. */
export function candidateFirst(index: number): boolean {
  return index % 2 === 1;
}

/** Whether production is asked a request a second time. */
export function asksTwice(rolloutId: string, index: number, share: number): boolean {
  return uniform('replay noise', rolloutId, String(index)) < share;
}
