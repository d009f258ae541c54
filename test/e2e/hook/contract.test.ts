import { ecsClient } from '../../../lambda/evidence-hook/ecs-client';
import { EcsDeployment } from '../../fixtures/ecs-deployment';
import { serveHttp } from '../../fixtures/serving';
import { type Call, faults } from '../contract';

// What the hook asks Amazon ECS and CloudWatch, and what the tests let them answer, as AWS's own models of the services have it.

test('every call and every answer keeps to the model of Amazon ECS', async () => {
  const { described } = new EcsDeployment();
  const calls: Call[] = [];
  const outputs: { readonly [operation: string]: object } = {
    DescribeServiceDeployments: { serviceDeployments: [described] },
    DescribeServiceRevisions: { serviceRevisions: [{
      serviceRevisionArn: 'revision', loadBalancers: [{ targetGroupArn: 'blue' }], resolvedConfiguration: { loadBalancers: [{ targetGroupArn: 'green' }] },
    }] },
  };
  const server = await serveHttp((request, body, response) => {
    const [prefix, operation] = String(request.headers['x-amz-target']).split('.');
    expect([prefix, request.headers['content-type']]).toEqual(['AmazonEC2ContainerServiceV20141113', 'application/x-amz-json-1.1']);
    calls.push({ service: 'ecs', operation, input: JSON.parse(String(body)) as object, output: outputs[operation] });
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(outputs[operation]));
  });
  try {
    const ecs = ecsClient('eu-west-1', { AWS_ENDPOINT_URL: server.url, AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' });
    expect(await ecs.deployment('deployment')).toEqual(described);
    expect(await ecs.revisions(['revision'])).toHaveLength(1);
  } finally {
    await server.close();
  }
  expect(calls.map(({ operation }) => operation)).toEqual(['DescribeServiceDeployments', 'DescribeServiceRevisions']);
  expect(faults(calls)).toEqual([]);
});

test('the stage at which the hook is asked is one of Amazon ECS', () => {
  const service = { cluster: 'shop', serviceName: 'fraud', deploymentConfiguration: { strategy: 'CANARY', lifecycleHooks: [{
    hookTargetArn: 'arn', roleArn: 'arn', lifecycleStages: ['PRE_PRODUCTION_TRAFFIC_SHIFT'],
  }] } };
  expect(faults([{ service: 'ecs', operation: 'CreateService', input: service, output: {} }])).toEqual([]);
});
