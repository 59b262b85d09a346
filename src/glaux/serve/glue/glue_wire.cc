#include "glaux/serve/glue/glue_wire.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "glaux/serve/glue/call_internal.h"

namespace glaux::serve {
namespace glue {
namespace {

/// A hundred partitions of tables with thousands of columns.
constexpr size_t kMostBody = 64 << 20;

/// Read the request, run the operation, print the answer.
template <typename Request>
Result<std::string> Handle(Call& call, std::string_view body) {
  ARROW_ASSIGN_OR_RAISE(auto request, glaux::wire::ParseShape<Request>(body, glaux::wire::UnknownFields::kRefuse));
  if constexpr (requires { request.CatalogId; }) {
    if (request.CatalogId) call.catalog_id = *request.CatalogId;
  }
  ARROW_ASSIGN_OR_RAISE(auto answer, Run(call, std::move(request)));
  return glaux::wire::PrintShape(std::move(answer));
}

struct Route {
  std::string_view operation;
  Result<std::string> (*handle)(Call&, std::string_view);
};
template <typename... Requests>
constexpr std::array<Route, sizeof...(Requests)> RoutesOf() {
  return {Route{Requests::kOperation, Handle<Requests>}...};
}

constexpr auto kRoutes =
    RoutesOf<wire::CreateDatabaseRequest, wire::GetDatabaseRequest, wire::GetDatabasesRequest,
             wire::UpdateDatabaseRequest, wire::DeleteDatabaseRequest,  //
             wire::CreateTableRequest, wire::GetTableRequest, wire::GetTablesRequest, wire::UpdateTableRequest,
             wire::DeleteTableRequest, wire::BatchDeleteTableRequest, wire::GetTableVersionRequest,
             wire::GetTableVersionsRequest, wire::SearchTablesRequest, wire::GetPartitionIndexesRequest,  //
             wire::CreatePartitionRequest, wire::GetPartitionRequest, wire::GetPartitionsRequest,
             wire::BatchGetPartitionRequest, wire::BatchCreatePartitionRequest, wire::BatchUpdatePartitionRequest,
             wire::UpdatePartitionRequest, wire::DeletePartitionRequest, wire::BatchDeletePartitionRequest,  //
             wire::GetColumnStatisticsForTableRequest, wire::GetColumnStatisticsForPartitionRequest,
             wire::UpdateColumnStatisticsForTableRequest, wire::UpdateColumnStatisticsForPartitionRequest,
             wire::DeleteColumnStatisticsForTableRequest, wire::DeleteColumnStatisticsForPartitionRequest,  //
             wire::GetUserDefinedFunctionsRequest, wire::GetDataCatalogEncryptionSettingsRequest,
             wire::GetCatalogImportStatusRequest, wire::GetTagsRequest>();

/// The authenticator speaks S3; services with JSON have other names for the same.
Status InGluesWords(const Status& status) {
  ErrorInfo info = InfoOf(status);
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"InvalidAccessKeyId", "UnrecognizedClientException"},
      {"InvalidToken", "UnrecognizedClientException"},
      {"SignatureDoesNotMatch", "InvalidSignatureException"},
      {"RequestTimeTooSkewed", "InvalidSignatureException"},
      {"AuthorizationHeaderMalformed", "IncompleteSignatureException"},
      {"AuthorizationQueryParametersError", "IncompleteSignatureException"},
      {"InvalidRequest", "IncompleteSignatureException"},
      {"AccessDenied", "MissingAuthenticationTokenException"}};
  const auto* name =
      std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& known) { return known.first == info.code; });
  info.code = name == std::end(kNames) ? "AccessDeniedException" : name->second;
  info.http_status = 400;
  return MakeErrorMessage(std::move(info), status.message());
}

Result<std::string> ReadBody(Request& request) {
  std::string body;
  std::string piece(64 << 10, '\0');
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const auto got, request.body->Read(std::as_writable_bytes(std::span(piece))));
    if (got == 0) return body;
    if (body.size() + got > kMostBody) {
      return MakeError({.kind = ErrorKind::kInvalid, .code = "RequestEntityTooLargeException", .http_status = 413},
                       "the body is larger than ", kMostBody, " bytes");
    }
    body.append(piece, 0, got);
  }
}

class GlueWire final : public Wire {
 public:
  explicit GlueWire(GlueWireOptions options) : options_(std::move(options)), authenticator_(options_.authentication) {}

  bool Takes(const Request& request) const override {
    const std::string service = SigningServiceOf(request);
    return service == "glue" ||
           (service.empty() && request.headers.Get("x-amz-target").starts_with(wire::kTargetPrefix));
  }

  void Handle(Request& request, Response& response) override {
    Call call{.catalog = *options_.catalog, .catalog_id = options_.catalog_id};
    const auto answer = Run(call, request);
    http::Headers headers{{"x-amzn-RequestId", request.id}, {"Content-Type", std::string(wire::kContentType)}};
    if (answer.ok()) {
      static_cast<void>(response.Send(200, headers, *answer));
      return;
    }
    const auto name = NameOf(answer.status());
    const boost::json::object error{{"__type", name.code}, {"Message", MessageOf(call, answer.status())}};
    static_cast<void>(response.Send(name.http_status, headers, boost::json::serialize(error)));
  }

 private:
  Result<std::string> Run(Call& call, Request& request) const {
    ARROW_ASSIGN_OR_RAISE(const std::string body, ReadBody(request));
    ARROW_RETURN_NOT_OK(Authenticate(request, body));
    const std::string target = request.headers.Get("x-amz-target");
    if (request.method != "POST" || !target.starts_with(wire::kTargetPrefix)) {
      return GlueError(ErrorKind::kInvalid, "UnknownOperationException", request.method, " with the target '", target,
                       "' is no operation of Glue: expected POST with x-amz-target AWSGlue.<operation>");
    }
    const std::string_view operation = std::string_view(target).substr(wire::kTargetPrefix.size());
    const auto route =
        std::find_if(kRoutes.begin(), kRoutes.end(), [&](const Route& one) { return one.operation == operation; });
    if (route == kRoutes.end()) {
      return GlueError(ErrorKind::kInvalid, "UnknownOperationException", "The operation ", operation,
                       " is not implemented by this server");
    }
    return route->handle(call, body);
  }

  Status Authenticate(const Request& request, const std::string& body) const {
    auto query = Query::Parse(request.query);
    if (!query.ok()) return InGluesWords(query.status());
    std::vector<std::pair<std::string, std::string>> details;
    const auto caller = authenticator_.Check(request, *query, "glue", &details,
                                             aws::Sha256Hex(std::as_bytes(std::span(body.data(), body.size()))));
    return caller.ok() ? Status::OK() : InGluesWords(caller.status());
  }

  const GlueWireOptions options_;
  const Authenticator authenticator_;
};

}  // namespace
}  // namespace glue

std::shared_ptr<Wire> MakeGlueWire(GlueWireOptions options) {
  return std::make_shared<glue::GlueWire>(std::move(options));
}

}  // namespace glaux::serve
