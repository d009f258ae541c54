"""What a client in Python gets for standard input: `examples.py requests|boto3 address-of-the-stage content-type`."""

import json
import sys

import boto3
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

client, address, media_type = sys.argv[1:]
body = sys.stdin.buffer.read()

if client == "requests":
    signed = AWSRequest("POST", f"{address}/endpoints/live/invocations", {"content-type": media_type}, body)
    SigV4Auth(boto3.Session().get_credentials(), "execute-api", "us-east-1").add_auth(signed)
    reply = requests.post(signed.url, data=body, headers=dict(signed.headers), timeout=60)
    seen = {"status": reply.status_code, "type": reply.headers["content-type"], "body": reply.text}
else:
    runtime = boto3.client("sagemaker-runtime", endpoint_url=address, region_name="us-east-1")
    runtime.meta.events.register(
        "before-call.sagemaker-runtime", lambda context, **_: context.update(signing={**context.get("signing", {}), "signing_name": "execute-api"})
    )
    try:
        response = runtime.invoke_endpoint(EndpointName="live", ContentType=media_type, Body=body)
        seen = {"status": response["ResponseMetadata"]["HTTPStatusCode"], "type": response["ContentType"], "body": response["Body"].read().decode()}
    except runtime.exceptions.ModelError as error:
        # Nothing but what the model itself said.
        seen = {"status": error.response["OriginalStatusCode"], "type": "ModelError", "body": error.response["OriginalMessage"]}
print(json.dumps(seen))
