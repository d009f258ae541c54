import { notify } from '../../../lambda/controller/notify';
import { RolloutEvent } from '../../../lib/core/names';
import { decide } from '../../../lib/core/rollout/decide';
import type { Evidence } from '../../../lib/core/rollout/evidence';
import type { RolloutState } from '../../../lib/core/rollout/state';
import { plan } from '../../../test/fixtures/plan';
import { route, variant } from '../../../test/fixtures/serving';
import { healthy } from '../../../test/fixtures/world';

/** An event as rules of EventBridge see it, without what EventBridge adds. */
export interface ShownEvent {
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: { readonly [member: string]: unknown };
}

/** What a member of `detail` says. */
const MEANINGS: { readonly [member: string]: string } = {
  rolloutId: 'the rollout; the same in all its events',
  endpoint: 'name of the endpoint',
  alias: 'name of its alias',
  kind: '`canary` or `blue-green`',
  productionVersion: 'the version that callers had before',
  candidateVersion: 'the version that is rolled out',
  verdict: '`advance`, `hold`, `promote`, `roll back`, or `invalid` where the evidence contradicts itself',
  reasons: 'why, for programs: each has a `kind`. Kinds and members are added, never changed',
  sentence: 'why, for people; its wording is free',
  at: 'when it was decided, epoch milliseconds',
  stage: 'the step once the decision has taken effect, from 0',
  percent: "the candidate's share then, %",
  rejects: 'whether the candidate was found bad, so that it is refused until somebody allows another try',
  evidence: 'what was known: requests and failures of both versions, guardrails, judgements',
};

const START = Date.UTC(2026, 10, 27, 9, 0, 0);
const STARTED: RolloutState = {
  schema: 1, id: '5b0f3c52', alias: 'fraud/live', plan: plan({ topicArn: 'arn:aws:sns:eu-west-1:111111111111:news' }), production: variant('production', { version: '9f2c41d07ab3' }),
  candidate: variant('candidate', { version: 'c07de8815f6a' }), promoted: route([variant('candidate')]), routerFunction: 'router',
  startedAt: START, stage: 0, stageStartedAt: START, prepared: true, decisions: 1,
};
const FAILING: Evidence = {
  ...healthy,
  guardrails: [{ name: 'errors', action: 'rollback', status: 'triggered', detail: 'alarm errors is in ALARM' }],
};

/** What the controller sends of a step that it takes, and of a rollback. */
export async function events(): Promise<{ readonly advance: ShownEvent; readonly rollback: ShownEvent; readonly message: ShownEvent['detail'] }> {
  const [advance] = await sent(healthy);
  const [rollback, message] = await sent(FAILING);
  return { advance: advance as ShownEvent, rollback: rollback as ShownEvent, message: message as ShownEvent['detail'] };
}

export async function eventsPage(): Promise<string> {
  const { advance, rollback, message } = await events();
  const members = [...new Set([...Object.keys(advance.detail), ...Object.keys(rollback.detail)])];
  const [unknown, gone] = [members.filter((name) => !(name in MEANINGS)), Object.keys(MEANINGS).filter((name) => !members.includes(name))];
  if (unknown.length > 0 || gone.length > 0 || JSON.stringify(message) !== JSON.stringify(rollback.detail)) {
    throw new Error(`events have ${unknown.join(', ') || 'nothing'} without a meaning, and no ${gone.join(', ') || 'more'}; see scripts/docs/reference/events-page.ts`);
  }
  return `# Events

While a rollout runs the controller puts an event on the default bus of EventBridge for every decision, one a minute unless the rollout has another \`interval\`. A rollout with \`notifications\` sends \`detail\` as JSON to that topic of SNS too, but only news: a move, or a hold for another reason than before.

A channel that fails keeps no rollout from going on: the controller's log has what was not sent.

| | |
| --- | --- |
| \`source\` | \`${RolloutEvent.SOURCE}\` |
| \`detail-type\` | \`${RolloutEvent.DECISION}\` |
| subject of the message in SNS | endpoint, alias and verdict, such as \`fraud/live: roll back\` |

| member of \`detail\` | meaning |
| --- | --- |
${members.map((name) => `| \`${name}\` | ${MEANINGS[name]} |`).join('\n')}

A rule that matches every rollback, and its event as EventBridge delivers it, without \`id\`, \`time\` and what else EventBridge adds:

\`\`\`json
${JSON.stringify(PATTERN, undefined, 2)}
\`\`\`

\`\`\`json
${JSON.stringify(rollback, undefined, 2)}
\`\`\`

A step that is taken:

\`\`\`json
${JSON.stringify(advance, undefined, 2)}
\`\`\`
`;
}

/** Matches rollbacks. */
export const PATTERN = { 'source': [RolloutEvent.SOURCE], 'detail-type': [RolloutEvent.DECISION], 'detail': { verdict: ['roll back'] } };

async function sent(evidence: Evidence): Promise<unknown[]> {
  const at = START + 300_000;
  const found: unknown[] = [];
  const send = (async ({ input }: { input: { Entries?: { Source: string; DetailType: string; Detail: string }[]; Message?: string } }) => {
    const [entry] = input.Entries ?? [];
    found.push(entry === undefined
      ? JSON.parse(input.Message!)
      : { 'source': entry.Source, 'detail-type': entry.DetailType, 'detail': JSON.parse(entry.Detail) });
  }) as never;
  const warn = (notice: string): never => {
    throw new Error(notice);
  };
  await notify(STARTED, decide(STARTED.plan, STARTED, { ...evidence, until: at }, at), undefined, { events: { send }, sns: { send }, warn });
  return found;
}
