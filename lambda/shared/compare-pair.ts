import type { LambdaClient } from '@aws-sdk/client-lambda';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { LAMBDA_PAYLOAD_BYTES } from '../../lib/core/aws-limits';
import type { Pair } from '../../lib/core/comparison/asked';
import { compare } from '../../lib/core/comparison/compare';
import { comparisonEvent, readComparisonAnswer } from '../../lib/core/comparison/custom';
import { judgeEvents, readBetter, verdictOf } from '../../lib/core/comparison/judge';
import { comparisonError, type ComparisonOutcome, judged } from '../../lib/core/comparison/outcome';
import type { FunctionComparisonPlan, JudgePlan, MirrorComparison } from '../../lib/core/comparison/plan';

type Client = Pick<LambdaClient, 'send'>;

/**
 * Compare two answers, by asking a function of the user's where the plan says so. Never rejects and never takes longer than the plan says:
 * a failure of the function is an outcome of its own.
 *
 * @param admit whether the judge may be asked once more today
 */
export async function comparePair(
  client: Client, plan: MirrorComparison, pair: Pair, admit: () => Promise<boolean> = async () => true,
): Promise<ComparisonOutcome> {
  switch (plan.kind) {
    case 'function': return askComparison(client, plan, pair);
    case 'judge': return askJudge(client, plan, pair, admit);
    default: return compare(plan, pair.production, pair.shadow);
  }
}

async function askComparison(client: Client, plan: FunctionComparisonPlan, pair: Pair): Promise<ComparisonOutcome> {
  const answer = await ask(client, plan, comparisonEvent(pair, plan.withRequest));
  return typeof answer === 'string' ? readComparisonAnswer(answer) : answer;
}

async function askJudge(client: Client, plan: JudgePlan, pair: Pair, admit: () => Promise<boolean>): Promise<ComparisonOutcome> {
  // Nobody has to be paid to find that neither is better.
  if (Buffer.compare(pair.production, pair.shadow) === 0) {
    return judged('tie');
  }
  if (!(await admit())) {
    return { kind: 'not judged', reason: `the judge is asked about at most ${plan.maximumPerDay} pairs a day` };
  }
  const [one, other] = await Promise.all(judgeEvents(pair, plan.withRequest).map(async (event) => ask(client, plan, event)));
  if (typeof one !== 'string') {
    return one;
  }
  return typeof other === 'string' ? verdictOf(readBetter(one), readBetter(other)) : other;
}

/** What the function answered, or why it did not. */
async function ask(
  client: Client, { functionArn, timeoutMs }: FunctionComparisonPlan | JudgePlan, told: object,
): Promise<string | ComparisonOutcome> {
  const event = Buffer.from(JSON.stringify(told));
  if (event.byteLength > LAMBDA_PAYLOAD_BYTES) {
    return comparisonError(`what is compared takes ${event.byteLength} bytes as an event; Lambda accepts ${LAMBDA_PAYLOAD_BYTES}`);
  }
  try {
    const { Payload: payload, FunctionError: failed } = await client.send(
      new InvokeCommand({ FunctionName: functionArn, Payload: event }), { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
    // What the function wrote may quote the answers, which are not for the log.
    return failed === undefined
      ? Buffer.from(payload ?? []).toString('utf8')
      : comparisonError('the function failed; its own log says why');
  } catch (error) {
    return comparisonError((error as Error).name);
  }
}
