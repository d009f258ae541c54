import { AwsClient } from 'aws4fetch';
import type { ServiceDeployment, ServiceRevision } from './deployment';
import type { HookPorts } from './hook';

const PATIENCE_MS = 5_000;
/** The service's name in its protocol, https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html */
const TARGET = 'AmazonEC2ContainerServiceV20141113';

/** Both calls of Amazon ECS that the hook makes: its whole client would be most of the bundle. */
export function ecsClient(region: string, environment: NodeJS.ProcessEnv): HookPorts['ecs'] {
  const url = environment.AWS_ENDPOINT_URL_ECS ?? environment.AWS_ENDPOINT_URL
    ?? `https://ecs.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  const call = async (operation: string, input: object): Promise<unknown> => {
    // Lambda's credentials change while a function lives.
    const client = new AwsClient({
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
      sessionToken: environment.AWS_SESSION_TOKEN, region, service: 'ecs', retries: 2,
    });
    const response = await client.fetch(url, {
      method: 'POST', body: JSON.stringify(input), signal: AbortSignal.timeout(PATIENCE_MS),
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${TARGET}.${operation}` },
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`ecs:${operation} failed with status ${response.status}: ${text.slice(0, 300)}`);
    }
    return JSON.parse(text);
  };
  return {
    deployment: async (arn) => {
      const { serviceDeployments: [found] = [] } = await call('DescribeServiceDeployments', { serviceDeploymentArns: [arn] }) as {
        readonly serviceDeployments?: readonly ServiceDeployment[];
      };
      return found;
    },
    revisions: async (arns) => {
      const { serviceRevisions: found = [] } = await call('DescribeServiceRevisions', { serviceRevisionArns: arns }) as {
        readonly serviceRevisions?: readonly ServiceRevision[];
      };
      return found;
    },
  };
}
