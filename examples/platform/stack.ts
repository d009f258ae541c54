import { join } from 'node:path';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib/core';
import { CanaryRollout, type Model, Model as Models, ModelEndpoint, TrafficShift } from 'cdk-model-rollout';
import { Construct } from 'constructs';

export interface TeamEndpointProps {
  /** The API that all teams share. */
  readonly api: apigateway.RestApi;

  /** The team's part of the path, and the name of its endpoint. */
  readonly team: string;

  /** The model as the team trained it last. */
  readonly model: Model;

  /** Who may call it. */
  readonly callers?: iam.IGrantable[];
}

/** How this company deploys a model: every team gets the same rollout, and nobody forgets one. */
export class TeamEndpoint extends Construct {
  public readonly endpoint: ModelEndpoint;

  constructor(scope: Construct, id: string, props: TeamEndpointProps) {
    super(scope, id);
    this.endpoint = new ModelEndpoint(this, 'Endpoint', { endpointName: props.team, model: props.model, api: props.api, path: props.team });
    new CanaryRollout(this, 'Rollout', {
      endpoint: this.endpoint,
      shift: TrafficShift.steps([5, 25, 50], { bakeTime: Duration.minutes(10) }),
    });
    props.callers?.forEach((caller) => this.endpoint.grants.invoke(caller));
  }
}

/** Three teams' models behind one API: one address, one access log, one place for a web ACL. */
export class PlatformStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const api = new apigateway.RestApi(this, 'Api', { restApiName: 'models', deployOptions: { stageName: 'v1' } });
    for (const team of ['fraud', 'credit', 'marketing']) {
      new TeamEndpoint(this, team, {
        api,
        team,
        model: Models.pythonFunction({ entry: join(__dirname, 'model'), environment: { TEAM: team } }),
      });
    }
    new CfnOutput(this, 'Url', { value: api.url });
  }
}
