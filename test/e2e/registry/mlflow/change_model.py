# What people do to registered models after somebody has looked them up.
import sys

import mlflow

server, change = sys.argv[1:]
mlflow.set_tracking_uri(server)
client = mlflow.MlflowClient()
{
    "move-champion": lambda: client.set_registered_model_alias("fraud", "champion", "2"),
    "lose-approval": lambda: client.delete_model_version_tag("fraud", "1", "validation_status"),
    "delete-first": lambda: client.delete_model_version("fraud", "1"),
    "archive-second": lambda: client.transition_model_version_stage("fraud", "2", "Archived"),
}[change]()
