import type { APIGatewayProxyResult } from 'aws-lambda';
import type { FeedbackRecordPlan } from '../../../lib/core/feedback/plan';
import type { FeedbackRecord } from '../../../lib/core/inference-log/record';
import { uniform } from '../../../lib/core/sampling';
import { parseRoute } from '../../../lib/core/routing/parse';
import type { Route, Variant } from '../../../lib/core/routing/route';
import { settleFeedback } from '../../../lambda/feedback/feedback';
import { EmfFeedbackRecorder, type ToldOutcome } from '../../../lambda/feedback/feedback-metrics';
import { feedbackReply } from '../../../lambda/feedback/reply';
import { recordShadow } from '../../../lambda/mirror/shadow-prediction';
import { FeedbackRecording } from '../../../lambda/router/feedback';
import type { Outcome } from '../../../lambda/shared/http/outcome';
import { proxyResult } from '../../../lambda/shared/http/reply';
import { readRequest } from '../../../lambda/shared/http/request';
import { Part } from '../../../lambda/router/served';
import { InferenceRecords } from '../../../lambda/shared/records/inference-records';
import { apiEvent, route, variant } from '../../fixtures/serving';
import { MemoryDynamoDb } from '../../../rehearsal/harness/memory-dynamodb';

const PLAN: FeedbackRecordPlan = { table: 'inferences', sampleRate: 1, windowSeconds: 3_600, outcome: { kind: 'label', prediction: '$.label' } };

/** Router, mirror and feedback function over one table in memory. */
function world(plan: Partial<FeedbackRecordPlan> = {}, overrides: Partial<Route> = {}): {
  db: MemoryDynamoDb; counted: ToldOutcome[]; pairs: unknown[]; log: FeedbackRecord[]; failures: unknown[]; clock: { now: number };
  infer: (inferenceId: string, body?: string, by?: Variant, part?: Part) => Promise<void>;
  shadow: (inferenceId: string, body: string) => Promise<void>;
  tell: (document: unknown, event?: Parameters<typeof apiEvent>[0]) => Promise<APIGatewayProxyResult>;
} {
  const db = new MemoryDynamoDb();
  const records = new InferenceRecords(db);
  const feedback = { ...PLAN, ...plan };
  const production = variant('production', { version: 'v1' });
  // What routers would not read must not be what is tested.
  const stored = parseRoute(JSON.stringify(route([production], { feedback, ...overrides })), 1);
  const counted: ToldOutcome[] = [];
  const pairs: unknown[] = [];
  const log: FeedbackRecord[] = [];
  const failures: unknown[] = [];
  const clock = { now: 1_700_000_000_000 };
  let requests = 0;
  const recording = new FeedbackRecording({
    endpoint: 'fraud', records, lost: (alias) => failures.push(`lost ${alias}`), onFailure: (details) => failures.push(details), clock: () => clock.now, now: () => clock.now,
  });
  const answer = (body: string): Outcome => ({ kind: 'answer', status: 200, headers: {}, body: Buffer.from(body) });
  return {
    db,
    counted,
    pairs,
    log,
    failures,
    clock,
    infer: (inferenceId: string, body = '{"label":7}', by = production, part = Part.ASSIGNED) =>
      recording.record(readRequest(apiEvent({ headers: { 'x-amzn-sagemaker-inference-id': inferenceId } })), {
        variant: by,
        part,
        outcome: answer(body),
        latencyMs: 1,
        route: stored,
      } as never),
    shadow: (inferenceId: string, body: string) =>
      recordShadow({ inferenceId, at: clock.now, headers: {}, query: '', body: '', feedback, production: {} as never }, answer(body), {
        plan: { alias: 'live', shadow: 'v3', version: 'v3' },
        records,
        pairs: { count: (_alias, at, effects) => effects.forEach((effect) => pairs.push({ at, ...effect })) },
        onFailure: (details) => failures.push(details),
      }),
    tell: async (document: unknown, event: Parameters<typeof apiEvent>[0] = {}): Promise<APIGatewayProxyResult> =>
      proxyResult(
        feedbackReply(
          await settleFeedback(
            readRequest(apiEvent({ body: typeof document === 'string' ? document : JSON.stringify(document), ...event })),
            `request-${++requests}`,
            {
              endpoint: 'fraud',
              route: async (alias) => {
                if (alias === 'live') {
                  return stored;
                }
                if (alias === 'mute') {
                  return { ...stored, feedback: undefined };
                }
                return undefined;
              },
              records,
              recorder: {
                told: (outcome) => {
                  counted.push(outcome);
                  outcome.effect.pairs.forEach((effect) => pairs.push({ at: outcome.at, ...effect }));
                },
              },
              log: (record) => log.push(record),
              onFailure: (details) => failures.push(details),
              now: () => clock.now,
            },
          ),
        ),
      ),
  };
}

