"""What botocore knows of AWS's services: every answer of ours, and every request of ours, is held to it."""
import json

import botocore.session
import botocore.validate

SESSION = botocore.session.Session()
CHECKER = botocore.validate.ParamValidator()
# Errors that every service with JSON may give.
GENERAL = {"ValidationException", "SerializationException", "UnknownOperationException", "UnrecognizedClientException",
           "InvalidSignatureException", "MissingAuthenticationTokenException", "AccessDeniedException"}


def problems(service, operation, direction, content):
    """What is wrong with the JSON of a request ("input") or of an answer ("output"); "" if nothing is."""
    model = SESSION.get_service_model(service).operation_model(operation)
    shape = model.input_shape if direction == "input" else model.output_shape
    content = content if isinstance(content, dict) else json.loads(content)
    if shape is None:
        return "" if not content else f"{operation} has no {direction}: {content}"
    report = CHECKER.validate(content, shape)
    unknown = list(unknown_fields(shape, content))
    return f"{operation}, {direction}: {report.generate_report()} {unknown}" if report.has_errors() or unknown else ""


def unknown_fields(shape, value, place=""):
    """Fields that the model does not have."""
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
            found = problems(model.service_model.service_name, model.name, "output", http_response.content)
            if found:
                raise AssertionError(found)
            return
        code = parsed["Error"]["Code"]
        if code not in GENERAL and code not in {shape.name for shape in model.error_shapes}:
            raise AssertionError(f"{model.name} has no error {code}")

    client.meta.events.register(f"after-call.{client.meta.service_model.service_name}", check)
    return client
