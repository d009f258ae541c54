from pathlib import Path

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_sns as sns
from cdk_model_rollout import (
    CanaryRollout,
    ExpectedValue,
    Model,
    ModelEndpoint,
    RehearsalExpectations,
    RehearsalScenario,
    SmokeTest,
)
from constructs import Construct


class CanaryStack(Stack):
    """A changed model gets 5, 25, 50 and 80 % of the requests, compared with production by evidence, before it is production."""

    def __init__(self, scope: Construct, id: str, **props) -> None:
        super().__init__(scope, id, **props)
        endpoint = ModelEndpoint(
            self,
            "Endpoint",
            model=Model.python_function(entry=str(Path(__file__).parent / "model")),
        )
        rollout = CanaryRollout(
            self,
            "Rollout",
            endpoint=endpoint,
            smoke_tests=[
                SmokeTest(body='{"amount": 20}', expect=[ExpectedValue(path="$.label", value="accept")]),
            ],
            notifications=sns.Topic(self, "News", enforce_ssl=True),
        )
        # `model-rollout rehearse` fails CI where the plan does not keep this.
        rollout.rehearse(
            expect=RehearsalExpectations(false_rollback_rate=0.01, miss_rate=0.05),
            scenarios=[RehearsalScenario.healthy(), RehearsalScenario.broken()],
            runs=50,
        )
        CfnOutput(self, "Url", value=endpoint.url)
