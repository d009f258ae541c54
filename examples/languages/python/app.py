from aws_cdk import App, CfnOutput, Duration, Stack
from cdk_model_rollout import (
    Assignment,
    CanaryRollout,
    Comparison,
    ExpectedValue,
    FeedbackOutcome,
    Guardrail,
    InferenceFeedback,
    Model,
    ModelEndpoint,
    ShadowMirror,
    SmokeTest,
    TrafficShift,
)

app = App()
stack = Stack(app, "Fraud")

endpoint = ModelEndpoint(
    stack,
    "Endpoint",
    model=Model.python_function(entry="../model", memory_size=512, environment={"CURRENCY": "EUR"}),
    assignment=Assignment.header("x-user-id"),
    timeout=Duration.seconds(10),
)

feedback = InferenceFeedback(
    stack,
    "Feedback",
    endpoint=endpoint,
    outcome=FeedbackOutcome.label("$.label"),
)

ShadowMirror(
    stack,
    "Shadow",
    endpoint=endpoint,
    model=Model.python_function(entry="../model", memory_size=1024),
    sample_rate=0.1,
    comparison=Comparison.label("$.label"),
)

CanaryRollout(
    stack,
    "Rollout",
    endpoint=endpoint,
    shift=TrafficShift.steps([5, 25, 50], bake_time=Duration.minutes(10)),
    guardrails=[
        Guardrail.error_rate(),
        Guardrail.latency(max_ratio=1.2),
        Guardrail.feedback(feedback=feedback, label_delay=Duration.minutes(5)),
    ],
    smoke_tests=[
        SmokeTest(body='{"amount": 20}', expect=[ExpectedValue(path="$.label", value="accept")]),
    ],
)

CfnOutput(stack, "Url", value=endpoint.url)

app.synth()
