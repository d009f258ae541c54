import { App } from 'aws-cdk-lib/core';
import { DigitsStack } from '../examples/digits/stack';

const app = new App();
new DigitsStack(app, 'Digits', {
  env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION },
});
