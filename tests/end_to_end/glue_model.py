"""What botocore knows of AWS Glue: every answer of ours and every request of ours is held to it."""
import json

import botocore.session
import botocore.validate

MODEL = botocore.session.Session().get_service_model("glue")
# catalog/entry_json.h prints it for "not bucketed", as Hive does; a minimum is Glue's own matter.
CHECKER = botocore.validate.ParamValidator()


def problems(operation, direction, content):
    """What is wrong with the JSON of a request ("input") or of an answer ("output"); "" if nothing is."""
    model = MODEL.operation_model(operation)
    shape = model.input_shape if direction == "input" else model.output_shape
    content = content if isinstance(content, dict) else json.loads(content)
    if shape is None:
        return "" if not content else f"{operation} has no {direction}: {content}"
    report = CHECKER.validate(content, shape)
    return f"{operation}, {direction}: {report.generate_report()}" if report.has_errors() else ""


def check_answers(client):
    """Have a boto3 client fail on an answer that does not fit the model, or an error that the operation does not have."""
    general = {"ValidationException", "SerializationException", "UnknownOperationException", "UnrecognizedClientException",
               "InvalidSignatureException", "MissingAuthenticationTokenException", "AccessDeniedException"}

    def check(http_response, parsed, model, **_):
        if "x-amzn-requestid" not in http_response.headers:
            raise AssertionError(f"{model.name}: the answer has no x-amzn-RequestId")
        if http_response.status_code < 300:
            found = problems(model.name, "output", http_response.content)
            if found:
                raise AssertionError(found)
            return
        code = parsed["Error"]["Code"]
        if code not in general and code not in {shape.name for shape in model.error_shapes}:
            raise AssertionError(f"{model.name} has no error {code}")

    client.meta.events.register("after-call.glue", check)
    return client
