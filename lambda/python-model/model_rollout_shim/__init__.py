"""Serves a plain Python function on AWS Lambda as an HTTP model: the event of a function URL in, its answer out.

Shipped beside the user's code by Model.pythonFunction. The user's module may define load(), run once at start-up, and
defines the function itself. It gets the request's body, as what its first parameter is annotated with (JSON without an
annotation), and the request itself if it has a parameter `context`. An exception with a `status_code` of 400 to 499 says
that the input is at fault; any other one is Lambda's to report, and the model's failure.
"""

import asyncio
import base64
import importlib
import inspect
import json
import os

from .answers import answer
from .bodies import Refused, Request, body_of, kinds_of


def _import(name):
    module_name, _, function_name = name.rpartition(".")
    module = importlib.import_module(module_name.replace("/", "."))
    load = getattr(module, "load", None)
    if callable(load):
        load()
    return getattr(module, function_name)


_function = _import(os.environ["MODEL_ROLLOUT_HANDLER"])
_kinds, _takes_context = kinds_of(_function)


def handler(event, _context):
    request = Request(event)
    try:
        body = body_of(request, _kinds)
    except Refused as refused:
        return _refusal(refused.status_code, refused.code, str(refused), request)
    try:
        result = _function(body, context=request) if _takes_context else _function(body)
        if inspect.isawaitable(result):
            result = asyncio.run(_wait(result))
    except Exception as error:
        status = getattr(error, "status_code", None)
        if isinstance(status, int) and 400 <= status <= 499:
            return _refusal(status, "BAD_INPUT", str(error) or type(error).__name__, request)
        raise
    return _response(200, *answer(result, request.accept))


async def _wait(awaitable):
    return await awaitable


def _refusal(status, code, message, request):
    error = {"code": code, "message": message, "inferenceId": request.inference_id}
    return _response(status, "application/json", json.dumps({"error": error}))


def _response(status, content_type, body):
    # A text with many characters that JSON escapes is shorter as base64.
    if isinstance(body, str) and (body.count('"') + body.count("\\")) * 3 > len(body):
        body = body.encode()
    binary = not isinstance(body, str)
    return {
        "statusCode": status,
        "headers": {"content-type": content_type},
        "body": base64.b64encode(body).decode("ascii") if binary else body,
        "isBase64Encoded": binary,
    }

