import { Duration } from 'aws-cdk-lib/core';
import { TrafficShift } from '../../lib';

const bakeTime = Duration.minutes(10);
const percents = (shift: TrafficShift, final = 95): number[] => shift._stages(final).map(({ percent }) => percent);

describe('shares', () => {
  test.each<[string, TrafficShift, number, number[]]>([
    ['canary', TrafficShift.canary({ stepPercent: 10, stepBakeTime: bakeTime }), 95, [10]],
    ['a thousandth', TrafficShift.canary({ stepPercent: 0.1, stepBakeTime: bakeTime }), 95, [0.1]],
    ['linear', TrafficShift.linear({ stepPercent: 25, stepBakeTime: bakeTime }), 95, [25, 50, 75]],
    ['linear up to a holdback', TrafficShift.linear({ stepPercent: 25, stepBakeTime: bakeTime }), 75, [25, 50]],
    ['linear without rounding errors', TrafficShift.linear({ stepPercent: 33.3, stepBakeTime: bakeTime }), 100, [33.3, 66.6, 99.9]],
    ['exponential', TrafficShift.exponential({ startPercent: 1, stepBakeTime: bakeTime }), 95, [1, 2, 4, 8, 16, 32, 64]],
    ['exponential by ten', TrafficShift.exponential({ startPercent: 0.1, factor: 10, stepBakeTime: bakeTime }), 95, [0.1, 1, 10]],
    ['steps', TrafficShift.steps([1, 5, 25, 50], { bakeTime }), 95, [1, 5, 25, 50]],
    ['all at once', TrafficShift.allAtOnce(), 100, []],
  ])('%s', (_, shift, final, expected) => {
    expect(shift._problems(final)).toEqual([]);
    expect(percents(shift, final)).toEqual(expected);
  });

  test('each step has its own time and approval', () => {
    expect(
      TrafficShift.custom([
        { percent: 1, bakeTime: Duration.seconds(90) },
        { percent: 50, bakeTime: Duration.hours(1), approval: true },
      ])._stages(95),
    ).toEqual([
      { percent: 1, bakeSeconds: 90, approval: false },
      { percent: 50, bakeSeconds: 3_600, approval: true },
    ]);
  });

  test('a last step of 100 % stands for the final bake', () => expect(TrafficShift.steps([50, 100], { bakeTime })._problems(95)).toEqual([]));
});

describe('mistakes', () => {
  test.each<[string, TrafficShift, RegExp]>([
    ['a share of 0', TrafficShift.canary({ stepPercent: 0, stepBakeTime: bakeTime }), /step 1 of the traffic shift is 0 %, but must be above 0 and at most 100/],
    ['a negative share', TrafficShift.steps([-1], { bakeTime }), /is -1 %/],
    ['more than everything', TrafficShift.steps([101], { bakeTime }), /is 101 %/],
    ['no number', TrafficShift.steps([NaN], { bakeTime }), /is NaN %/],
    ['shares that fall', TrafficShift.steps([10, 5], { bakeTime }), /step 2 of the traffic shift is 5 %, not more than the 10 % before it/],
    ['equal shares', TrafficShift.steps([10, 10], { bakeTime }), /not more than the 10 %/],
    ['a share of the final bake', TrafficShift.steps([10, 95], { bakeTime }), /step 2 of the traffic shift is 95 %, but the final bake, which follows by itself, has 95 %/],
    ['100 % before the end', TrafficShift.steps([100, 100], { bakeTime }), /step 1 of the traffic shift is 100 %, but the final bake/],
    ['no steps', TrafficShift.steps([], { bakeTime }), /has no steps/],
    ['no time', TrafficShift.steps([10], { bakeTime: Duration.seconds(0) }), /bake time of step 1 of the traffic shift is 0 s/],
    ['linear by nothing', TrafficShift.linear({ stepPercent: 0, stepBakeTime: bakeTime }), /stepPercent of the traffic shift is 0 %/],
    ['too many steps', TrafficShift.linear({ stepPercent: 0.5, stepBakeTime: bakeTime }), /has more than 100 steps/],
    ['a factor that does not grow', TrafficShift.exponential({ startPercent: 1, factor: 1, stepBakeTime: bakeTime }), /factor of the traffic shift is 1/],
    ['an infinite factor', TrafficShift.exponential({ startPercent: 1, factor: Infinity, stepBakeTime: bakeTime }), /factor of the traffic shift is Infinity/],
    ['exponential from nothing', TrafficShift.exponential({ startPercent: 0, stepBakeTime: bakeTime }), /startPercent of the traffic shift is 0 %/],
  ])('fails for %s', (_, shift, message) => expect(shift._problems(95).join('\n')).toMatch(message));

  test('all mistakes are told', () => expect(TrafficShift.steps([0, 101, 5], { bakeTime })._problems(95)).toHaveLength(3));
});
