import { evaluate, type Point } from '../../../rehearsal/engine/simulated-alarm';

/** As in CloudWatch's tables, oldest first: 0 not breaching, X breaching, - missing. */
const points = (text: string): Point[] => text.split(' ').map((point) => (point === '-' ? undefined : point === 'X')).reverse();
const RETAINED = 'INSUFFICIENT_DATA';
const TREATMENTS = ['missing', 'ignore', 'breaching', 'notBreaching'] as const;

/** The examples of "How CloudWatch alarms treat missing data", 3 out of 3 and 2 out of 3. */
test.each([
  [3, '0 - X - X', ['OK', 'OK', 'OK', 'OK']],
  [3, '0 - - - -', ['OK', 'OK', 'OK', 'OK']],
  [3, '- - - - -', ['INSUFFICIENT_DATA', RETAINED, 'ALARM', 'OK']],
  [3, '0 X X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  [3, '- - X - -', ['ALARM', RETAINED, 'ALARM', 'OK']],
  [2, '0 - X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  [2, '0 0 X 0 X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  [2, '0 - X - -', ['OK', 'OK', 'ALARM', 'OK']],
  [2, '- - - - 0', ['OK', 'OK', 'ALARM', 'OK']],
  [2, '- - - X -', ['ALARM', RETAINED, 'ALARM', 'OK']],
])('%i out of 3 at %s', (datapointsToAlarm, range, states) => {
  expect(TREATMENTS.map((missing) => evaluate(points(range), { evaluationPeriods: 3, datapointsToAlarm, missing }, RETAINED))).toEqual(
    states,
  );
});
