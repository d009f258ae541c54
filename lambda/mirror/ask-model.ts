import { AwsClient } from 'aws4fetch';
import type { ModelJudge } from '../../lib/core/comparison/plan';
import type { Backends } from '../shared/backends/backends';
import { ErrorCode } from '../shared/http/errors';
import { failure, FailureClass, type Outcome } from '../shared/http/outcome';
import type { AskModel } from './judges';

const JSON_TYPE = 'application/json';

/** Asks a model of Bedrock with the mirror's role, or an alias of an endpoint with requests that it signs. */
export function modelAsking({ bedrock }: Pick<Backends, 'bedrock'>, environment: NodeJS.ProcessEnv): AskModel {
  return async (by, body, signal) => {
    try {
      return by.kind === 'alias' ? await askAlias(by, body, signal, environment) : await bedrock.invoke(
        by.target,
        { alias: 'judge', inferenceId: 'judge', headers: new Map([['content-type', JSON_TYPE]]), query: '', body, caller: { claims: {} } },
        signal,
      );
    } catch (error) {
      return signal.aborted
        ? failure(FailureClass.TIMEOUT, ErrorCode.TIMEOUT, 'the judge did not answer in time')
        : failure(FailureClass.BACKEND, ErrorCode.BACKEND_UNAVAILABLE, (error as Error).message);
    }
  };
}

/** Lambda gives a function its credentials in the environment, the same for as long as it lives. */
async function askAlias(
  { url, region }: Extract<ModelJudge, { kind: 'alias' }>, body: Uint8Array, signal: AbortSignal, environment: NodeJS.ProcessEnv,
): Promise<Outcome> {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '', AWS_SESSION_TOKEN: sessionToken } = environment;
  const client = new AwsClient({ accessKeyId, secretAccessKey, sessionToken, service: 'execute-api', region, retries: 0 });
  const response = await client.fetch(url, {
    method: 'POST', headers: { 'content-type': JSON_TYPE, 'accept': JSON_TYPE }, body: Buffer.from(body), signal,
  });
  return {
    kind: 'answer', status: response.status, headers: Object.fromEntries(response.headers),
    body: new Uint8Array(await response.arrayBuffer()),
  };
}