const outcomeOf = ({ statusCode, body }: APIGatewayProxyResult): [number, string] => {
  const { status, error } = JSON.parse(body) as { status?: string; error?: { code: string } };
  return [statusCode, status ?? error!.code];
};
const sum = (counted: readonly ToldOutcome[]): [number, number] => [
  counted.reduce((n, { effect }) => n + effect.outcomes, 0),
  counted.reduce((n, { effect }) => n + effect.wrong, 0),
];

test.each([[Part.ASSIGNED, 'v1'], [Part.FALLBACK, undefined], [Part.CHOSEN, undefined]])(
  'an outcome of a request that was %s counts for the version %s: versions are compared by what was assigned to them', async (part, version) => {
    const { infer, tell, counted } = world();
    await infer('mine', '{"label":7}', undefined, part);
    await tell({ inferenceId: 'mine', label: 7 });
    expect(counted).toMatchObject([{ variant: 'production' }]);
    expect(counted[0].version).toBe(version);
  },
);

test('what is told counts for who answered, at the time of the inference, and is one line of the log', async () => {
  const { infer, tell, clock, counted, log } = world();
  await infer('mine', '{"label":7,"card":"4111"}', variant('candidate', { role: 'candidate', version: 'v2' }));
  const at = clock.now;
  clock.now += 60_000;
  expect(await tell({ inferenceId: 'mine', label: 3 })).toMatchObject({ statusCode: 200, body: '{"inferenceId":"mine","status":"accepted"}', headers: { 'content-type': 'application/json' } });
  expect(counted).toEqual([{ alias: 'live', variant: 'candidate', version: 'v2', at, effect: { outcomes: 1, wrong: 1, pairs: [] } }]);
  expect(log).toEqual([{
    modelRollout: 'feedback', time: new Date(at + 60_000).toISOString(), outcomeTime: new Date(at).toISOString(), endpoint: 'fraud', alias: 'live', inferenceId: 'mine',
    variant: 'candidate', role: 'candidate', version: 'v2', label: '3', prediction: '7', correct: false, correction: false,
  }]);
});

describe('ratings', () => {
  const stars: Partial<FeedbackRecordPlan> = { outcome: { kind: 'rating', lowest: 1, highest: 5 } };

  test('count for who answered, at the time of the inference, and a correction by what it changes; no line says right or wrong', async () => {
    const { infer, tell, clock, counted, log } = world(stars);
    await infer('mine', 'any answer', variant('candidate', { role: 'candidate', version: 'v2' }));
    const at = clock.now;
    clock.now += 60_000;
    expect(outcomeOf(await tell({ inferenceId: 'mine', rating: 4 }))).toEqual([200, 'accepted']);
    expect(outcomeOf(await tell({ inferenceId: 'mine', rating: 4 }))).toEqual([200, 'duplicate']);
    expect(outcomeOf(await tell({ inferenceId: 'mine', rating: 2 }))).toEqual([409, 'ALREADY_KNOWN']);
    expect(outcomeOf(await tell({ inferenceId: 'mine', rating: 2, correction: true }))).toEqual([200, 'corrected']);
    const of = { alias: 'live', variant: 'candidate', version: 'v2', at };
    expect(counted).toEqual([
      { ...of, effect: { outcomes: 1, wrong: 0, rating: 4, pairs: [] } },
      { ...of, effect: { outcomes: 0, wrong: 0, rating: -2, pairs: [] } },
    ]);
    expect(log.map(({ rating, correction }) => [rating, correction])).toEqual([[4, false], [2, true]]);
    expect(log[0]).not.toHaveProperty('correct');
  });

  test('fails beyond the bounds: the caller learns value and limit, and nothing changes', async () => {
    const { infer, tell, counted } = world(stars);
    await infer('mine');
    const refused = await tell({ inferenceId: 'mine', rating: 10 });
    expect([refused.statusCode, JSON.parse(refused.body)]).toEqual([400, { error: { code: 'RATING_OUT_OF_RANGE', message: 'rating is 10, but this alias takes ratings from 1 to 5' } }]);
    expect(counted).toEqual([]);
  });

  test('are published as a number and a sum, and without a count of wrong ones', () => {
    const lines: string[] = [];
    const written = jest.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
    const recorder = new EmfFeedbackRecorder('fraud');
    const of = { alias: 'live', variant: 'candidate', version: 'v2', at: Date.now() };
    recorder.told({ ...of, effect: { outcomes: 1, wrong: 0, rating: 4.5, pairs: [] } });
    recorder.told({ ...of, effect: { outcomes: 0, wrong: 0, rating: -2, pairs: [] } });
    written.mockRestore();
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ FeedbackOutcomes: 1, FeedbackRatings: 4.5, Version: 'v2' }, { FeedbackOutcomes: 0, FeedbackRatings: -2 }]);
    expect(lines.join()).not.toContain('FeedbackWrong');
  });
});

