# Logs models to a real MLflow server and registers them, as whoever trains them does. Prints what it has registered as JSON.
import json
import sys

import mlflow
import numpy
import pandas
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec


class Threshold(mlflow.pyfunc.PythonModel):
    def __init__(self, limit):
        self.limit = limit

    def predict(self, context, model_input, params=None):
        return (model_input["amount"] > self.limit).to_numpy().astype(float)


class Table(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return pandas.DataFrame({"label": ["fine"] * len(model_input), "score": [0.5] * len(model_input)})


def log(name, model, **more):
    with mlflow.start_run() as run:
        mlflow.pyfunc.log_model(name="model", python_model=model, pip_requirements=["numpy"], registered_model_name=name, **more)
        return run.info.run_id


server = sys.argv[1]
mlflow.set_tracking_uri(server)
mlflow.set_experiment("fraud")
example = pandas.DataFrame({"amount": [1.0, 900.0], "country": ["DE", "FR"]})
# Inferring one takes scipy, which nothing else here needs.
inputs = Schema([ColSpec("double", "amount"), ColSpec("string", "country")])
predictions = ModelSignature(inputs, Schema([TensorSpec(numpy.dtype("float64"), (-1,))]))
table = ModelSignature(inputs, Schema([ColSpec("string", "label"), ColSpec("double", "score")]))
runs = [log("fraud", Threshold(limit), input_example=example, signature=predictions) for limit in (500, 400)]
log("table", Table(), input_example=example, signature=table)
log("plain", Table())

client = mlflow.MlflowClient()
client.set_model_version_tag("fraud", "1", "validation_status", "approved")
client.set_registered_model_alias("fraud", "champion", "1")
print(json.dumps({"runs": runs}))
