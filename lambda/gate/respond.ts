import type { CloudFormationCustomResourceEvent } from 'aws-lambda';

/** CloudFormation accepts 4,096 bytes in all; a longer reason would lose the answer. */
const REASON_CHARACTERS = 1_500;

export interface Verdict {
  readonly status: 'SUCCESS' | 'FAILED';
  readonly reason?: string;
  readonly physicalResourceId: string;
}

/** Answer CloudFormation at the event's own address. An answer that does not arrive would hold the stack for an hour. */
export async function respond(
  event: CloudFormationCustomResourceEvent,
  verdict: Verdict,
  sleep: (ms: number) => Promise<void>,
): Promise<void> {
  const body = JSON.stringify({
    Status: verdict.status,
    Reason: (verdict.reason ?? 'done').slice(0, REASON_CHARACTERS),
    PhysicalResourceId: verdict.physicalResourceId,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
  });
  let problem = '';
  for (let attempt = 0; attempt < 5; attempt++) {
    await sleep(attempt === 0 ? 0 : 250 * 2 ** attempt);
    try {
      // The address is presigned without a content type; any other than none breaks its signature.
      const response = await fetch(event.ResponseURL, { method: 'PUT', body, headers: { 'content-type': '' } });
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
