// The digits stack with variants as E2E_VARIANTS describes them: [{ name, artifact, defect?, weight?, budgetSeconds? }].
import { App, Duration } from 'aws-cdk-lib/core';
import { Model } from '../../lib';
import { digitsModel, DigitsStack } from '../../examples/digits/stack';
import type { VariantSpec } from './stage';

const specs = JSON.parse(process.env.E2E_VARIANTS ?? '[]') as VariantSpec[];

new DigitsStack(new App(), 'Digits', {
  env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION },
  variants: specs.map(({ name, artifact, defect, weight, budgetSeconds, sageMakerEndpoint }) => ({
    name,
    weight,
    model: sageMakerEndpoint === undefined ? digitsModel(artifact ?? 'v1', defect) : Model.fromSageMakerEndpointName(sageMakerEndpoint),
    timeBudget: budgetSeconds === undefined ? undefined : Duration.seconds(budgetSeconds),
  })),
});
