"""What boto3 makes of streams: a line of JSON for each input that is given. After the first part of a stream, `go` is asked."""

import json
import sys
from urllib.request import urlopen

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

[_, url, go, inputs] = sys.argv
runtime = boto3.client("sagemaker-runtime", endpoint_url=url, region_name="us-east-1", config=Config(retries={"total_max_attempts": 1}))
runtime.meta.events.register(
    "before-call.sagemaker-runtime", lambda context, **_: context.update(signing={**context.get("signing", {}), "signing_name": "execute-api"})
)
for options in json.loads(inputs):
    seen = {"parts": ""}
    try:
        response = runtime.invoke_endpoint_with_response_stream(EndpointName="fraud", **options)
        seen |= {key: response.get(key) for key in ("ContentType", "InvokedProductionVariant", "CustomAttributes")}
        for event in response["Body"]:
            if not seen["parts"]:
                urlopen(go).read()
            seen["parts"] += event["PayloadPart"]["Bytes"].hex()
    except (ClientError, EventStreamError) as error:
        seen |= {"code": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}
    print(json.dumps(seen))
