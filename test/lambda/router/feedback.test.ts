import { FeedbackRecording, type RecordingPorts } from '../../../lambda/router/feedback';
import { failure, FailureClass, type Outcome } from '../../../lambda/shared/http/outcome';
import { ErrorCode } from '../../../lambda/shared/http/errors';
import { readRequest } from '../../../lambda/shared/http/request';
import { apiEvent, route, variant } from '../../fixtures/serving';

const feedback = { table: 'inferences', sampleRate: 1, windowSeconds: 60, outcome: { kind: 'label', prediction: '$.label' } } as const;
const answer: Outcome = { kind: 'answer', status: 200, headers: {}, body: Buffer.from('{"label":7}') };

/** A router's recording whose clock is turned by hand, over a table that behaves as given. */
function world(change: RecordingPorts['records']['change']): { record: (outcome?: Outcome) => Promise<void>; lost: string[]; turn: (ms: number) => void } {
  const lost: string[] = [];
  let now = 1_000;
  const recording = new FeedbackRecording({ endpoint: 'fraud', records: { change }, lost: (alias) => lost.push(alias), onFailure: () => {}, clock: () => now, now: () => now }, 20);
  const production = variant('production');
  return {
    record: (outcome = answer) =>
      recording.record(readRequest(apiEvent()), {
        variant: production,
        outcome,
        latencyMs: 1,
        route: route([production], { feedback }),
      } as never),
    lost,
    turn: (ms) => {
      now += ms;
    },
  };
}

test('fails to write: the caller has the answer, the loss is counted, and nothing is tried for a second', async () => {
  let tried = 0;
  const { record, lost, turn } = world(async () => {
    tried++;
    throw new Error('no table');
  });
  await record();
  await record();
  expect([tried, lost]).toEqual([1, ['live', 'live']]);
  turn(1_001);
  await record();
  expect([tried, lost.length]).toEqual([2, 3]);
});

test('fails to write in time: the caller does not wait, the next ones not at all, and what arrives late is not lost', async () => {
  const arrivals: (() => void)[] = [];
  const { record, lost } = world(() => new Promise((resolve) => { arrivals.push(() => resolve(undefined)); }));
  await record();
  await record();
  expect([arrivals.length, lost]).toEqual([2, []]);
  // No more are begun than can be kept in mind.
  for (let more = 0; more < 100; more++) {
    await record();
  }
  expect([arrivals.length, lost.length]).toEqual([100, 2]);
  arrivals.forEach((arrive) => arrive());
  await new Promise(setImmediate);
  await Promise.all([record(), new Promise<void>((resolve) => { setImmediate(() => { arrivals.at(-1)!(); resolve(); }); })]);
  expect([arrivals.length, lost.length]).toEqual([101, 2]);
});

test('what was refused or failed predicts nothing', async () => {
  const { record, lost } = world(() => { throw new Error('not to be called'); });
  await record({ ...answer, status: 400 } as Outcome);
  await record(failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, 'broken'));
  expect(lost).toEqual([]);
});
