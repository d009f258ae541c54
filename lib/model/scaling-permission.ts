import * as iam from 'aws-cdk-lib/aws-iam';

/** What moves the limits within which Application Auto Scaling scales a dimension of SageMaker's, and sees them. */
export function scalingStatements(dimension: string): iam.PolicyStatement[] {
  return [
    new iam.PolicyStatement({
      actions: ['DeleteScheduledAction', 'PutScheduledAction', 'RegisterScalableTarget'].map(
        (action) => `application-autoscaling:${action}`,
      ),
      // Application Auto Scaling names its targets when they are made; what they scale is the narrowest that there is.
      resources: ['*'],
      conditions: {
        StringEquals: {
          'application-autoscaling:service-namespace': 'sagemaker',
          'application-autoscaling:scalable-dimension': dimension,
        },
      },
    }),
    new iam.PolicyStatement({
      actions: ['application-autoscaling:DescribeScalableTargets', 'application-autoscaling:DescribeScheduledActions'],
      resources: ['*'],
    }),
  ];
}
