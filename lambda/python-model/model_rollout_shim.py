"""Serves a plain Python function on AWS Lambda: JSON in, JSON out, errors as Lambda's error report.

Shipped beside the user's code by Model.pythonFunction. The user's module may define load(), run once at start-up, and
defines the function itself, called with the request's JSON.
"""

import asyncio
import dataclasses
import importlib
import inspect
import json
import math
import os


class ResultNotSerializable(Exception):
    """The function returned something that JSON cannot hold."""


def _plain(value, path):
    """The value in JSON's own types. Scalars and arrays of numpy and its kin are known by item() and tolist()."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ResultNotSerializable(f"the result has {value} at {path}, which JSON cannot hold")
        return float(value)
    if isinstance(value, dict):
        return {_key(key, path): _plain(item, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(dataclasses.asdict(value), path)
    for method in ("tolist", "item"):
        convert = getattr(value, method, None)
        if callable(convert):
            return _plain(convert(), path)
    raise ResultNotSerializable(f"the result has a {type(value).__name__} at {path}, which JSON cannot hold")


def _key(key, path):
    if isinstance(key, (str, int, float, bool)) or key is None:
        return key if isinstance(key, str) else json.dumps(key)
    raise ResultNotSerializable(f"the result has a {type(key).__name__} as a key at {path}, which JSON cannot hold")


def _import(name):
    module_name, _, function_name = name.rpartition(".")
    module = importlib.import_module(module_name.replace("/", "."))
    load = getattr(module, "load", None)
    if callable(load):
        load()
    return getattr(module, function_name)


_function = _import(os.environ["MODEL_ROLLOUT_HANDLER"])


def handler(event, _context):
    result = _function(event)
    if inspect.isawaitable(result):
        result = asyncio.run(_wait(result))
    return _plain(result, "$")


async def _wait(awaitable):
    return await awaitable
