import { InferenceLogger } from '../../../lambda/router/inference-log';
import { ErrorCode } from '../../../lambda/shared/http/errors';
import { failure, FailureClass, type Outcome } from '../../../lambda/shared/http/outcome';
import { readRequest } from '../../../lambda/shared/http/request';
import { RetryBudget } from '../../../lambda/router/retry-budget';
import { RouteCache } from '../../../lambda/shared/routes/route-cache';
import { serve } from '../../../lambda/router/serve';
import { type InferenceRecord, type LogPlan, PLAIN_RECORD_BYTES, RECORD_BYTES } from '../../../lib/core/inference-log/record';
import type { Route, Variant } from '../../../lib/core/routing/route';
import { apiEvent, route, variant } from '../../fixtures/serving';

const answer = (body = '{"label":7}'): Outcome => ({ kind: 'answer', status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) });
const production = variant('production');
const candidate = variant('candidate', { role: 'candidate' });
const EVERYTHING: LogPlan = { sampleRate: 1, predictionPath: '$.label', redact: ['$.card'], payload: { request: true, answer: true, maximumBytes: 1_000 } };

/** What a router logs of requests, over variants that behave as given. */
async function logged(options: {
  log?: LogPlan;
  route?: Partial<Route>;
  variants?: Variant[];
  behave?: { [variant: string]: () => Outcome };
  events?: Parameters<typeof apiEvent>[0][];
  write?: (line: string) => void;
}): Promise<{ records: InferenceRecord[]; lines: string[]; failures: unknown[] }> {
  const lines: string[] = [];
  const failures: unknown[] = [];
  const stored = route(options.variants ?? [production], { ...(options.log === undefined ? {} : { log: options.log }), ...options.route });
  const backend = {
    invoke: async (target: Variant['target']) =>
      (options.behave?.[(target as { functionArn: string }).functionArn.split(':').at(-1)!] ?? answer)(),
  };
  const logger = new InferenceLogger({
    endpoint: 'fraud',
    write: options.write ?? ((line) => void lines.push(line)),
    onFailure: (details) => failures.push(details),
    now: () => Date.UTC(2026, 0, 1),
  });
  let now = 0;
  for (const event of options.events ?? [{}]) {
    const request = readRequest(apiEvent(event));
    logger.record(
      request,
      await serve(request, {
        endpoint: 'fraud',
        timeoutMs: 1_000,
        routes: new RouteCache({ read: async () => stored }, () => undefined),
        backends: { lambda: backend as never, sagemaker: backend as never, 'sagemaker-component': backend as never, http: backend as never, bedrock: backend as never },
        recorder: { record: () => undefined, reserved: () => undefined },
        keyed: { count: () => undefined },
        retries: new RetryBudget(),
        onFailure: () => undefined,
        clock: () => (now += 5),
      }),
    );
  }
  return { records: lines.map((line) => JSON.parse(line) as InferenceRecord), lines, failures };
}

const withId = (id: string): { headers: { [name: string]: string } } => ({ headers: { 'x-amzn-sagemaker-inference-id': id } });

test('an alias without a log writes nothing', async () => expect((await logged({})).lines).toEqual([]));

test('a record says who answered, how likely that was, how long it took and what came of it', async () => {
  const { records, lines } = await logged({ log: { sampleRate: 1, redact: [] }, events: [withId('mine')] });
  expect(records).toEqual([{
    modelRollout: 'inference', time: '2026-01-01T00:00:00.000Z', endpoint: 'fraud', alias: 'live', inferenceId: 'mine', variant: 'production', role: 'production',
    version: production.version, propensity: 1, targeted: false, attempt: 1, latencyMs: 5, status: 200, outcome: 'answer', fellBack: false, requestBytes: 7, answerBytes: 11,
  }]);
  expect(lines[0]).toMatch(/^\{"modelRollout":"inference".*\}\n$/);
});

test('a record without bodies takes what costs are computed with', async () => {
  const { lines: [line] } = await logged({
    log: { sampleRate: 1, redact: [], predictionPath: '$.label' }, variants: [{ ...production, version: '0'.repeat(64) }], events: [withId('6a2f0c9e-1111-4222-8333-123456789012')],
  });
  expect(line.length / PLAIN_RECORD_BYTES).toBeCloseTo(1, 1);
});