test('nothing of request and answer is kept but the prediction, and that only if it is a label', async () => {
  const { infer, db } = world({ outcome: { kind: 'label', prediction: '$.card' } });
  await infer('a', '{"label":7,"card":{"number":"4111"}}');
  await infer('b', '{"label":7,"card":"visa","number":"4111"}');
  const kept = JSON.stringify(db.items('inferences'));
  expect(kept).not.toContain('4111');
  expect(kept).toContain('visa');
  expect(db.items('inferences').map(({ expires }) => expires.N)).toEqual(['1700003600', '1700003600']);
});

test('where the inference log redacts, the line of feedback does not say what was predicted', async () => {
  const { infer, tell, log } = world({}, { log: { sampleRate: 1, redact: ['$.card'] } });
  await infer('mine');
  await tell({ inferenceId: 'mine', label: 7 });
  expect(log).toMatchObject([{ correct: true }]);
  expect(log[0]).not.toHaveProperty('prediction');
  // A right label is the prediction.
  expect(log[0]).not.toHaveProperty('label');
});

test('fails for what is told again, contradicts, is unknown, late, or sent elsewhere: an error each, and nothing changes', async () => {
  const { infer, tell, clock, counted, db } = world();
  await infer('mine');
  await tell({ inferenceId: 'mine', label: 7 });
  const before = JSON.stringify(db.items('inferences'));
  expect(outcomeOf(await tell({ inferenceId: 'mine', label: 7 }))).toEqual([200, 'duplicate']);
  expect(outcomeOf(await tell({ inferenceId: 'mine', label: 3 }))).toEqual([409, 'ALREADY_KNOWN']);
  expect(outcomeOf(await tell({ inferenceId: 'other', label: 3 }))).toEqual([404, 'UNKNOWN_INFERENCE']);
  expect(outcomeOf(await tell({ inferenceId: 'mine', label: 3 }, { alias: 'nowhere' }))).toEqual([404, 'ALIAS_NOT_FOUND']);
  expect(outcomeOf(await tell({ inferenceId: 'mine', label: 3 }, { alias: 'mute' }))).toEqual([404, 'FEEDBACK_NOT_ENABLED']);
  expect(outcomeOf(await tell({ inferenceId: 'mine', score: 3 }))).toEqual([400, 'MALFORMED_FEEDBACK']);
  expect(outcomeOf(await tell('{"inferenceId":"mine","label":NaN}'))).toEqual([400, 'MALFORMED_FEEDBACK']);
  expect(outcomeOf(await tell({ inferenceId: 'mine', label: 'x'.repeat(262_144) }))).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  expect(outcomeOf(await tell('a=1', { headers: { 'content-type': 'text/csv' } }))).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  clock.now += 3_600_001;
  expect(outcomeOf(await tell({ inferenceId: 'mine', label: 3, correction: true }))).toEqual([410, 'TOO_LATE']);
  expect([sum(counted), JSON.stringify(db.items('inferences'))]).toEqual([[1, 0], before]);
});

test('fails for a caller who may not use the alias', async () => {
  const { infer, tell, counted } = world({}, { access: { kind: 'nobody' } });
  await infer('mine');
  expect(outcomeOf(await tell({ inferenceId: 'mine', label: 7 }))).toEqual([403, 'ALIAS_NOT_ALLOWED']);
  expect(counted).toEqual([]);
});

test('a correction counts what it changes, and a batch answers for each outcome, in its order', async () => {
  const { infer, tell, counted, log } = world();
  await infer('a');
  await infer('b');
  const { statusCode, body } = await tell({ outcomes: [
    { inferenceId: 'a', label: 3 }, { inferenceId: 'b', label: 7 }, { inferenceId: 'a', label: 7, correction: true }, { inferenceId: 'b', label: 7 }, { inferenceId: 'c', label: 7 }, { inferenceId: 'd' }, 5,
  ] });
  expect([statusCode, JSON.parse(body)]).toMatchObject([200, { results: [
    { inferenceId: 'a', status: 'accepted' }, { inferenceId: 'b', status: 'accepted' }, { inferenceId: 'a', status: 'corrected' }, { inferenceId: 'b', status: 'duplicate' },
    { inferenceId: 'c', error: { code: 'UNKNOWN_INFERENCE' } }, { inferenceId: 'd', error: { code: 'MALFORMED_FEEDBACK' } }, { error: { code: 'MALFORMED_FEEDBACK' } },
  ] }]);
  expect(sum(counted)).toEqual([2, 0]);
  expect(log.map(({ inferenceId, correction }) => [inferenceId, correction])).toEqual(expect.arrayContaining([['a', false], ['a', true], ['b', false]]));
});

