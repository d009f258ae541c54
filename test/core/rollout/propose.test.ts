import fc from 'fast-check';
import { defaultHarmBudget, defaultRegression, propose, proposalProblems } from '../../../lib/core/rollout/propose';

const usual = { requestsPerSecond: 100, errorRate: 0.01 };

describe('a proposal', () => {
  test('has the steps of a harm budget in whole minutes, and the final bake', () => {
    expect(propose({ ...usual, harmBudget: 200 }).steps.map(({ percent, bakeSeconds, final }) => [percent, bakeSeconds, final])).toEqual([
      [0.66, 300, false], [3.3, 300, false], [16, 840, false], [80, 600, true],
    ]);
  });

  test('says what each step finds and what faults cost', () => {
    const { steps, detectableRegression } = propose({ ...usual, harmBudget: 200 });
    expect(detectableRegression).toBe(2);
    expect(steps.map(({ findsRegression }) => findsRegression)).toEqual([false, false, true, true]);
    // 0.66 of 100 requests a second for the minute in which a share settles and the four of a reaction, of which production would have
    // failed one in a hundred.
    expect(steps[0].totalFailureCost).toBeCloseTo(0.66 * 0.99 * 300, 6);
    // A regression that the step does not find costs all of its five minutes.
    expect(steps[0].regressionCost).toBeCloseTo(0.66 * 0.01 * 300, 6);
    expect(steps[2].found).toBeLessThanOrEqual(0.02);
  });

  test('is answered as its time allows', () => {
    expect(propose({ requestsPerSecond: 1_000, errorRate: 0.1 }).answer).toBe('wait-condition');
    const slow = propose({ requestsPerSecond: 2, errorRate: 0.001, regression: 0.002 });
    expect(slow.answer).toBe('detached');
    expect(slow.longestDeadlineSeconds).toBeUndefined();
    expect(slow.deadlineSeconds).toBeGreaterThan(slow.leastSeconds);
  });

  test('has defaults for which there is a schedule, at any usual traffic', () => {
    fc.assert(
      fc.property(fc.double({ min: -1, max: 5, noNaN: true }), fc.double({ min: -5, max: -0.5, noNaN: true }), (traffic, failures) => {
        const input = { requestsPerSecond: 10 ** traffic, errorRate: 10 ** failures };
        expect(proposalProblems(input)).toEqual([]);
        const { steps, harmBudget, leastSeconds, likelySeconds } = propose(input);
        const ramp = steps.slice(0, -1);
        expect(ramp.length).toBeGreaterThan(0);
        expect(ramp.at(-1)!.findsRegression).toBe(true);
        expect(steps.every(({ percent }, index) => index === 0 || percent > steps[index - 1].percent)).toBe(true);
        expect(steps.every(({ bakeSeconds }) => bakeSeconds % 60 === 0)).toBe(true);
        expect((steps[0].percent / 100) * input.requestsPerSecond * 300).toBeLessThanOrEqual(harmBudget * (1 + 1e-9));
        expect(likelySeconds).toBeGreaterThanOrEqual(leastSeconds);
      }),
      { numRuns: 200 },
    );
  });

  test('is for a regression that is not nearly tolerated, and a budget that is not nearly used up', () => {
    expect(defaultRegression(0.01)).toBe(0.02);
    expect(defaultRegression(0.001)).toBeCloseTo(0.0031, 9);
    expect(defaultRegression(0.8)).toBe(1);
    expect(defaultHarmBudget(100, 0.01)).toBe(300);
    expect(defaultHarmBudget(0.1, 0.01)).toBe(10);
    expect(defaultHarmBudget(1_000, 0.1)).toBe(5_000);
  });
});

test.each<[string, Parameters<typeof proposalProblems>[0], RegExp]>([
  ['no traffic', { ...usual, requestsPerSecond: 0 }, /^requestsPerSecond is 0 requests a second, but must be between 0.000001 and 10000000; take the busiest hour$/],
  ['traffic that is no number', { ...usual, requestsPerSecond: NaN }, /^requestsPerSecond is NaN/],
  ['a percentage', { ...usual, errorRate: 2 }, /^errorRate is 2 of the requests, but must be between 1e-9 and 0.999; it is a share such as 0.01, or 1%/],
  ['production that never fails', { ...usual, errorRate: 0 }, /give the most that is usual, such as 0.0001/],
  ['more than all', { ...usual, regression: 3 }, /^regression is 3 of the requests, but must be between 1e-9 and 1;/],
  ['no harm', { ...usual, harmBudget: 0 }, /^harmBudget is 0 failed requests, but must be between/],
  ['a regression that is tolerated', { ...usual, regression: 0.011 }, /^regression is 1.1 % .* tolerates up to 1.15 %; raise regression above that, to 2 % for steps that end soon$/],
  ['production that fails nearly always', { ...usual, errorRate: 0.95 }, /nothing above that can be found; lower errorRate$/],
  ['a regression of millions', { ...usual, errorRate: 1e-8, regression: 0.5 }, /^regression is 50000000 times errorRate, but may be 1000000 times at the most; lower regression to 0.01$/],
  ['a budget that is tolerated', { ...usual, requestsPerSecond: 1_000, harmBudget: 200 }, /^harmBudget is 200 .* makes up to 36[01] within the 300 s of a reaction; raise harmBudget above that, to 3000 for/],
  ['traffic of a century', { ...usual, requestsPerSecond: 1e-5 }, /^the step of .* would have to last .*, but a rollout may last 8760 h; raise regression \(2 %\) or harmBudget \(10\)/],
])('fails for %s', (_, input, message) => expect(proposalProblems(input).join('\n')).toMatch(message));

test('everything that is out of range is told at once', () => expect(proposalProblems({ requestsPerSecond: -1, errorRate: 7, harmBudget: -2 })).toHaveLength(3));
