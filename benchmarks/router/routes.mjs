// Items of the route table for benchmarks, by the table that is asked.
/** Production alone, a function that answers as it is asked. */
export const route = {
  schema: 1,
  variants: [
    {
      name: 'production',
      role: 'production',
      version: '0'.repeat(64),
      weight: 1,
      timeBudgetMs: 20_000,
      target: {
        kind: 'lambda',
        functionArn: 'arn:aws:lambda:us-east-1:111111111111:function:model',
        contract: 'json',
        maxRequestBytes: 6_291_456,
      },
    },
  ],
  assignment: { source: 'inference-id' },
  targetVariantAccess: { kind: 'nobody' },
};
const bodies = { request: true, answer: true, maximumBytes: 100_000 };
// What routes have beside, by the table that is asked.
const more = {
  routes: {},
  'routes-log': { log: { sampleRate: 1, redact: [] } },
  'routes-bodies': { log: { sampleRate: 1, redact: ['$..email'], payload: bodies } },
  'routes-redacted': { log: { sampleRate: 1, redact: ['$..first'], payload: bodies } },
  'routes-all': {
    log: { sampleRate: 1, redact: ['$..text'], payload: bodies },
    counters: [
      { name: 'callers', table: 'counts', by: { source: 'header', name: 'x-caller' }, cells: 100, names: 'plain', keepSeconds: 3_600 },
    ],
    feedback: { table: 'inferences', sampleRate: 1, windowSeconds: 3_600, outcome: { kind: 'label', prediction: '$.id' } },
    mirrors: [
      {
        name: 'v3',
        version: '1'.repeat(64),
        functionArn: 'arn:aws:lambda:us-east-1:111111111111:function:mirror',
        sampleRate: 1,
        filters: [],
      },
    ],
  },
};
export const routeItems = Object.fromEntries(
  Object.entries(more).map(([table, members]) => [
    table,
    routeItem({ ...route, ...members }),
  ]),
);

/** A route as DynamoDB answers it. */
export function routeItem(declared) {
  return JSON.stringify({ Item: { alias: { S: 'bench/live' }, revision: { N: '1' }, route: { S: JSON.stringify(declared) } } });
}
