import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { App, Duration, type Stack } from 'aws-cdk-lib/core';
import { AdoptEndpointStack } from '../../examples/adopt-endpoint/stack';
import { AssistantStack } from '../../examples/assistant/stack';
import { BlueGreenStack } from '../../examples/blue-green/stack';
import { CanaryStack } from '../../examples/canary/stack';
import { LabelsStack } from '../../examples/labels/stack';
import { MinimalStack } from '../../examples/minimal/stack';
import { FraudStage, PipelineStack } from '../../examples/pipeline/stack';
import { PlatformStack } from '../../examples/platform/stack';
import { SageMakerStack } from '../../examples/sagemaker/stack';
import { ShadowThenCanaryStack } from '../../examples/shadow-then-canary/stack';
import { rolloutsOf } from '../../rehearsal/assembly/find-rollouts';
import { rehearse } from '../../rehearsal/engine/rehearse';
import { USUAL } from '../../lib/core/rehearsal/built-in';

const env = { account: '111111111111', region: 'eu-west-1' };
const DIGEST = `sha256:${'0'.repeat(64)}`;

/** The stacks to copy, by their folders, with the number of their rollouts. */
const EXAMPLES: { readonly [folder: string]: readonly [make: (app: App) => Stack, rollouts: number] } = {
  'adopt-endpoint': [(app) => new AdoptEndpointStack(app, 'Example', { env, sageMakerEndpointName: 'fraud-prod' }), 1],
  'assistant': [(app) => new AssistantStack(app, 'Example', { env }), 1],
  'blue-green': [(app) => new BlueGreenStack(app, 'Example', { env }), 1],
  'canary': [(app) => new CanaryStack(app, 'Example', { env }), 1],
  'labels': [(app) => new LabelsStack(app, 'Example', { env }), 1],
  'minimal': [(app) => new MinimalStack(app, 'Example', { env }), 0],
  'pipeline': [(app) => new PipelineStack(app, 'Example', { env }), 0],
  'platform': [(app) => new PlatformStack(app, 'Example', { env }), 3],
  'sagemaker': [(app) => new SageMakerStack(app, 'Example', { env, artifactKey: 'fraud/v3/model.tar.gz', imageDigest: DIGEST }), 1],
  'shadow-then-canary': [(app) => new ShadowThenCanaryStack(app, 'Example', { env }), 1],
};
/** Those with tests of their own: they need trained models, other languages or an emulator. */
const ELSEWHERE = ['digits', 'iris', 'languages', 'web-app'];

test('every example is here or has tests of its own', () => {
  const folders = readdirSync(join(__dirname, '..', '..', 'examples'), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  expect(folders.sort()).toEqual([...Object.keys(EXAMPLES), ...ELSEWHERE].sort());
});

describe.each(Object.entries(EXAMPLES))('%s', (_, [make, rollouts]) => {
  let stack: Stack;
  beforeAll(() => {
    stack = make(new App());
  });

  test('synthesizes without a warning', () => {
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  test('promotes a healthy model at ten requests a second', async () => {
    const found = rolloutsOf('Example', Template.fromStack(stack).toJSON());
    expect(found.length).toBe(rollouts);
    for (const rollout of found) {
      expect((await rehearse(rollout, USUAL, { seed: 1 })).verdict).toBe('promoted');
    }
  });
});

test('staging and production of the pipeline have one model', () => {
  const app = new App();
  const digests = ['Staging', 'Production'].map((id) => {
    const stack = new FraudStage(app, id, { env, bakeTime: Duration.minutes(5) }).node.findChild('Fraud') as Stack;
    const [[, route]] = Object.entries(Template.fromStack(stack).findResources('Custom::ModelRolloutRoute'));
    return JSON.stringify(route.Properties.Variants ?? route.Properties.Route).match(/[0-9a-f]{12}/)?.[0];
  });
  expect(digests[0]).toBeDefined();
  expect(digests[1]).toBe(digests[0]);
});
