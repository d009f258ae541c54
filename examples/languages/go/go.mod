module fraud

go 1.23

require (
	github.com/aws/aws-cdk-go/awscdk/v2 v2.271.0
	github.com/aws/jsii-runtime-go v1.140.0
	github.com/cdk-model-rollout/cdk-model-rollout-go/cdkmodelrollout v0.1.0
)
