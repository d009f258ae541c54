import { isNews, notify } from '../../../lambda/controller/notify';
import { decide } from '../../../lib/core/rollout/decide';
import type { RolloutState } from '../../../lib/core/rollout/state';
import { route, variant } from '../../fixtures/serving';
import { plan } from '../../fixtures/plan';
import { healthy } from '../../fixtures/world';
import type { Decision } from '../../../lib/core/rollout/decision';

const state: RolloutState = {
  schema: 1, id: 'r', alias: 'fraud/live', plan: plan({ topicArn: 'arn:aws:sns:r:1:topic' }), production: variant('production', { version: 'v1' }),
  candidate: variant('candidate', { version: 'v2' }), promoted: route([variant('v2')]), routerFunction: 'router',
  startedAt: 0, stage: 0, stageStartedAt: 0, prepared: true, decisions: 1,
};
const decided = (seconds: number, evidence = healthy): Decision => decide(plan(), state, evidence, seconds * 1_000);

/** Channels that keep what is sent, or fail. */
function channels(failing = false): {
  events: { send: never };
  sns: { send: never };
  warn: (notice: string) => void;
  sent: { [member: string]: unknown }[];
  warnings: string[];
} {
  const sent: { [member: string]: unknown }[] = [];
  const warnings: string[] = [];
  const send = (async ({ input }: { input: { [member: string]: unknown } }) => {
    if (failing) {
      throw new Error('throttled');
    }
    sent.push(input);
  }) as never;
  return { events: { send }, sns: { send }, warn: (notice) => warnings.push(notice), sent, warnings };
}

test('every decision is an event with its evidence, and a move is a message too', async () => {
  const to = channels();
  await notify(state, decided(300), decided(240), to);
  const [event, message] = to.sent as [
    { Entries: { Source: string; DetailType: string; Detail: string }[] },
    { TopicArn: string; Subject: string; Message: string },
  ];
  expect(event.Entries[0]).toMatchObject({ Source: 'cdk-model-rollout', DetailType: 'Model Rollout Decision' });
  expect(JSON.parse(event.Entries[0].Detail)).toMatchObject({
    endpoint: 'fraud', alias: 'live', rolloutId: 'r', productionVersion: 'v1', candidateVersion: 'v2', verdict: 'advance', percent: 50,
    sentence: 'advancing from 5 % to 50 %: the candidate answered 1000 of 1000 requests', evidence: { candidate: { requests: 1_000, failures: 0 } },
  });
  expect(message).toMatchObject({ TopicArn: 'arn:aws:sns:r:1:topic', Subject: 'fraud/live: advance' });
});

test('a minute of baking is an event but no message', async () => {
  const to = channels();
  await notify(state, decided(120), decided(60), to);
  expect(to.sent).toHaveLength(1);
});

test('channels that fail are logged and keep nothing from going on', async () => {
  const to = channels(true);
  await notify(state, decided(300), decided(240), to);
  expect(to.warnings).toEqual(['an event was not sent', 'a notification was not sent']);
});

test('people hear of moves and of new reasons to wait, not of every minute of baking', () => {
  const silent = { ...healthy, candidate: undefined };
  expect(isNews(decided(60), undefined)).toBe(false);
  expect(isNews(decided(300), decided(240))).toBe(true);
  expect(isNews(decided(300, silent), decided(240, silent))).toBe(true);
  expect(isNews(decided(360, silent), decided(300, silent))).toBe(false);
});
