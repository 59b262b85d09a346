#include "glaux/serve/glue/glue_wire.h"

#include <algorithm>
#include <array>
#include <utility>

#include "glaux/serve/glue/call_internal.h"
#include "glaux/serve/json_call.h"

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
             wire::GetCatalogImportStatusRequest, wire::GetTagsRequest, wire::TagResourceRequest,
             wire::UntagResourceRequest>();

constexpr JsonService kService{.name = "glue", .target_prefix = wire::kTargetPrefix, .most_body = kMostBody};

class GlueWire final : public Wire {
 public:
  explicit GlueWire(GlueWireOptions options)
      : options_(std::move(options)), authenticator_(options_.authentication), tags_(options_.kept_in) {}

  bool Takes(const Request& request) const override { return IsJsonCall(request, kService); }

  void Handle(Request& request, Response& response) override {
    Call call{.catalog = *options_.catalog, .catalog_id = options_.catalog_id, .tags = tags_};
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
    ARROW_ASSIGN_OR_RAISE(const auto asked, ReadJsonCall(request, kService, authenticator_));
    const auto route = std::find_if(kRoutes.begin(), kRoutes.end(),
                                    [&](const Route& one) { return one.operation == asked.operation; });
    if (route == kRoutes.end()) return UnknownJsonOperation(asked.operation);
    return route->handle(call, asked.body);
  }

  const GlueWireOptions options_;
  const Authenticator authenticator_;
  Tags tags_;
};

}  // namespace
}  // namespace glue

std::shared_ptr<Wire> MakeGlueWire(GlueWireOptions options) {
  return std::make_shared<glue::GlueWire>(std::move(options));
}

}  // namespace glaux::serve
