import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { rows } from '../../examples/digits/data';
import { startContainer } from '../e2e/stage';

const MODEL = join(__dirname, '../../examples/digits/model');

interface Answer {
  readonly label?: number;
  readonly probabilities?: number[];
  readonly error?: string;
}

/** What a model makes of requests, in the Python at hand. */
function predict(environment: { [name: string]: string }, requests: unknown[] = rows.map(({ pixels }) => ({ pixels }))): Answer[] {
  const script = `
import json, sys
import model
model.load()
def answer(request):
    try:
        return model.predict(request)
    except Exception as error:
        return {"error": type(error).__name__ + ": " + str(error)}
print(json.dumps([answer(request) for request in json.load(sys.stdin)]))
`;
  return JSON.parse(execFileSync('python3', ['-c', script], {
    input: JSON.stringify(requests), encoding: 'utf8', cwd: MODEL, env: { ...process.env, PYTHONPATH: MODEL, PYTHONDONTWRITEBYTECODE: '1', ...environment },
  })) as Answer[];
}

const accuracy = (answers: Answer[]): number => answers.filter(({ label }, index) => label === rows[index].label).length / rows.length;
const failures = (answers: Answer[]): number => answers.filter(({ error }) => error !== undefined).length;

test('v2 is better than v1, and neither fails', () => {
  const [v1, v2] = ['v1.json', 'v2.json'].map((artifact) => predict({ MODEL_ARTIFACT: artifact }));
  expect([failures(v1), failures(v2)]).toEqual([0, 0]);
  expect(accuracy(v1)).toBeGreaterThan(0.8);
  expect(accuracy(v2)).toBeGreaterThan(0.95);
});

test('wrong preprocessing ruins the accuracy, and nothing fails', () => {
  const answers = predict({ MODEL_ARTIFACT: 'v2.json', MODEL_DEFECT: 'wrong-preprocessing' });
  expect(failures(answers)).toBe(0);
  expect(accuracy(answers)).toBeLessThan(0.5);
});

test('the failing one fails on some inputs, and is as good as ever on the others', () => {
  const answers = predict({ MODEL_ARTIFACT: 'v2.json', MODEL_DEFECT: 'failing' });
  const whole = predict({ MODEL_ARTIFACT: 'v2.json' });
  expect(failures(answers) / rows.length).toBeGreaterThan(0.1);
  expect(failures(answers) / rows.length).toBeLessThan(0.4);
  expect(answers.every((answer, index) => answer.error !== undefined || answer.label === whole[index].label)).toBe(true);
});

test('the slow one gives the same answers', () => {
  const some = rows.slice(0, 3).map(({ pixels }) => ({ pixels }));
  expect(predict({ MODEL_DEFECT: 'slow', MODEL_DELAY_SECONDS: '0.01' }, some)).toEqual(predict({}, some));
});

test.each([[{}], [[]], [{ pixels: [1] }], [{ pixels: Array(64).fill('x') }], [{ pixels: Array(64).fill(17) }], [null]])(
  'fails for %j with a sentence', (request) => expect(predict({}, [request])).toEqual([{ error: expect.stringMatching(/^ValueError: .*must/) }]),
);

test('the container gives the function\'s answers, for JSON and CSV, and HTTP\'s errors', async () => {
  const container = await startContainer('v2');
  try {
    const post = (body: string, type = 'application/json'): Promise<Response> =>
      fetch(`${container.url}/invocations`, { method: 'POST', body, headers: { 'content-type': type } });
    expect((await fetch(`${container.url}/ping`)).status).toBe(200);
    const some = rows.slice(0, 20);
    const answers = await Promise.all(some.map(async ({ pixels }) => (await post(JSON.stringify({ pixels }))).json()));
    expect(answers).toEqual(predict({ MODEL_ARTIFACT: 'v2.json' }, some));
    expect(await (await post(some[0].pixels.join(','), 'text/csv')).json()).toEqual(answers[0]);
    const statuses = [post('{'), post('{}'), post('x', 'image/png'), fetch(`${container.url}/nope`)];
    expect((await Promise.all(statuses)).map(({ status }) => status)).toEqual([400, 400, 415, 404]);
  } finally {
    container.stop();
  }
});
