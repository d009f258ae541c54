using System.Collections.Generic;
using Amazon.CDK;
using CdkModelRollout;

var app = new App();
var stack = new Stack(app, "Fraud");

var endpoint = new ModelEndpoint(stack, "Endpoint", new ModelEndpointProps
{
    Model = Model.PythonFunction(new PythonFunctionModelOptions
    {
        Entry = "../model",
        MemorySize = 512,
        Environment = new Dictionary<string, string> { ["CURRENCY"] = "EUR" },
    }),
    Assignment = Assignment.Header("x-user-id"),
    Timeout = Duration.Seconds(10),
});

var feedback = new InferenceFeedback(stack, "Feedback", new InferenceFeedbackProps
{
    Endpoint = endpoint,
    Outcome = FeedbackOutcome.Label("$.label"),
});

_ = new ShadowMirror(stack, "Shadow", new ShadowMirrorProps
{
    Endpoint = endpoint,
    Model = Model.PythonFunction(new PythonFunctionModelOptions { Entry = "../model", MemorySize = 1024 }),
    SampleRate = 0.1,
    Comparison = Comparison.Label("$.label"),
});

_ = new CanaryRollout(stack, "Rollout", new CanaryRolloutProps
{
    Endpoint = endpoint,
    Shift = TrafficShift.Steps([5, 25, 50], new StepsOptions { BakeTime = Duration.Minutes(10) }),
    Guardrails =
    [
        Guardrail.ErrorRate(),
        Guardrail.Latency(new LatencyGuardrailOptions { MaxRatio = 1.2 }),
        Guardrail.Feedback(new FeedbackGuardrailOptions { Feedback = feedback, LabelDelay = Duration.Minutes(5) }),
    ],
    SmokeTests =
    [
        new SmokeTest
        {
            Body = "{\"amount\": 20}",
            Expect = [new ExpectedValue { Path = "$.label", Value = "accept" }],
        },
    ],
});

_ = new CfnOutput(stack, "Url", new CfnOutputProps { Value = endpoint.Url });

app.Synth();
