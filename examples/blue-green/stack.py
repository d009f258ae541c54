from pathlib import Path

from aws_cdk import CfnOutput, Duration, Stack
from cdk_model_rollout import BlueGreenRollout, ExpectedValue, Guardrail, Model, ModelEndpoint, SmokeTest
from constructs import Construct


class BlueGreenStack(Stack):
    """A changed model stands complete beside the old one, answers its tests, and then gets everybody at once. The old one stays for half an hour."""

    def __init__(self, scope: Construct, id: str, **props) -> None:
        super().__init__(scope, id, **props)
        endpoint = ModelEndpoint(
            self,
            "Endpoint",
            model=Model.python_function(entry=str(Path(__file__).parent / "model")),
        )
        BlueGreenRollout(
            self,
            "Rollout",
            endpoint=endpoint,
            termination_wait=Duration.minutes(30),
            guardrails=[Guardrail.error_percent_above(5), Guardrail.latency_above(Duration.seconds(2))],
            smoke_tests=[
                SmokeTest(body='{"amount": 20}', expect=[ExpectedValue(path="$.label", value="accept")]),
            ],
        )
        CfnOutput(self, "Url", value=endpoint.url)
