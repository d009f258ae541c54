import type { Callback, Outcome } from '../../lib/core/rollout/state';

/** CloudFormation accepts 4,096 bytes in all; a longer reason would lose the answer. */
const REASON_CHARACTERS = 1_500;

type Sleep = (ms: number) => Promise<void>;
type Status = 'SUCCESS' | 'FAILED';

/** Answer a custom resource. An answer that does not arrive would hold the stack for an hour. */
export async function answerResource(
  resource: Omit<Extract<Callback, { kind: 'response' }>, 'kind'>, status: Status, reason: string, sleep: Sleep,
): Promise<void> {
  await put(resource.url, {
    Status: status,
    Reason: reason.slice(0, REASON_CHARACTERS),
    PhysicalResourceId: resource.physicalResourceId,
    StackId: resource.stackId,
    RequestId: resource.requestId,
    LogicalResourceId: resource.logicalResourceId,
  }, sleep);
}

/** Signal a wait condition; a signal with the same id again is the same signal. */
export async function signalCondition(url: string, uniqueId: string, status: Status, reason: string, sleep: Sleep): Promise<void> {
  await put(url, { Status: status === 'FAILED' ? 'FAILURE' : status, Reason: reason.slice(0, REASON_CHARACTERS), UniqueId: uniqueId, Data: reason.slice(0, REASON_CHARACTERS) }, sleep);
}

/** Tell CloudFormation how a rollout ended. */
export async function answerCallback(callback: Callback, outcome: Pick<Outcome, 'result' | 'sentence'>, sleep: Sleep): Promise<void> {
  const status = outcome.result === 'promoted' ? 'SUCCESS' : 'FAILED';
  await (callback.kind === 'response'
    ? answerResource(callback, status, outcome.sentence, sleep)
    : signalCondition(callback.url, callback.uniqueId, status, outcome.sentence, sleep));
}

async function put(url: string, body: object, sleep: Sleep): Promise<void> {
  let problem = '';
  for (let attempt = 0; attempt < 5; attempt++) {
    await sleep(attempt === 0 ? 0 : 250 * 2 ** attempt);
    try {
      // The address is presigned without a content type; any other than none breaks its signature.
      const response = await fetch(url, { method: 'PUT', body: JSON.stringify(body), headers: { 'content-type': '' } });
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
