import { ErrorCode } from '../../../lambda/shared/http/errors';
import { type Attempt, EmfRecorder } from '../../../lambda/router/metrics';
import { failure, FailureClass } from '../../../lambda/shared/http/outcome';
import { Part } from '../../../lambda/router/served';
import { binMetric, Dimension, MEASURED_REQUESTS, Metric } from '../../../lib/core/names';
import { variant } from '../../fixtures/serving';

const ANSWERED: Attempt = {
  alias: 'live', variant: variant('production'), part: Part.ASSIGNED, latencyMs: 3, retries: 0, fellBack: false,
  outcome: { kind: 'answer', status: 200, headers: {}, body: Buffer.from('{"y":1}') },
};

/** What a recorder writes. */
function written(attempt: Partial<Attempt>): { [name: string]: unknown }[] {
  const lines: string[] = [];
  // Powertools writes past the console.
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  try {
    new EmfRecorder('fraud').record({ ...ANSWERED, ...attempt });
  } finally {
    write.mockRestore();
  }
  return lines.map((line) => JSON.parse(line) as { [name: string]: unknown });
}

const answer = (body: Uint8Array): Pick<Attempt, 'outcome'> => ({ outcome: { kind: 'answer', status: 200, headers: {}, body } });
const measures = { slowerThanMs: [], bins: [{ path: '$.y', edges: [5] }] };

test('without measures there is one record, and the answer is not looked at', () => {
  const unreadable = new Proxy(new Uint8Array(), { get: () => { throw new Error('it was looked at'); } });
  expect(written(answer(unreadable))).toHaveLength(1);
});

test('an answer that is too large to be read is in the bin of those that cannot be', () => {
  const [, small] = written({ ...answer(Buffer.from('{"y":9}')), measures });
  expect([small[MEASURED_REQUESTS], small[binMetric(0, 1)], small[binMetric(0, 2)]]).toEqual([1, 1, 0]);
  const [, large] = written({ ...answer(Buffer.from(`{"y":9,"z":"${'x'.repeat(300_000)}"}`)), measures });
  expect([large[MEASURED_REQUESTS], large[binMetric(0, 1)], large[binMetric(0, 2)]]).toEqual([1, 0, 1]);
});

const setsOf = (line: { [name: string]: unknown }): string[][] =>
  (line._aws as { CloudWatchMetrics: { Dimensions: string[][] }[] }).CloudWatchMetrics[0].Dimensions.map((set) => [...set].sort());
const countsOf = (line: { [name: string]: unknown }): { [metric: string]: unknown } =>
  Object.fromEntries(Object.values(Metric).flatMap((metric) => (metric in line ? [[metric, line[metric]]] : [])));

test('what production answers in the place of another is counted by names of its own, and measured by nothing', () => {
  const lines = written({ part: Part.FALLBACK, retries: 1, overheadMs: 2, measures });
  expect(lines).toHaveLength(1);
  expect(countsOf(lines[0])).toEqual({
    [Metric.FALLBACK_INVOCATIONS]: 1,
    [Metric.FALLBACK_FAILURES]: 0,
    [Metric.RETRIES]: 1,
    [Metric.OVERHEAD_LATENCY]: 2,
  });
  const [failed] = written({ part: Part.FALLBACK, outcome: failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, ''), failed: FailureClass.MODEL });
  expect(countsOf(failed)).toMatchObject({ [Metric.FALLBACK_FAILURES]: 1 });
  expect(countsOf(failed)).not.toHaveProperty(Metric.FAILURES);
});

test.each([
  ['whose variant the caller chose', Part.CHOSEN], ['that the caller has sent before', Part.REPEATED],
])('a request %s counts for the variant, and for no version', (_, part) => {
  const lines = written({ part, measures });
  expect(lines).toHaveLength(1);
  expect(setsOf(lines[0])).toEqual([[Dimension.ALIAS, Dimension.ENDPOINT, Dimension.VARIANT]]);
  expect(countsOf(lines[0])).toMatchObject({ [Metric.INVOCATIONS]: 1, [Metric.FAILURES]: 0 });
  expect(setsOf(written({})[0])).toHaveLength(2);
});

test.each<[string, Partial<Attempt>, Partial<Record<Metric, number>>]>([
  ['refused and production answered is a failure of the model', { outcome: { kind: 'answer', status: 422, headers: {}, body: Buffer.of() }, failed: FailureClass.REFUSED, fellBack: true },
    { [Metric.FAILURES]: 1, [Metric.MODEL_ERRORS]: 1, [Metric.CLIENT_ERRORS]: 0, [Metric.FALLBACKS]: 1 }],
  ['refused and nobody answered is the caller\'s mistake', { outcome: { kind: 'answer', status: 422, headers: {}, body: Buffer.of() }, fellBack: true },
    { [Metric.FAILURES]: 0, [Metric.MODEL_ERRORS]: 0, [Metric.CLIENT_ERRORS]: 1, [Metric.FALLBACKS]: 1 }],
  ['was answered at the second attempt is one request', { retries: 1 }, { [Metric.INVOCATIONS]: 1, [Metric.FAILURES]: 0, [Metric.RETRIES]: 1 }],
])('what %s', (_, attempt, counts) => {
  expect(countsOf(written(attempt)[0])).toMatchObject(counts);
});
