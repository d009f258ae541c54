import { helpOnRollout } from '../../lib/core/documentation';
import type { Callback, Outcome } from '../../lib/core/rollout/state';

/** CloudFormation accepts 4,096 bytes in all, and a longer answer would be lost. */
const ANSWER_BYTES = 4_000;

type Sleep = (ms: number) => Promise<void>;
type Status = 'SUCCESS' | 'FAILED';

/** Answer a custom resource. An answer that does not arrive would hold the stack for an hour. */
export async function answerResource(
  resource: Omit<Extract<Callback, { kind: 'response' }>, 'kind'>, status: Status, reason: string, sleep: Sleep,
): Promise<void> {
  await put(resource.url, fitting(reason, (text) => ({
    Status: status,
    Reason: text,
    PhysicalResourceId: resource.physicalResourceId,
    StackId: resource.stackId,
    RequestId: resource.requestId,
    LogicalResourceId: resource.logicalResourceId,
  })), sleep);
}

/** Signal a wait condition; a signal with the same id again is the same signal. */
export async function signalCondition(url: string, uniqueId: string, status: Status, reason: string, sleep: Sleep): Promise<void> {
  // Data is for templates that read it; ours do not.
  await put(
    url,
    fitting(reason, (text) => ({ Status: status === 'FAILED' ? 'FAILURE' : status, Reason: text, UniqueId: uniqueId, Data: '' })),
    sleep,
  );
}

/** The answer with as much of the reason, from its beginning, as its JSON has room for. */
function fitting(reason: string, answer: (reason: string) => object): string {
  // By characters as people see them: half of one would be none.
  const characters = [...reason];
  let [fits, tooMany] = [0, characters.length + 1];
  const json = (count: number): string =>
    JSON.stringify(answer(count < characters.length ? `${characters.slice(0, count).join('')}…` : reason));
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    [fits, tooMany] = Buffer.byteLength(json(middle)) <= ANSWER_BYTES ? [middle, tooMany] : [fits, middle];
  }
  return json(fits);
}

/** Tell CloudFormation how a rollout ended. */
export async function answerCallback(
  callback: Callback, { result, reasons, sentence }: Pick<Outcome, 'result' | 'reasons' | 'sentence'>, sleep: Sleep,
): Promise<void> {
  const status = result === 'promoted' ? 'SUCCESS' : 'FAILED';
  const help = status === 'FAILED' ? helpOnRollout('ended', reasons) : undefined;
  const reason = help === undefined ? sentence : `${sentence}. See ${help}`;
  await (callback.kind === 'response'
    ? answerResource(callback, status, reason, sleep)
    : signalCondition(callback.url, callback.uniqueId, status, reason, sleep));
}

async function put(url: string, body: string, sleep: Sleep): Promise<void> {
  let problem = '';
  for (let attempt = 0; attempt < 5; attempt++) {
    await sleep(attempt === 0 ? 0 : 250 * 2 ** attempt);
    try {
      // The address is presigned without a content type; any other than none breaks its signature.
      const response = await fetch(url, { method: 'PUT', body, headers: { 'content-type': '' } });
      if (response.ok) {
        return;
      }
      problem = `status ${response.status}`;
    } catch (error) {
      problem = (error as Error).message;
    }
  }
  throw new Error(`CloudFormation could not be answered: ${problem}`);
}
