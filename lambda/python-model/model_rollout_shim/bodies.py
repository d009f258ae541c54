"""What a model is given: the body of a request as what the function's first parameter is annotated with."""

import base64
import inspect
import io
import json
import re
import typing
import urllib.parse

JSON_TYPE = re.compile(r"application/(?:[\w.-]+\+)?json")
JSON_LINES = ("application/jsonlines", "application/x-jsonlines", "application/x-ndjson")
# What clients put on whatever they send: curl, axios, fetch and AWS's SDKs.
BY_DEFAULT = ("", "application/octet-stream", "binary/octet-stream", "application/x-www-form-urlencoded", "text/plain")


class Refused(Exception):
    """The request cannot be what the model takes."""

    def __init__(self, status_code, code, message):
        super().__init__(message)
        self.status_code = status_code
        self.code = code


class Request:
    """What a function with a parameter `context` gets besides the body."""

    def __init__(self, event):
        if not isinstance(event, dict) or "requestContext" not in event:
            raise ValueError("the function takes the event of a function URL, which an endpoint's router sends")
        body = event.get("body") or ""
        self.headers = event.get("headers") or {}
        self.query = dict(urllib.parse.parse_qsl(event.get("rawQueryString") or "", keep_blank_values=True))
        self.inference_id = event["requestContext"].get("requestId")
        self.content_type = self.headers.get("content-type", "")
        self.accept = self.headers.get("accept", "")
        self.body = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode("utf-8", "surrogatepass")

    @property
    def media_type(self):
        return self.content_type.split(";")[0].strip().lower()

    def parameter(self, name):
        match = re.search(rf';\s*{name}\s*=\s*"?([^\s;"]+)', self.content_type, re.IGNORECASE)
        return match.group(1) if match else None

    @property
    def text(self):
        charset = self.parameter("charset") or "utf-8"
        try:
            return self.body.decode(charset)
        except LookupError:
            raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", f"the charset {charset[:100]} is not known") from None
        except UnicodeDecodeError:
            raise Refused(400, "MALFORMED_REQUEST", f"the body is not valid {charset[:100]}") from None


def kinds_of(function):
    """The kinds of body that a function takes, in the order of its annotation, and whether it takes the request, too."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return [_JSON], False
    try:
        hints = typing.get_type_hints(function if inspect.isroutine(function) else type(function).__call__)
    except Exception:
        hints = {}
    annotation = hints.get(parameters[0].name, parameters[0].annotation) if parameters else None
    kinds = list(dict.fromkeys(_kind(option) for option in _options(annotation)))
    # A first parameter of that name is the body: models had it before there was another.
    return kinds, any(parameter.name == "context" for parameter in parameters[1:])


def _options(annotation):
    """The members of a union, or what there is."""
    if typing.get_origin(annotation) is typing.Annotated:
        return _options(typing.get_args(annotation)[0])
    origin = typing.get_origin(annotation)
    if origin is typing.Union or type(annotation).__name__ == "UnionType":
        return [option for option in typing.get_args(annotation) if option is not type(None)]
    return [annotation]


def _kind(annotation):
    kind = typing.get_origin(annotation) or annotation
    package = getattr(kind, "__module__", "").split(".")[0]
    named = (package, getattr(kind, "__name__", ""))
    return _KINDS.get(kind if kind in (bytes, str) else named, _JSON)


def body_of(request, kinds):
    takers = [taker for taker in kinds if taker.takes(request)]
    if not takers:
        raise _unsupported(request, kinds)
    try:
        return takers[0].read(request)
    except Refused:
        raise
    except (ValueError, OSError, ArithmeticError, RecursionError, KeyError, TypeError, SyntaxError) as error:
        raise Refused(400, "MALFORMED_REQUEST", f"the body is not valid {request.media_type or 'JSON'}: {error}"[:1024]) from error


def _unsupported(request, kinds):
    taken = ", ".join(dict.fromkeys(name for taker in kinds for name in taker.names))
    return Refused(415, "UNSUPPORTED_MEDIA_TYPE", f"the model takes {taken}, not {json.dumps(request.content_type[:100])}")


class _Json:
    names = ("application/json",)

    def takes(self, request):
        return bool(JSON_TYPE.fullmatch(request.media_type)) or request.media_type in BY_DEFAULT

    def read(self, request):
        try:
            return _json(request.body.decode())
        except (ValueError, RecursionError):
            if request.media_type and not JSON_TYPE.fullmatch(request.media_type):
                raise _unsupported(request, [self]) from None
            raise Refused(400, "MALFORMED_REQUEST", "the body is not valid JSON") from None


class _Text:
    names = ("text/*", "application/json")

    def takes(self, request):
        return request.media_type.startswith("text/") or request.media_type in (*BY_DEFAULT, *JSON_LINES) or _JSON.takes(request)

    def read(self, request):
        return request.text


class _Bytes:
    names = ("anything",)

    def takes(self, _request):
        return True

    def read(self, request):
        return request.body


class _Array:
    names = ("application/json", "text/csv", "application/x-npy")

    def takes(self, request):
        return request.media_type in ("text/csv", "application/x-npy") or _JSON.takes(request)

    def read(self, request):
        import numpy

        if request.media_type == "application/x-npy":
            return numpy.load(io.BytesIO(request.body), allow_pickle=False)
        if request.media_type == "text/csv":
            return numpy.loadtxt(io.StringIO(request.text), delimiter=",", ndmin=2)
        return numpy.asarray(_JSON.read(request))


class _Frame:
    names = ("application/json", "application/jsonlines", "text/csv", "application/x-parquet")

    def takes(self, request):
        return request.media_type in ("text/csv", "application/x-parquet", "application/vnd.apache.parquet", *JSON_LINES) or _JSON.takes(request)

    def read(self, request):
        import pandas

        if "parquet" in request.media_type:
            return pandas.read_parquet(io.BytesIO(request.body))
        if request.media_type == "text/csv":
            # RFC 4180's parameter; what has no word on it has a header, as pandas writes it.
            return pandas.read_csv(io.StringIO(request.text), header=None if request.parameter("header") == "absent" else 0)
        if request.media_type in JSON_LINES:
            return pandas.DataFrame([_json(line) for line in request.text.splitlines() if line.strip()])
        value = _JSON.read(request)
        if isinstance(value, dict) and set(value) <= {"columns", "data", "index"} and {"columns", "data"} <= set(value):
            return pandas.DataFrame(**value)
        return pandas.DataFrame(value)


class _Image:
    names = ("image/*",)

    def takes(self, request):
        return request.media_type.startswith("image/") or request.media_type in BY_DEFAULT

    def read(self, request):
        from PIL import Image

        image = Image.open(io.BytesIO(request.body))
        image.load()
        return image


def _json(text):
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(name):
    raise ValueError(f"{name} is not valid JSON")


_JSON = _Json()
_KINDS = {
    str: _Text(),
    bytes: _Bytes(),
    ("numpy", "ndarray"): _Array(),
    ("pandas", "DataFrame"): _Frame(),
    ("PIL", "Image"): _Image(),
}
