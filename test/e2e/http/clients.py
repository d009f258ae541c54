"""The exceptions of boto3 for what the router answers: a line of JSON for each body that is given."""

import json
import os
import sys

import boto3
from botocore.config import Config

runtime = boto3.client("sagemaker-runtime", endpoint_url=sys.argv[1], region_name="us-east-1", config=Config(retries={"total_max_attempts": 1}))
runtime.meta.events.register(
    "before-call.sagemaker-runtime", lambda context, **_: context.update(signing={**context.get("signing", {}), "signing_name": "execute-api"})
)
if os.environ.get("SIGN_AS_SAGEMAKER"):
    runtime = boto3.client("sagemaker-runtime", endpoint_url=sys.argv[1], region_name="us-east-1")
for options in json.loads(sys.argv[2]):
    try:
        response = runtime.invoke_endpoint(EndpointName="fraud", **options)
        seen = {"body": response["Body"].read().decode(), **{key: response.get(key) for key in ("InvokedProductionVariant", "NewSessionId", "CustomAttributes")}}
    except runtime.exceptions.ClientError as error:
        seen = {"class": type(error).__name__, "code": error.response["Error"]["Code"], "message": error.response["Error"]["Message"],
                "status": error.response["ResponseMetadata"]["HTTPStatusCode"], "original": [error.response.get("OriginalStatusCode"), error.response.get("OriginalMessage")]}
    print(json.dumps(seen))
