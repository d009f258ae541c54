import { EmfRecorder } from '../../../lambda/router/metrics';
import type { Outcome } from '../../../lambda/router/outcome';
import { binMetric, MEASURED_REQUESTS } from '../../../lib/core/names';
import { variant } from '../fixtures';

/** What a recorder writes for an answer. */
function written(body: Uint8Array, measures?: Parameters<EmfRecorder['record']>[0]['measures']): { [name: string]: unknown }[] {
  const lines: string[] = [];
  // Powertools writes past the console.
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  try {
    const outcome: Outcome = { kind: 'answer', status: 200, headers: {}, body };
    new EmfRecorder('fraud').record({ alias: 'live', variant: variant('production'), outcome, latencyMs: 3, fellBack: false, measures });
  } finally {
    write.mockRestore();
  }
  return lines.map((line) => JSON.parse(line) as { [name: string]: unknown });
}

const bins = { slowerThanMs: [], bins: [{ path: '$.y', edges: [5] }] };

test('without measures there is one record, and the answer is not looked at', () => {
  const unreadable = new Proxy(new Uint8Array(), { get: () => { throw new Error('it was looked at'); } });
  expect(written(unreadable)).toHaveLength(1);
});

test('an answer that is too large to be read is in the bin of those that cannot be', () => {
  const [, small] = written(Buffer.from('{"y":9}'), bins);
  expect([small[MEASURED_REQUESTS], small[binMetric(0, 1)], small[binMetric(0, 2)]]).toEqual([1, 1, 0]);
  const [, large] = written(Buffer.from(`{"y":9,"z":"${'x'.repeat(300_000)}"}`), bins);
  expect([large[MEASURED_REQUESTS], large[binMetric(0, 1)], large[binMetric(0, 2)]]).toEqual([1, 0, 1]);
});
