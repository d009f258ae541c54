"""Check calls and answers, a JSON list on standard input, against botocore's models of the services; print what is wrong."""

import json
import sys

import botocore.session
from botocore.validate import ParamValidator

session = botocore.session.get_session()


def unknown(value, shape, at):
    """Members that the shape does not have: a parser would drop them without a word."""
    if shape.type_name == "structure":
        for name, item in value.items():
            if name in shape.members:
                yield from unknown(item, shape.members[name], f"{at}.{name}")
            else:
                yield f"{at} has no member {name}"
    elif shape.type_name == "list":
        for item in value:
            yield from unknown(item, shape.member, at)
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{at} is never {value}"


faults = []
for call in json.load(sys.stdin):
    service = session.get_service_model(call.get("service", "sagemaker"))
    operation = service.operation_model(call["operation"])
    report = ParamValidator().validate(call["input"], operation.input_shape)
    if report.has_errors():
        faults.append(report.generate_report())
    faults += unknown(call["input"], operation.input_shape, call["operation"])
    faults += unknown(call["output"], operation.output_shape, call["operation"])
print(json.dumps(faults))
