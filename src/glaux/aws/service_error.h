#pragma once

#include "glaux/aws/client.h"

namespace glaux::aws {

/// The error document of S3, or of the query protocol (STS): `<Error><Code>…` anywhere in the XML. Empty fields where
/// there is none.
ServiceError DecodeXmlError(const http::Response& response);

/// The error of a JSON protocol (Glue, Athena, SSO): `x-amzn-errortype` or `__type`, without its namespace.
ServiceError DecodeJsonError(const http::Response& response);

/// What to do about an error, one sentence; empty where nothing is known.
std::string HintOfServiceError(std::string_view service, const ServiceError& error, int http_status);

}  // namespace glaux::aws
