import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtInScenarios } from '../../../lib/core/rehearsal/built-in';
import { readScenarios } from '../../../rehearsal/scenario/read-scenarios';
import type { Scenario } from '../../../lib/core/rehearsal/scenario';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scenarios-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string, name = 'scenarios.yaml'): Scenario[] {
  const path = join(folder, name);
  writeFileSync(path, text);
  return readScenarios(path);
}

test('scenarios start from what is usual or from a built-in one, and a healthy candidate follows production', () => {
  const [steady, worse] = read(`
usual:
  traffic: { requestsPerSecond: 40 }
  production: { errorRate: 0.02 }
expect: { falseRollbackRate: 0.01 }
scenarios:
  - name: steady
    expect: { maxBadResponses: 50 }
  - name: my-worse
    like: worse
    traffic: { swing: 0.5 }
`);
  expect(steady).toMatchObject({
    traffic: { requestsPerSecond: 40, swing: 0 },
    production: { errorRate: 0.02 },
    candidate: { errorRate: 0.02 },
    expect: { maxBadResponses: 50 },
  });
  expect(worse).toMatchObject({ traffic: { requestsPerSecond: 40, swing: 0.5 }, candidate: { errorRate: 0.06 }, expect: { falseRollbackRate: 0.01 }, description: 'like worse' });
});

test('a scenario with the name of a bad built-in one is bad, or is refused', () => {
  expect(() => read('scenarios: [{ name: worse, traffic: { requestsPerSecond: 5 } }]')).toThrow(
    'scenario "worse" has the name of a built-in one, but its candidate is healthy; add "like: worse", or give it another name',
  );
  expect(read('scenarios: [{ name: worse, like: worse }, { name: broken, candidate: { errorRate: 0.5 } }, { name: healthy }]')).toHaveLength(3);
});

test('without scenarios of its own a file changes what is usual of all built-in ones; JSON is YAML too', () => {
  const all = read('{"usual": {"startsAt": "2026-03-01T10:00:00Z"}}', 'scenarios.json');
  expect(all.map(({ name }) => name)).toEqual(builtInScenarios().map(({ name }) => name));
  expect(all[0].startsAt).toBe(Date.UTC(2026, 2, 1, 10));
  expect(read('builtIn: [spike]').map(({ name }) => name)).toEqual(['spike']);
});

test('accuracy, agreement and labels are parameters; what is left out of the candidate is as production\'s', () => {
  const [collapsed, steady] = read(`
usual:
  production: { accuracy: 0.8, agreement: 0.97 }
  labels: { share: 1 }
scenarios:
  - name: collapsed
    candidate: { accuracy: 0.5 }
    labels: { medianMinutes: 60, p99Minutes: 600 }
  - name: steady
`);
  expect(collapsed).toMatchObject({
    production: { accuracy: 0.8 },
    candidate: { accuracy: 0.5, agreement: 0.97 },
    labels: { share: 1, medianMinutes: 60, p99Minutes: 600 },
  });
  expect(steady).toMatchObject({ candidate: { accuracy: 0.8, agreement: 0.97 }, labels: { share: 1, medianMinutes: 2 } });
});

test('recorded minutes come from a CSV file beside the file', () => {
  writeFileSync(join(folder, 'minutes.csv'), 'time,requests,failures\n10:00,120,3\n10:01,80,0\n');
  expect(read('scenarios: [{ name: recorded, traffic: { recorded: minutes.csv } }]')[0].traffic.recorded).toEqual([{ requests: 120, failures: 3 }, { requests: 80, failures: 0 }]);
});

test('fails with everything that is wrong, each with its place, value and remedy', () => {
  let message = '';
  try {
    read('usual: { trafic: {} }\nscenarios:\n  - { candidate: { errorRate: 2 }, clustered: 1 }\n  - { name: "" }\n');
  } catch (error) {
    ({ message } = error as Error);
  }
  expect(message.split('\n').slice(1)).toEqual([
    '  - usual has "trafic", which is not known; did you mean "traffic"?',
    '  - scenarios[0] lacks name (name in reports)',
    '  - scenarios[0].candidate.errorRate is 2, but must be at most 1 (part of the requests that fail)',
    '  - scenarios[0].clustered is 1, but must be a boolean (failures come in groups of one to five)',
    '  - scenarios[1].name is empty (name in reports)',
  ]);
});

test.each([
  ['scenarios: [{ name: a, like: terrible }]', /no built-in scenario "terrible"; there are healthy/],
  ['scenarios: [{ name: a }, { name: a }]', /two scenarios are called "a"/],
  ['scenarios: [{ name: a, startsAt: tomorrow }]', /startsAt of scenario "a" is not a time/],
  ['scenarios: [{ name: a, production: { latency: { medianMs: 9, p99Ms: 1 } } }]', /p99Ms is 1, below the median of 9/],
  ['scenarios: [{ name: a, labels: { medianMinutes: 30 } }]', /labels of scenario "a": p99Minutes is 10, below the median of 30/],
  ['scenarios: [{ name: a, labels: { rate: 1 } }]', /labels has "rate", which is not known/],
  ['scenarios: [{ name: a, candidate: { accuracy: 90 } }]', /accuracy is 90, but must be at most 1 \(part of the answers with a label that are right\)/],
  ['scenarios: [{ name: a, traffic: { recorded: none.csv } }]', /none.csv cannot be read/],
  ['scenarios: [', /cannot be read/],
  ['[]', /the file is \[\], but must be an object/],
])('fails on %s', (text, sentence) => {
  expect(() => read(text)).toThrow(sentence);
});

test('fails on recorded minutes that are none, with the line', () => {
  writeFileSync(join(folder, 'minutes.csv'), 'requests,failures\n10,1\n10,11\n');
  expect(() => read('scenarios: [{ name: a, traffic: { recorded: minutes.csv } }]')).toThrow(/minutes.csv, line 3: "10,11"/);
  writeFileSync(join(folder, 'minutes.csv'), 'calls\n10\n');
  expect(() => read('scenarios: [{ name: a, traffic: { recorded: minutes.csv } }]')).toThrow(/the column "requests"/);
});
