import { join } from 'node:path';
import * as codecommit from 'aws-cdk-lib/aws-codecommit';
import * as codepipeline from 'aws-cdk-lib/aws-codepipeline';
import { CfnOutput, Duration, Stack, type StackProps, Stage, type StageProps } from 'aws-cdk-lib/core';
import { CodePipeline, CodePipelineSource, ShellStep } from 'aws-cdk-lib/pipelines';
import { CanaryRollout, Model, ModelEndpoint, TrafficShift } from 'cdk-model-rollout';
import type { Construct } from 'constructs';

export interface FraudStageProps extends StageProps {
  /** How long each step is watched. */
  readonly bakeTime: Duration;
}

/** The application, once for each account. Equal models are one digest in every stage, so that what was tried is what comes next. */
export class FraudStage extends Stage {
  public readonly url: CfnOutput;

  constructor(scope: Construct, id: string, props: FraudStageProps) {
    super(scope, id, props);
    const stack = new Stack(this, 'Fraud');
    const endpoint = new ModelEndpoint(stack, 'Endpoint', { model: Model.pythonFunction({ entry: join(__dirname, 'model') }) });
    new CanaryRollout(stack, 'Rollout', { endpoint, shift: TrafficShift.steps([10, 50], { bakeTime: props.bakeTime }) });
    this.url = new CfnOutput(stack, 'Url', { value: endpoint.url });
  }
}

/**
 * Staging first, then production. A model that staging's rollout rejects never reaches production, because the pipeline stops at the failed
 * deployment.
 */
export class PipelineStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const pipeline = new CodePipeline(this, 'Pipeline', {
      pipelineType: codepipeline.PipelineType.V2,
      synth: new ShellStep('Synth', {
        input: CodePipelineSource.codeCommit(codecommit.Repository.fromRepositoryName(this, 'Source', 'fraud'), 'main'),
        // The rehearsal fails the build where a plan does not protect.
        commands: ['npm ci', 'npx cdk synth', 'npx model-rollout rehearse --scenario healthy broken -n 50'],
      }),
    });
    pipeline.addStage(new FraudStage(this, 'Staging', { bakeTime: Duration.minutes(5) }));
    pipeline.addStage(new FraudStage(this, 'Production', { bakeTime: Duration.minutes(15) }));
  }
}
