import json


def handler(event, context):
    """As functions behind a function URL are written without a framework."""
    return {"x": json.loads(event["body"])["x"], "client": event["requestContext"]["http"]["sourceIp"]}
