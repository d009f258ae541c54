import { LambdaBackend } from '../../../lambda/shared/backends/lambda';
import { startDuration } from '../../../lambda/router/start-duration';
import { variant } from '../../fixtures/serving';

const REPORT = 'REPORT RequestId: 8f5 Duration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 1024 MB\tMax Memory Used: 80 MB';

test.each<[string, string, number | undefined]>([
  ['a start', `START RequestId: 8f5\nEND RequestId: 8f5\n${REPORT}\tInit Duration: 612.34 ms\t\n`, 612.34],
  ['a restored snapshot', `${REPORT}\tRestore Duration: 215.9 ms\tBilled Restore Duration: 216 ms\n`, 215.9],
  ['a start, in JSON', '{"time":"2026-01-01T00:00:00Z","type":"platform.report","record":{"metrics":{"durationMs":12.3,"initDurationMs":612.34}}}\n', 612.34],
  ['an environment that was there', `${REPORT}\n`, undefined],
  ['nothing', '', undefined],
])('the end of the log of %s', (_, tail, milliseconds) => expect(startDuration(tail)).toBe(milliseconds));

test('a log is asked for only where somebody reads it', async () => {
  const sent: object[] = [];
  const client = { send: (async ({ input }: { input: object }) => {
    sent.push(input);
    return { Payload: Buffer.from('{}'), LogResult: Buffer.from(`${REPORT}\tInit Duration: 5 ms`).toString('base64') };
  }) as never };
  const request = { alias: '', inferenceId: 'r', headers: new Map(), query: '', body: Buffer.from('{}'), caller: { claims: {} } };
  const tails: string[] = [];
  const target = variant('candidate').target as never;
  await new LambdaBackend(client).invoke(target, request, new AbortController().signal);
  await new LambdaBackend(client, (tail) => tails.push(tail)).invoke(target, request, new AbortController().signal);
  expect(sent.map((input) => 'LogType' in input)).toEqual([false, true]);
  expect(tails.map(startDuration)).toEqual([5]);
});
