"""Runs a handler as Lambda's runtime for Python does: an event a line, an answer a line."""

import importlib
import json
import sys
import traceback


class Context:
    """Lambda's context of an invocation."""

    function_name = "web"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:web"
    memory_limit_in_mb = "1024"
    aws_request_id = "8f5d4b1e-0000-4000-8000-000000000002"
    log_group_name = "/aws/lambda/web"
    log_stream_name = "stream"
    identity = None
    client_context = None

    @staticmethod
    def get_remaining_time_in_millis():
        return 29_000


out, sys.stdout = sys.stdout, sys.stderr
module, _, name = sys.argv[1].rpartition(".")
handler = getattr(importlib.import_module(module), name)
for line in sys.stdin:
    try:
        answer = {"result": handler(json.loads(line), Context())}
    except Exception as error:  # as Lambda reports it
        traceback.print_exc()
        answer = {"error": {"errorType": type(error).__name__, "errorMessage": str(error)}}
    out.write(json.dumps(answer) + "\n")
    out.flush()
