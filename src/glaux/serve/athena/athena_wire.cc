#include "glaux/serve/athena/athena_wire.h"

#include <algorithm>
#include <array>
#include <utility>

#include "glaux/serve/athena/call_internal.h"
#include "glaux/serve/json_call.h"

namespace glaux::serve {
namespace athena {
namespace {

/// A query of the greatest length, each character escaped.
constexpr size_t kMostBody = 4 << 20;

constexpr JsonService kService{.name = "athena", .target_prefix = wire::kTargetPrefix, .most_body = kMostBody};

/// Read the request, run the operation, print the answer.
template <typename Request>
Result<std::string> Handle(Service& service, std::string_view body) {
  ARROW_ASSIGN_OR_RAISE(auto request, glaux::wire::ParseShape<Request>(body, glaux::wire::UnknownFields::kRefuse));
  ARROW_ASSIGN_OR_RAISE(auto answer, Run(service, std::move(request)));
  return glaux::wire::PrintShape(std::move(answer));
}

struct Route {
  std::string_view operation;
  Result<std::string> (*handle)(Service&, std::string_view);
};
template <typename... Requests>
constexpr std::array<Route, sizeof...(Requests)> RoutesOf() {
  return {Route{Requests::kOperation, Handle<Requests>}...};
}

constexpr auto kRoutes =
    RoutesOf<wire::StartQueryExecutionRequest, wire::GetQueryExecutionRequest, wire::BatchGetQueryExecutionRequest,
             wire::ListQueryExecutionsRequest, wire::StopQueryExecutionRequest, wire::GetQueryResultsRequest,
             wire::GetQueryRuntimeStatisticsRequest,  //
             wire::CreateWorkGroupRequest, wire::GetWorkGroupRequest, wire::ListWorkGroupsRequest,
             wire::UpdateWorkGroupRequest, wire::DeleteWorkGroupRequest, wire::ListEngineVersionsRequest,  //
             wire::CreateNamedQueryRequest, wire::GetNamedQueryRequest, wire::BatchGetNamedQueryRequest,
             wire::ListNamedQueriesRequest, wire::UpdateNamedQueryRequest, wire::DeleteNamedQueryRequest,  //
             wire::CreatePreparedStatementRequest, wire::GetPreparedStatementRequest,
             wire::BatchGetPreparedStatementRequest, wire::ListPreparedStatementsRequest,
             wire::UpdatePreparedStatementRequest,
             wire::DeletePreparedStatementRequest,                                                    //
             wire::TagResourceRequest, wire::UntagResourceRequest, wire::ListTagsForResourceRequest,  //
             wire::ListDataCatalogsRequest, wire::GetDataCatalogRequest, wire::ListDatabasesRequest,
             wire::GetDatabaseRequest, wire::ListTableMetadataRequest, wire::GetTableMetadataRequest>();

class AthenaWire final : public Wire {
 public:
  explicit AthenaWire(Service service)
      : service_(std::move(service)), authenticator_(service_.options.authentication) {}

  bool Takes(const Request& request) const override { return IsJsonCall(request, kService); }

  void Handle(Request& request, Response& response) override {
    const auto answer = Run(request);
    http::Headers headers{{"x-amzn-RequestId", request.id}, {"Content-Type", std::string(wire::kContentType)}};
    if (answer.ok()) {
      static_cast<void>(response.Send(200, headers, *answer));
      return;
    }
    const auto error = AnswerOf(*service_.options.catalog, answer.status(), request.id);
    static_cast<void>(response.Send(error.http_status, headers, error.body));
  }

 private:
  Result<std::string> Run(Request& request) {
    ARROW_ASSIGN_OR_RAISE(const auto asked, ReadJsonCall(request, kService, authenticator_));
    const auto route = std::find_if(kRoutes.begin(), kRoutes.end(),
                                    [&](const Route& one) { return one.operation == asked.operation; });
    if (route == kRoutes.end()) return UnknownJsonOperation(asked.operation);
    return route->handle(service_, asked.body);
  }

  Service service_;
  const Authenticator authenticator_;
};

}  // namespace
}  // namespace athena

Result<std::shared_ptr<Wire>> MakeAthenaWire(AthenaWireOptions options) {
  athena::Service service{.options = std::move(options)};
  ARROW_ASSIGN_OR_RAISE(service.kept, athena::OpenKept(service.options.kept_in));
  service.executions = std::make_unique<athena::Executions>(
      service.options.engine,
      [catalog = service.options.catalog](const Status& status) { return athena::MessageOf(*catalog, status); },
      athena::ExecutionLimits{.max_running = service.options.max_running});
  return std::make_shared<athena::AthenaWire>(std::move(service));
}

}  // namespace glaux::serve
