import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { BundledFunction } from '../package/bundled-function';
import type { ControlPlane } from '../control-plane/control-plane';
import type { CorsPlan } from '../core/cors';
import { Env } from '../core/names';
import type { EndpointRouter } from './endpoint-router';

export interface EndpointFeedbackProps {
  readonly endpointName: string;
  readonly controlPlane: ControlPlane;
  readonly router: EndpointRouter;
  readonly cors: CorsPlan | undefined;
  readonly tracing: lambda.Tracing | undefined;
  readonly logRetention: logs.RetentionDays | undefined;
  /** Define the method that the function serves. */
  readonly addMethod: (handler: lambda.IFunction) => apigateway.Method;
}

/** The function that takes feedback for all aliases of an endpoint that want it, and its method. */
export class EndpointFeedback extends Construct {
  public readonly function: lambda.Function;
  public readonly role: iam.Role;
  public readonly log: logs.ILogGroup;

  constructor(scope: Construct, id: string, props: EndpointFeedbackProps) {
    super(scope, id);
    const feedback = new BundledFunction(this, 'Function', {
      asset: 'feedback',
      description: `Takes feedback on the answers of model endpoint ${props.endpointName}`,
      memorySize: 512,
      timeout: Duration.seconds(15),
      environment: {
        [Env.TABLE]: props.controlPlane.table.tableName,
        [Env.ENDPOINT]: props.endpointName,
        ...(props.cors === undefined ? {} : { [Env.CORS]: JSON.stringify(props.cors) }),
      },
      tracing: props.tracing,
      logRetention: props.logRetention,
    });
    props.router.admitReader(feedback);
    this.function = feedback.function;
    this.role = feedback.role;
    this.log = feedback.log;
    props.addMethod(this.function);
  }
}
