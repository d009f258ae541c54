import fc from 'fast-check';
import { RESPONSE_LIMIT_SECONDS, WAIT_CONDITION_LIMIT_SECONDS } from '../../../lib/core/gate';
import { leastSeconds, longestDeadline, scheduleOf, scheduleProblems, type ScheduleInput } from '../../../lib/core/rollout/schedule';

const input = (bakeSeconds: number[], more: Partial<ScheduleInput> = {}): ScheduleInput => ({
  stages: bakeSeconds.map((seconds, index) => ({ percent: index + 1, bakeSeconds: seconds, approval: false })),
  intervalSeconds: 60,
  drainSeconds: 34,
  settlingSeconds: 0,
  delaySeconds: 60,
  waitsForPeople: false,
  detached: false,
  uncertifiedSeconds: 0,
  ...more,
});

const RESPONSE = longestDeadline('response', 34);
const WAIT = longestDeadline('wait-condition', 34);

describe('how the end reaches CloudFormation', () => {
  test.each<[string, ScheduleInput, string, number]>([
    ['twenty minutes of baking', input([600, 600]), 'response', 3_000],
    ['an hour of baking', input([1_800, 1_800]), 'wait-condition', 7_800],
    ['seven hours of baking leave less than twice their time', input([25_200]), 'wait-condition', WAIT],
    ['a deadline at the limit of an answer', input([600], { deadlineSeconds: RESPONSE }), 'response', RESPONSE],
    ['a second more', input([600], { deadlineSeconds: RESPONSE + 1 }), 'wait-condition', RESPONSE + 1],
    ['people have all the time that there is', input([600], { waitsForPeople: true }), 'wait-condition', WAIT],
    ['a candidate has a week', input([600], { detached: true }), 'detached', 604_800],
    ['or twice its time', input([604_800], { detached: true }), 'detached', 1_210_200],
  ])('%s', (_, each, answer, deadlineSeconds) => {
    expect(scheduleOf(each)).toMatchObject({ answer, deadlineSeconds });
    expect(scheduleProblems(each, scheduleOf(each))).toEqual([]);
  });

  test('CloudFormation never waits longer than it can', () => {
    expect(scheduleOf(input([600], { deadlineSeconds: RESPONSE })).serviceTimeoutSeconds).toBe(RESPONSE_LIMIT_SECONDS);
    expect(scheduleOf(input([600], { deadlineSeconds: WAIT })).waitConditionSeconds).toBe(WAIT_CONDITION_LIMIT_SECONDS);
    expect(scheduleOf(input([600], { deadlineSeconds: WAIT })).serviceTimeoutSeconds).toBe(120 + 34 + 120);
  });
});

describe('mistakes', () => {
  test('a deadline that the bake times exceed, with the arithmetic', () => {
    const each = input([600, 600], { deadlineSeconds: 1_200 });
    expect(leastSeconds(each)).toBe(1_440);
    expect(scheduleProblems(each, scheduleOf(each))).toEqual([
      expect.stringMatching(/the deadline is 20 min, but the stages take 24 min at the least: settling and bake times of 20 min and 2 times 60 s interval and 60 s/),
    ]);
  });

  test.each([input([WAIT + 1]), input([600], { deadlineSeconds: WAIT + 1 })])('longer than a deployment may last', (each) => {
    expect(scheduleProblems(each, scheduleOf(each))).toEqual([
      expect.stringMatching(/a deployment waits for 12 h at the most, less 34 s for requests on their way and 300 s margin: 11 h 54 min; .* candidate/),
    ]);
  });
});

test('whatever is accepted can be gone through in time, and CloudFormation waits for it', () => {
  fc.assert(
    fc.property(
      fc.record({
        bakes: fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 100 }),
        intervalSeconds: fc.integer({ min: 5, max: 3_600 }),
        drainSeconds: fc.integer({ min: 6, max: 300 }),
        delaySeconds: fc.constantFrom(20, 60),
        waitsForPeople: fc.boolean(),
        detached: fc.boolean(),
        deadlineSeconds: fc.option(fc.integer({ min: 1, max: 100_000 }), { nil: undefined }),
      }),
      ({ bakes, ...more }) => {
        const each = input(bakes, more);
        const schedule = scheduleOf(each);
        if (scheduleProblems(each, schedule).length > 0) {
          return;
        }
        expect(schedule.deadlineSeconds).toBeGreaterThanOrEqual(leastSeconds(each));
        expect(schedule.serviceTimeoutSeconds).toBeLessThanOrEqual(RESPONSE_LIMIT_SECONDS);
        expect(schedule.answer === 'wait-condition' ? schedule.waitConditionSeconds : 0).toBeLessThanOrEqual(WAIT_CONDITION_LIMIT_SECONDS);
        expect(schedule.answer === 'detached').toBe(more.detached);
      },
    ),
    { numRuns: 2_000 },
  );
});
