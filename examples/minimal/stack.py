from pathlib import Path

from aws_cdk import Annotations, CfnOutput, Stack
from cdk_model_rollout import Model, ModelEndpoint
from constructs import Construct


class MinimalStack(Stack):
    """A Python function as a REST API, and nothing else."""

    def __init__(self, scope: Construct, id: str, **props) -> None:
        super().__init__(scope, id, **props)
        endpoint = ModelEndpoint(
            self,
            "Endpoint",
            model=Model.python_function(entry=str(Path(__file__).parent / "model")),
        )
        Annotations.of(endpoint).acknowledge_warning(
            "cdk-model-rollout:noRollout",
            "a sandbox: a changed model may meet everybody at once",
        )
        CfnOutput(self, "Url", value=endpoint.url)
