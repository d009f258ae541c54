import type { LambdaClient } from '@aws-sdk/client-lambda';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { Target } from '../../lib/core/backends/backends';
import type { AskEvent, AskResult, ProbeEvent, ProbeResult } from './router-protocol';

/** The router itself is broken, whatever it is asked. */
export class RouterBrokenError extends Error {
  override readonly name = 'RouterBrokenError';
}

/** Asks a router function about versions, with the router's own role. */
export class RouterClient {
  constructor(private readonly lambda: Pick<LambdaClient, 'send'>) {}

  /** Whether the router may call the targets. */
  async probe(routerFunction: string, targets: readonly Target[]): Promise<ProbeResult> {
    const event: ProbeEvent = { modelRollout: 'probe', targets };
    try {
      return (await this.invoke(routerFunction, event)) as ProbeResult;
    } catch (error) {
      if (error instanceof RouterBrokenError) {
        throw error;
      }
      // The permission to ask the router is as new as the router.
      return { problems: [`the router cannot be asked: ${(error as Error).name}: ${(error as Error).message}`] };
    }
  }

  /** Have the router send a request to a version that has no traffic yet. */
  async ask(routerFunction: string, event: AskEvent): Promise<AskResult> {
    return (await this.invoke(routerFunction, event)) as AskResult;
  }

  private async invoke(routerFunction: string, event: object): Promise<unknown> {
    const { Payload: payload, FunctionError: failed } = await this.lambda.send(
      new InvokeCommand({ FunctionName: routerFunction, Payload: JSON.stringify(event) }),
    );
    const text = Buffer.from(payload ?? []).toString('utf8');
    if (failed !== undefined) {
      throw new RouterBrokenError(`the router does not start: ${text.slice(0, 500)}`);
    }
    return JSON.parse(text);
  }
}
