"""What botocore knows of AWS's services: answers of ours are held to it."""
import json

import botocore.session
import botocore.validate

SESSION = botocore.session.Session()
CHECKER = botocore.validate.ParamValidator()
# Errors that every service with JSON may give.
GENERAL = {"ValidationException", "SerializationException", "UnknownOperationException", "UnrecognizedClientException",
           "InvalidSignatureException", "MissingAuthenticationTokenException", "AccessDeniedException"}


def problems(model, content):
    """What is wrong with the JSON of an answer; "" if nothing is."""
    report = CHECKER.validate(json.loads(content), model.output_shape)
    return f"{model.name}: {report.generate_report()}" if report.has_errors() else ""


def unknown_fields(shape, value, place=""):
    """Fields of an answer that the model does not have."""
    if shape.type_name == "structure":
        for name, field in value.items():
            if name not in shape.members:
                yield f"{place}.{name}"
            else:
                yield from unknown_fields(shape.members[name], field, f"{place}.{name}")
    elif shape.type_name == "list":
        for field in value:
            yield from unknown_fields(shape.member, field, place + "[]")


def check_answers(client):
    """Have a boto3 client fail on an answer that does not fit the model, or an error that the operation does not have."""
    def check(http_response, parsed, model, **_):
        if "x-amzn-requestid" not in http_response.headers:
            raise AssertionError(f"{model.name}: the answer has no x-amzn-RequestId")
        if http_response.status_code < 300:
            found = problems(model, http_response.content)
            unknown = list(unknown_fields(model.output_shape, json.loads(http_response.content)))
            if found or unknown:
                raise AssertionError(f"{model.name}: {found} {unknown}")
            return
        code = parsed["Error"]["Code"]
        if code not in GENERAL and code not in {shape.name for shape in model.error_shapes}:
            raise AssertionError(f"{model.name} has no error {code}")

    client.meta.events.register(f"after-call.{client.meta.service_model.service_name}", check)
    return client