test('a candidate that failed and production that answered are two records', async () => {
  const { records } = await logged({
    log: EVERYTHING, variants: [{ ...production, weight: 0 }, { ...candidate, weight: 3 }], behave: { candidate: () => failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, 'no') },
  });
  expect(records).toMatchObject([
    { variant: 'candidate', role: 'candidate', attempt: 1, propensity: 1, outcome: 'model', code: 'MODEL_ERROR', status: 424, fellBack: true },
    { variant: 'production', role: 'production', attempt: 2, propensity: 0, outcome: 'answer', status: 200, fellBack: false, prediction: '7' },
  ]);
  expect(records[0]).not.toHaveProperty('answer');
});

test('production that is asked twice is one record, with what came of it', async () => {
  let asked = 0;
  const { records } = await logged({ log: EVERYTHING, behave: { production: () => (asked++ === 0 ? failure(FailureClass.BACKEND, ErrorCode.BACKEND_UNAVAILABLE, 'lost') : answer()) } });
  expect(records.map(({ attempt, outcome, propensity }) => [attempt, outcome, propensity])).toEqual([[1, 'answer', 1]]);
});

test('propensities are the shares of the weights, and those that are met', async () => {
  const events = Array.from({ length: 2_000 }, (_, index) => withId(`id-${index}`));
  const { records } = await logged({
    log: { sampleRate: 1, redact: [] },
    variants: [
      { ...production, weight: 75 },
      { ...candidate, weight: 25 },
    ],
    route: { lease: { until: Number.MAX_SAFE_INTEGER } },
    events,
  });
  const of = (name: string): InferenceRecord[] => records.filter((record) => record.variant === name);
  expect(new Set(of('production').map(({ propensity }) => propensity))).toEqual(new Set([0.75]));
  expect(new Set(of('candidate').map(({ propensity }) => propensity))).toEqual(new Set([0.25]));
  expect(of('candidate').length / 2_000).toBeCloseTo(0.25, 1);
  // Horvitz and Thompson: weighted by its propensity, what is seen of a variant stands for all requests.
  expect(of('candidate').reduce((sum, { propensity }) => sum + 1 / propensity, 0) / 2_000).toBeCloseTo(1, 1);
});

test('once the lease has run out production was certain', async () => {
  const { records } = await logged({
    log: { sampleRate: 1, redact: [] },
    variants: [
      { ...production, weight: 75 },
      { ...candidate, weight: 25 },
    ],
    route: { lease: { until: 1 } },
  });
  expect(records).toMatchObject([{ variant: 'production', propensity: 1 }]);
});

test('a variant that the caller chose is logged as chosen', async () => {
  const { records } = await logged({
    log: EVERYTHING, variants: [production, candidate], route: { targetVariantAccess: { kind: 'everyone' } }, events: [{ headers: { 'x-amzn-sagemaker-target-variant': 'candidate' } }],
  });
  expect(records).toMatchObject([{ variant: 'candidate', targeted: true, propensity: 1 }]);
});

test('bodies are logged redacted, or not at all', async () => {
  const { records, lines } = await logged({
    log: EVERYTHING, behave: { production: () => answer('{"label":7,"card":"4111-1111"}') },
    events: [{ body: '{"card":"4111-1111","amount":3}' }, { body: '{"card":"4111-1111"' }, { body: Buffer.from([1, 2, 255]) }, { body: JSON.stringify({ x: 'y'.repeat(2_000) }) }],
  });
  expect(lines.join('')).not.toContain('4111');
  expect(records.map(({ request, requestOmitted }) => request ?? requestOmitted)).toEqual(['{"card":"[redacted]","amount":3}', 'not JSON', 'not JSON', 'too large']);
  expect(records[0].answer).toBe('{"label":7,"card":"[redacted]"}');
});

test('the largest record that a plan allows stays below the limit', async () => {
  const large = JSON.stringify({ x: '"'.repeat(24_000) });
  const { records, lines, failures } = await logged({
    log: { ...EVERYTHING, payload: { request: true, answer: true, maximumBytes: 100_000 } },
    behave: { production: () => answer(large) },
    events: [{ body: large }],
  });
  expect([records[0].request, records[0].answer]).toEqual([large, large]);
  expect(Buffer.byteLength(lines[0])).toBeGreaterThan(RECORD_BYTES / 2);
  expect(Buffer.byteLength(lines[0])).toBeLessThan(RECORD_BYTES);
  expect(failures).toEqual([]);
});

test('fails to write without a word to the caller', async () => {
  const { failures } = await logged({ log: EVERYTHING, write: () => { throw new Error('quotes 4111'); } });
  expect(failures).toEqual([{ alias: 'live', inferenceId: expect.any(String) as string, problem: 'Error' }]);
});
