import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FeedbackRecord, type InferenceRecord, lineOf, type LogRecord, RecordMark } from '../../../lib/core/inference-log/record';
import { rehearse } from '../../../rehearsal/engine/rehearse';
import { readLog } from '../../../rehearsal/scenario/read-log';
import { readScenarios } from '../../../rehearsal/scenario/read-scenarios';
import { foundRollout } from '../../fixtures/found-rollouts';

const START = Date.UTC(2026, 0, 13, 9);
const time = (minute: number): string => new Date(START + 60_000 * minute).toISOString();

function inference(id: string, minute: number, overrides: Partial<InferenceRecord> = {}): InferenceRecord {
  return {
    modelRollout: RecordMark.INFERENCE, time: time(minute), endpoint: 'fraud', alias: 'live', inferenceId: id, variant: 'production', role: 'production', version: 'a',
    propensity: 1, targeted: false, attempt: 1, latencyMs: 100, status: 200, outcome: 'answer', fellBack: false, requestBytes: 10, ...overrides,
  };
}

function feedback(id: string, minute: number, delay: number, correct: boolean, overrides: Partial<FeedbackRecord> = {}): FeedbackRecord {
  return {
    modelRollout: RecordMark.FEEDBACK, time: time(minute + delay), outcomeTime: time(minute), endpoint: 'fraud', alias: 'live', inferenceId: id, variant: 'production',
    role: 'production', version: 'a', correct, correction: false, ...overrides,
  };
}

const log = (records: readonly LogRecord[]): string => records.map(lineOf).join('\n');

test('requests and failures of a minute, latency, accuracy and labels, of both versions', () => {
  const candidate = { role: 'candidate', variant: 'candidate', version: 'b' } as const;
  const records: LogRecord[] = [
    ...Array.from({ length: 10 }, (_, i) => inference(`p${i}`, 0, i < 2 ? { outcome: 'model-error', status: 424 } : { latencyMs: 100 + i })),
    // The candidate fails one of four, and production answers it.
    ...Array.from({ length: 4 }, (_, i) => inference(`c${i}`, 2, { ...candidate, latencyMs: 300, ...(i === 0 ? { outcome: 'model-error', fellBack: true } : {}) })),
    inference('c0', 2, { attempt: 2 }),
    ...Array.from({ length: 4 }, (_, i) => feedback(`p${i + 2}`, 0, 10, i > 0)),
    feedback('p2', 0, 30, true, { correction: true }),
    feedback('c1', 2, 20, false, { role: 'candidate', variant: 'candidate', version: 'b' }),
  ];
  const read = readLog(log(records.reverse()), 'log.jsonl', 1);
  expect(read.minutes).toEqual([{ requests: 10, failures: 2 }, { requests: 0, failures: 0 }, { requests: 4, failures: 0 }]);
  expect(read.production).toEqual({ errorRate: expect.closeTo(2 / 11, 9), latency: { medianMs: 105, p99Ms: 109 }, accuracy: 1 });
  expect(read.candidate).toEqual({ errorRate: 0.25, latency: { medianMs: 300, p99Ms: 303 }, accuracy: 0 });
  expect(read.labels).toEqual({ share: 5 / 12, medianMinutes: 10, p99Minutes: 20 });
});

test('a sample is scaled up, and a shadow tells how often it agrees', () => {
  const shadow = { role: 'shadow', variant: 'next', version: 'b' } as const;
  const records = ['agree', 'agree', 'differ', 'shadow error'].flatMap((comparison, i) => [inference(`p${i}`, 0), inference(`p${i}`, 0, { ...shadow, comparison })]);
  expect(readLog(log(records), 'log.jsonl', 0.1)).toMatchObject({ minutes: [{ requests: 40, failures: 0 }], candidate: { agreement: 0.5 } });
});

describe('in a scenario file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'log-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const read = (records: string, scenario = ''): ReturnType<typeof readScenarios> => {
    writeFileSync(join(folder, 'log.jsonl'), records);
    writeFileSync(join(folder, 'scenarios.yaml'), `scenarios:\n  - { name: replay, traffic: { recorded: log.jsonl }${scenario} }\n`);
    return readScenarios(join(folder, 'scenarios.yaml'));
  };

  test('the log is what is usual, what is declared goes before it, and a candidate that is not in it is as production', async () => {
    const records = Array.from({ length: 3_000 }, (_, i) => inference(`p${i}`, Math.floor(i / 300), { latencyMs: 50, outcome: i % 50 === 0 ? 'timeout' : 'answer' }));
    const [replay] = read(log(records));
    expect(replay).toMatchObject({
      production: { errorRate: 0.02, latency: { medianMs: 50, p99Ms: 50.5 } },
      candidate: { errorRate: 0.02, latency: { medianMs: 50 }, accuracy: 0.9 },
    });
    expect(replay.traffic.recorded).toHaveLength(10);
    expect(read(log(records), ', candidate: { errorRate: 0.5 }')[0]).toMatchObject({ candidate: { errorRate: 0.5, latency: { medianMs: 50 } } });
    const { trace } = await rehearse(foundRollout(), replay, { seed: 1, trace: true });
    const requests = trace!.minutes
      .slice(1, 5)
      .map(({ candidateRequests, productionRequests, candidateFailures }) => candidateRequests + productionRequests - candidateFailures);
    requests.forEach((count) => expect(count / 300).toBeCloseTo(1, 1));
  });

  test.each([
    ['{"modelRollout":"inference"', /log.jsonl, line 1 is not valid JSON/],
    ['{"a":1}', /log.jsonl, line 1 is not a record of the inference log: it lacks time or inferenceId/],
    [lineOf(feedback('a', 0, 1, true)), /has no line of an inference/],
    [log([inference('a', 0), inference('b', 0, { alias: 'beta' })]), /has inferences of fraud\/live and fraud\/beta; leave those of one alias in it/],
  ])('fails on %s', (text, sentence) => {
    expect(() => read(text)).toThrow(sentence);
  });
});
