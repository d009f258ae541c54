// What the apps of rollouts have in common: a stack for the emulator, and the model that E2E_MODEL says.
import { App, Duration, Stack } from 'aws-cdk-lib/core';
import { join } from 'node:path';
import { Model } from '../../lib';
import type { ModelSpec } from './rollout-stage';

export const spec = JSON.parse(process.env.E2E_MODEL ?? '{"artifact":"v1"}') as ModelSpec;

export function digitsStack(name = 'Digits'): Stack {
  return new Stack(new App(), name, { env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION } });
}

/** A trained model, whole or broken on purpose. */
export function specified({ artifact, defect, tag }: Pick<ModelSpec, 'artifact' | 'defect' | 'tag'>): Model {
  return Model.pythonFunction({
    entry: join(__dirname, '../../examples/digits/model'),
    timeout: Duration.seconds(20),
    environment: { MODEL_ARTIFACT: `${artifact}.json`, ...(defect && { MODEL_DEFECT: defect, MODEL_DELAY_SECONDS: '8' }), ...(tag && { TAG: tag }) },
  });
}
