import { ANY_SHARE, callerTraffic, type TrafficMinute } from '../../../lib/core/judge/caller-traffic';
import { SampleRatioEvidence } from '../../../lib/core/judge/sample-ratio';
import { randomOf } from '../../../rehearsal/engine/random';

/** Hours of callers of whom the candidate's send a part of all requests that changes by the hour, in bunches. */
function hours(count: number, seed: number, { part = 0.2, hourly = 0.3, bunch = 20 } = {}): TrafficMinute[] {
  const random = randomOf(seed);
  return Array.from({ length: count }, (_, block) => {
    const factor = Math.exp(hourly * random.normal());
    return Array.from({ length: 60 }, () => ({
      block,
      mine: bunch * random.poisson(part * factor * 600 / bunch),
      others: bunch * random.poisson((1 - part) * 600 / bunch),
    }));
  }).flat();
}

test('busy callers who come and go break no sound split, and one that is gone is seen', () => {
  let [broken, found] = [0, 0];
  for (let seed = 1; seed <= 100; seed++) {
    const { share, overdispersion } = callerTraffic(hours(24, seed), 3.5, 0)!;
    expect(overdispersion).toBeGreaterThan(5);
    const split = new SampleRatioEvidence(0.05, overdispersion);
    // The candidate's share of the callers is 5 %, of the requests a fifth.
    hours(1, 1_000 + seed).forEach(({ mine, others }) => split.add(mine, others, share.lower, share.upper));
    broken += Number(split.logEvidence() >= Math.log(1_000));
    const gone = new SampleRatioEvidence(0.05, overdispersion);
    hours(1, 1_000 + seed).forEach(({ mine, others }) => gone.add(Math.round(mine / 10), others, share.lower, share.upper));
    found += Number(gone.logEvidence() >= Math.log(1_000));
  }
  expect(broken).toBeLessThanOrEqual(1);
  expect(found).toBeGreaterThanOrEqual(80);
});

test('callers who always send alike are known well, those of a cell that is cut are not', () => {
  const steady = hours(24, 1, { hourly: 0, bunch: 1 });
  const known = callerTraffic(steady, 3.5, 0)!;
  expect(known.share.upper - known.share.lower).toBeLessThan(0.05);
  expect(known.overdispersion).toBeLessThan(1.3);
  const cut = callerTraffic(steady, 3.5, 0.25)!;
  expect(cut.share.upper).toBeGreaterThan(0.5);
});

test('less than three hours say nothing of how callers vary: then no share is wrong', () => {
  expect(callerTraffic(hours(2, 1), 3.5, 0)).toBeUndefined();
  const split = new SampleRatioEvidence(0.05, 1);
  hours(1, 1).forEach(({ others }) => split.add(0, others, ANY_SHARE.lower, ANY_SHARE.upper));
  expect(split.logEvidence()).toBeLessThan(1);
});