test('the same outcome from many callers at once counts once', async () => {
  const { infer, tell, counted } = world();
  await infer('mine');
  const replies = await Promise.all(Array.from({ length: 9 }, () => tell({ inferenceId: 'mine', label: 3 })));
  expect(replies.map(outcomeOf).map(([, status]) => status).sort()).toEqual(['accepted', ...Array.from({ length: 8 }, () => 'duplicate')]);
  expect(sum(counted)).toEqual([1, 1]);
});

test('a write whose confirmation is lost is found to be the writer\'s own, and counts once', async () => {
  const { infer, tell, counted, db } = world();
  await infer('mine');
  // The SDK tries again, and finds the revision gone.
  let lose = true;
  db.written = () => {
    if (lose) {
      lose = false;
      throw Object.assign(new Error('The conditional request failed'), { name: 'ConditionalCheckFailedException' });
    }
  };
  expect(outcomeOf(await tell({ inferenceId: 'mine', label: 3 }))).toEqual([200, 'accepted']);
  expect(outcomeOf(await tell({ inferenceId: 'mine', label: 3 }))).toEqual([200, 'duplicate']);
  expect(sum(counted)).toEqual([1, 1]);
});

test('fails to reach the table: the caller may try again, and only then is it counted', async () => {
  const { infer, tell, counted, db, failures } = world();
  await infer('mine');
  db.fault = () => { throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' }); };
  const reply = await tell({ inferenceId: 'mine', label: 3 });
  expect([outcomeOf(reply), reply.headers!['retry-after']]).toEqual([[503, 'UNAVAILABLE'], '1']);
  expect(failures).toMatchObject([{ inferenceId: 'mine', error: 'ThrottlingException' }]);
  db.fault = () => {};
  expect(outcomeOf(await tell({ inferenceId: 'mine', label: 3 }))).toEqual([200, 'accepted']);
  expect(sum(counted)).toEqual([1, 1]);
});

test('inferences outside the sample are not recorded, and telling of them is no error', async () => {
  const { infer, tell, db, counted } = world({ sampleRate: 0.5 });
  const ids = Array.from({ length: 200 }, (_, index) => `id-${index}`);
  for (const id of ids) {
    await infer(id);
  }
  const sampled = ids.filter((id) => uniform('fraud/live', id, 'feedback') < 0.5);
  expect(db.items('inferences').map(({ inference }) => inference.S).sort()).toEqual([...sampled].sort());
  const statuses = await Promise.all(ids.map(async (id) => outcomeOf(await tell({ inferenceId: id, label: 7 }))[1]));
  expect(statuses).toEqual(ids.map((id) => (sampled.includes(id) ? 'accepted' : 'not sampled')));
  expect(sum(counted)).toEqual([sampled.length, 0]);
});

test('scores and rewards are right from a bound on, and logged as what they are', async () => {
  const { infer, tell, counted, log } = world({ outcome: { kind: 'reward', atLeast: 1 } });
  await infer('a', 'no JSON');
  await infer('b', '{}');
  await tell({ outcomes: [{ inferenceId: 'a', reward: 0.99 }, { inferenceId: 'b', reward: 1 }] });
  expect(sum(counted)).toEqual([2, 1]);
  expect(log.map(({ reward, correct, label }) => [reward, correct, label]).sort()).toEqual([
    [0.99, false, undefined],
    [1, true, undefined],
  ]);
});

test.each([['label first', ['label', 'shadow']], ['shadow first', ['shadow', 'label']], ['shadow before the record of production', ['shadow', 'infer', 'label']]])(
  'a pair is counted once, %s', async (_, order) => {
    const { infer, tell, shadow, pairs, clock } = world();
    const at = clock.now;
    const steps: { readonly [name: string]: () => Promise<unknown> } = {
      infer: () => infer('mine'), label: () => tell({ inferenceId: 'mine', label: 7 }), shadow: () => shadow('mine', '{"label":3}'),
    };
    if (!order.includes('infer')) {
      await infer('mine');
    }
    for (const step of order) {
      await steps[step]();
    }
    await shadow('mine', '{"label":3}');
    await tell({ inferenceId: 'mine', label: 7 });
    expect(pairs).toEqual([{ at, shadow: 'v3', version: 'v3', pairs: 1, onlyShadowWrong: 1, onlyProductionWrong: 0 }]);
    await tell({ inferenceId: 'mine', label: 3, correction: true });
    expect(pairs[1]).toEqual({ at, shadow: 'v3', version: 'v3', pairs: 0, onlyShadowWrong: -1, onlyProductionWrong: 1 });
  });
