package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	rollout "github.com/cdk-model-rollout/cdk-model-rollout-go/cdkmodelrollout"
)

func main() {
	defer jsii.Close()

	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, jsii.String("Fraud"), nil)

	endpoint := rollout.NewModelEndpoint(stack, jsii.String("Endpoint"), &rollout.ModelEndpointProps{
		Model: rollout.Model_PythonFunction(&rollout.PythonFunctionModelOptions{
			Entry:       jsii.String("../model"),
			MemorySize:  jsii.Number(512),
			Environment: &map[string]*string{"CURRENCY": jsii.String("EUR")},
		}),
		Assignment: rollout.Assignment_Header(jsii.String("x-user-id")),
		Timeout:    awscdk.Duration_Seconds(jsii.Number(10)),
	})

	feedback := rollout.NewInferenceFeedback(stack, jsii.String("Feedback"), &rollout.InferenceFeedbackProps{
		Endpoint: endpoint,
		Outcome:  rollout.FeedbackOutcome_Label(jsii.String("$.label"), nil),
	})

	rollout.NewShadowMirror(stack, jsii.String("Shadow"), &rollout.ShadowMirrorProps{
		Endpoint: endpoint,
		Model: rollout.Model_PythonFunction(&rollout.PythonFunctionModelOptions{
			Entry:      jsii.String("../model"),
			MemorySize: jsii.Number(1024),
		}),
		SampleRate: jsii.Number(0.1),
		Comparison: rollout.Comparison_Label(jsii.String("$.label")),
	})

	rollout.NewCanaryRollout(stack, jsii.String("Rollout"), &rollout.CanaryRolloutProps{
		Endpoint: endpoint,
		Shift: rollout.TrafficShift_Steps(jsii.Numbers[float64](5, 25, 50), &rollout.StepsOptions{
			BakeTime: awscdk.Duration_Minutes(jsii.Number(10)),
		}),
		Guardrails: &[]rollout.Guardrail{
			rollout.Guardrail_ErrorRate(nil),
			rollout.Guardrail_Latency(&rollout.LatencyGuardrailOptions{MaxRatio: jsii.Number(1.2)}),
			rollout.Guardrail_Feedback(&rollout.FeedbackGuardrailOptions{Feedback: feedback, LabelDelay: awscdk.Duration_Minutes(jsii.Number(5))}),
		},
		SmokeTests: &[]*rollout.SmokeTest{{
			Body:   jsii.String(`{"amount": 20}`),
			Expect: &[]*rollout.ExpectedValue{{Path: jsii.String("$.label"), Value: jsii.String("accept")}},
		}},
	})

	awscdk.NewCfnOutput(stack, jsii.String("Url"), &awscdk.CfnOutputProps{Value: endpoint.Url()})

	app.Synth(nil)
}
