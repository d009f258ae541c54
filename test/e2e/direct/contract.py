"""Check calls, a JSON list on standard input, against botocore's models of their services; print what is wrong."""

import json
import sys

import botocore.session
from botocore.validate import ParamValidator

session = botocore.session.get_session()
faults = []
for call in json.load(sys.stdin):
    service = session.get_service_model(call["service"])
    shape = service.operation_model(call["operation"]).input_shape
    report = ParamValidator().validate(call["input"], shape).generate_report()
    faults += [f"{call['operation']}: {line}" for line in report.splitlines() if line]
    for name, limit in [("Name", 64), ("Description", 256)]:
        member = shape.members.get(name)
        if member and len(str(call["input"].get(name, ""))) > member.metadata.get("max", limit):
            faults.append(f"{call['operation']}: {name} is longer than {member.metadata.get('max', limit)}")
print(json.dumps(faults))
