"""What a model returns, in JSON's own types. NumPy and pandas are known by how their values behave, and never imported."""

import dataclasses
import datetime
import decimal
import enum
import json
import math
import uuid


_AS_THEY_ARE = (bool, int, str, type(None))


class ResultNotSerializable(Exception):
    """The function returned something that the answer cannot hold."""


def dumps(value):
    text = json.dumps(plain(value, "$"), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        # Half of a surrogate pair can only be written escaped.
        return json.dumps(plain(value, "$"), allow_nan=False, separators=(",", ":"))


def plain(value, path):
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, enum.Enum):
        return plain(value.value, path)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _finite(float(value), path)
    if isinstance(value, dict):
        return _object(value.items(), path)
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _object(value._asdict().items(), path)
    if isinstance(value, (list, tuple)):
        # Most lists are of numbers, and long: no path is written for each.
        if all(type(item) in _AS_THEY_ARE or (type(item) is float and math.isfinite(item)) for item in value):
            return list(value)
        return [plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _object(((field.name, getattr(value, field.name)) for field in dataclasses.fields(value)), path)
    # NaT is a datetime to isinstance.
    if type(value).__name__ in ("NaTType", "NAType") and type(value).__module__.startswith("pandas."):
        return None
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return _duration(value)
    if isinstance(value, decimal.Decimal):
        return int(value) if value.is_finite() and value == value.to_integral_value() else _finite(float(value), path)
    if isinstance(value, uuid.UUID):
        return str(value)
    return _foreign(value, path)


def is_frame(value):
    return _is(value, "pandas", "DataFrame")


def is_array(value):
    return _is(value, "numpy", "ndarray")


def is_image(value):
    return _is(value, "PIL", "Image")


def _is(value, package, name):
    return any(kind.__name__ == name and kind.__module__.split(".")[0] == package for kind in type(value).__mro__)


def _foreign(value, path):
    """A value of numpy, pandas, pydantic and their kin."""
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind in ("M", "m") and hasattr(value, "ndim"):
        if value.ndim > 0 and is_array(value):
            return [plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
        if value.ndim == 0:
            return _time(value[()], kind)
    if kind == "f" and getattr(value, "ndim", None) == 0:
        # item() of a long double is a long double.
        return _finite(float(value), path)
    if is_frame(value):
        if not value.columns.is_unique:
            raise ResultNotSerializable(f"the result has two columns of one name at {path}; rename one of them")
        return [_object(row.items(), f"{path}[{index}]") for index, row in enumerate(value.to_dict(orient="records"))]
    for method in ("tolist", "item", "model_dump"):
        convert = getattr(value, method, None)
        if callable(convert):
            converted = convert()
            if type(converted) is not type(value):
                return plain(converted, path)
    raise ResultNotSerializable(f"the result has a {type(value).__name__} at {path}, which JSON cannot hold")


def _time(value, kind):
    """A date or a duration of numpy, whose item() is a number of nanoseconds."""
    if str(value) == "NaT":
        return None
    return str(value) if kind == "M" else _duration(value.astype("timedelta64[us]").item())


def _duration(value):
    """ISO 8601, as pandas and pydantic write it."""
    sign, value = ("-", -value) if value < datetime.timedelta(0) else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
    return f"{sign}P{value.days}DT{hours}H{minutes}M{seconds}{fraction}S"


def _finite(value, path):
    if not math.isfinite(value):
        raise ResultNotSerializable(f"the result has {value} at {path}, which JSON cannot hold")
    return value


def _object(items, path):
    members = {}
    for key, value in items:
        name = _name(key, path)
        if name in members:
            raise ResultNotSerializable(f"the result has two members {json.dumps(name)} at {path}; rename one of them")
        members[name] = plain(value, f"{path}.{name}")
    return members


def _name(key, path):
    name = key if isinstance(key, (list, tuple, dict)) else plain(key, path)
    if isinstance(name, str):
        return name
    if name is None or isinstance(name, (bool, int, float)):
        return json.dumps(name)
    raise ResultNotSerializable(f"the result has a {type(key).__name__} as a key at {path}, which JSON cannot hold")
