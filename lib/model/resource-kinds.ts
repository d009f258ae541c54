/** What tells a resource from the one that CloudFormation would put in its place. */
export interface ResourceKind {
  /** By attribute (`Ref` is one): the property with the content that the attribute stands for. */
  readonly content?: { readonly [attribute: string]: string };
  /** The property with a physical name that the user may choose. */
  readonly name?: string;
  /** `Ref` gives that name. */
  readonly refIsName?: boolean;
  /** Properties whose change makes CloudFormation put another resource in the place of this one. */
  readonly replacedBy: readonly string[];
}

/**
 * By type, from CloudFormation's resource reference ("Update requires: Replacement"). All attributes of these types but those with content
 * stay as they are while the resource does. Of a type that is not listed every property counts: a version too many is harmless, a change
 * that nobody sees is not.
 */
export const RESOURCE_KINDS: { readonly [type: string]: ResourceKind } = {
  'AWS::DynamoDB::Table': { name: 'TableName', refIsName: true, replacedBy: ['KeySchema', 'ImportSourceSpecification'] },
  'AWS::EC2::SecurityGroup': { name: 'GroupName', replacedBy: ['GroupDescription', 'VpcId'] },
  'AWS::EC2::Subnet': { replacedBy: ['AvailabilityZone', 'CidrBlock', 'VpcId'] },
  'AWS::EC2::VPC': { replacedBy: ['CidrBlock', 'InstanceTenancy', 'Ipv4IpamPoolId', 'Ipv4NetmaskLength'] },
  'AWS::ECR::Repository': { name: 'RepositoryName', refIsName: true, replacedBy: ['EncryptionConfiguration'] },
  'AWS::IAM::Role': { name: 'RoleName', refIsName: true, replacedBy: ['Path'] },
  'AWS::KMS::Key': { replacedBy: [] },
  'AWS::Kinesis::Stream': { name: 'Name', refIsName: true, replacedBy: [] },
  'AWS::Lambda::Function': { name: 'FunctionName', refIsName: true, replacedBy: ['PackageType'] },
  'AWS::Lambda::LayerVersion': { content: { Ref: 'Content' }, replacedBy: [] },
  // CDK gives a `currentVersion` another logical id when there is something else to publish.
  'AWS::Lambda::Version': { replacedBy: ['CodeSha256', 'Description', 'FunctionName'] },
  'AWS::Logs::LogGroup': { name: 'LogGroupName', refIsName: true, replacedBy: [] },
  'AWS::S3::Bucket': { name: 'BucketName', refIsName: true, replacedBy: [] },
  'AWS::SNS::Topic': { name: 'TopicName', replacedBy: ['FifoTopic'] },
  'AWS::SQS::Queue': { name: 'QueueName', replacedBy: ['FifoQueue'] },
  'AWS::SSM::Parameter': { content: { Value: 'Value' }, name: 'Name', refIsName: true, replacedBy: [] },
  'AWS::SecretsManager::Secret': { name: 'Name', replacedBy: [] },
};

/** Types that go on under their name with other content, and what to give in their place where they answer requests. */
export const CHANGES_IN_PLACE: { readonly [type: string]: string } = {
  'AWS::Lambda::Function': 'give a version of it, such as its currentVersion',
  'AWS::Lambda::Alias': 'give the version that it is an alias of',
  'AWS::SageMaker::Endpoint': 'describe the model with Model.sageMaker',
};
