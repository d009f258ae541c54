import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { setTimeout as sleep } from 'node:timers/promises';
import { NAME_RESOURCE_TYPE } from '../../lib/core/gate';
import { answerResource, signalCondition } from '../shared/answer';
import { ContentionError } from '../shared/records/versioned-table';
import { RouterBrokenError } from '../shared/router-client';
import { gate, GateError, type GatePorts, type GateResult } from './gate';
import { rename, type RenamePorts } from './rename';

export interface SettlePorts extends GatePorts {
  readonly records: GatePorts['records'] & RenamePorts['records'];
  readonly info: (notice: string, details: { readonly [name: string]: unknown }) => void;
  readonly error: (notice: string, error: Error) => void;
}

/** Do what CloudFormation asks for, and see to it that it hears of the end. */
export async function settle(event: CloudFormationCustomResourceEvent, remainingMs: number, ports: SettlePorts): Promise<void> {
  // On update the record's key may have changed; the old record is then deleted by CloudFormation's own Delete.
  const physicalResourceId =
    event.RequestType === 'Delete' ? event.PhysicalResourceId : String(event.ResourceProperties.Alias ?? event.LogicalResourceId);
  const resource = {
    url: event.ResponseURL,
    stackId: event.StackId,
    requestId: event.RequestId,
    logicalResourceId: event.LogicalResourceId,
    physicalResourceId,
  };
  ports.info('gate called', { request: event.RequestType, alias: physicalResourceId, stack: event.StackId });
  try {
    const result = await withinTime(done(event, ports), remainingMs - 5_000);
    if (result.answer === 'later') {
      ports.info('the controller answers', { alias: physicalResourceId });
      return;
    }
    if (result.signal !== undefined) {
      await signalCondition(result.signal, event.RequestId, 'SUCCESS', 'no rollout was needed', ports.sleep);
    }
  } catch (error) {
    ports.error('gate refused', error as Error);
    const explained = [GateError, RouterBrokenError, ContentionError].some((kind) => error instanceof kind);
    const reason = explained ? (error as Error).message : `${(error as Error).name}: ${(error as Error).message}`;
    await answerResource(resource, 'FAILED', reason, ports.sleep);
    return;
  }
  await answerResource(resource, 'SUCCESS', 'done', ports.sleep);
}

async function done(event: CloudFormationCustomResourceEvent, ports: SettlePorts): Promise<GateResult> {
  if (event.ResourceType === NAME_RESOURCE_TYPE) {
    await rename(event, ports);
    return { answer: 'now' };
  }
  return gate(event, ports);
}

/** Lambda would end the function without an answer to CloudFormation, which then waits for its own time-out. */
async function withinTime<T>(work: Promise<T>, ms: number): Promise<T> {
  const late = new AbortController();
  try {
    return await Promise.race([
      work,
      sleep(ms, undefined, { signal: late.signal }).then(() => {
        throw new GateError('the gate ran out of time');
      }),
    ]);
  } finally {
    late.abort();
  }
}
