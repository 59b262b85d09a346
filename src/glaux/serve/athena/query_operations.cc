#include "glaux/serve/athena/call_internal.h"
#include "glaux/serve/athena/result_object_internal.h"
#include "glaux/serve/athena/statement_text_internal.h"

namespace glaux::serve::athena {
namespace {

/// "s3://bucket/prefix": a bucket and the beginning of keys, which is empty or ends with '/'.
struct OutputFolder {
  std::string uri;
  std::string bucket;
  std::string prefix;
};

Result<OutputFolder> ParseOutput(std::string uri) {
  constexpr std::string_view kScheme = "s3://";
  const auto slash = uri.find('/', kScheme.size());
  const std::string bucket = uri.starts_with(kScheme) ? uri.substr(kScheme.size(), slash - kScheme.size()) : "";
  if (!IsBucketName(bucket)) {
    return InvalidRequest(
        "INVALID_INPUT",
        "outputLocation is not a valid S3 path: expected s3://bucket/prefix/, found: ", uri.substr(0, 1024));
  }
  if (!uri.ends_with('/')) uri += '/';
  return OutputFolder{.uri = uri, .bucket = bucket, .prefix = uri.substr(kScheme.size() + bucket.size() + 1)};
}

/// Where the result of a query goes: what the workgroup enforces, else what the request asks for, else the workgroup's.
Result<OutputFolder> FolderOf(const wire::WorkGroup& workgroup, const wire::StartQueryExecutionRequest& request) {
  const auto& configuration = *workgroup.Configuration;
  std::optional<std::string> location;
  if (configuration.ResultConfiguration) location = configuration.ResultConfiguration->OutputLocation;
  const bool asked = request.ResultConfiguration && request.ResultConfiguration->OutputLocation;
  if (asked && !configuration.EnforceWorkGroupConfiguration.value_or(false)) {
    location = request.ResultConfiguration->OutputLocation;
  }
  if (!location || location->empty()) {
    return InvalidRequest("INVALID_INPUT",
                          "No output location provided. An output location is required either through the Workgroup "
                          "result configuration setting or as an API input.");
  }
  return ParseOutput(*location);
}

Result<std::shared_ptr<ObjectStore>> OpenOutput(Service& service, const OutputFolder& folder) {
  auto store = service.options.buckets->Open(folder.bucket);
  if (!store.ok() && KindOf(store.status()) == ErrorKind::kNotFound) {
    ARROW_ASSIGN_OR_RAISE(const auto own, ParseOutput(service.options.output_location));
    if (own.bucket == folder.bucket) {
      const Status made = service.options.buckets->Create(folder.bucket);
      if (!made.ok() && KindOf(made) != ErrorKind::kAlreadyExists) return made;
      return service.options.buckets->Open(folder.bucket);
    }
    return InvalidRequest("INVALID_INPUT", "Unable to verify/create output bucket ", folder.bucket,
                          ": there is no bucket of that name");
  }
  return store;
}

/// A database as clients name it for DDL: `shop`.
std::string Unquoted(std::string name) {
  if (name.size() > 2 && name.front() == name.back() && (name.front() == '`' || name.front() == '"')) {
    return name.substr(1, name.size() - 2);
  }
  return name;
}

Status CheckStart(const wire::StartQueryExecutionRequest& request) {
  ARROW_RETURN_NOT_OK(CheckLength("queryString", request.QueryString, 1, wire::kMostQueryString));
  if (request.ClientRequestToken) {
    ARROW_RETURN_NOT_OK(CheckLength("clientRequestToken", *request.ClientRequestToken, 32, 128));
  }
  for (const auto& value : request.ExecutionParameters.value_or(std::vector<std::string>())) {
    ARROW_RETURN_NOT_OK(CheckLength("executionParameters", value, 1, 1024));
  }
  if (request.ResultConfiguration) ARROW_RETURN_NOT_OK(CheckResultConfiguration(*request.ResultConfiguration));
  ARROW_RETURN_NOT_OK(RefuseIfSet("EngineConfiguration", request.EngineConfiguration));
  if (request.QueryExecutionContext && request.QueryExecutionContext->Catalog) {
    const auto& catalog = *request.QueryExecutionContext->Catalog;
    static constexpr std::string_view kName = "awsdatacatalog";
    const bool known = std::equal(catalog.begin(), catalog.end(), kName.begin(), kName.end(),
                                  [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
    if (!known) return InvalidRequest("INVALID_INPUT", "Catalog ", catalog, " does not exist: expected ", kCatalogName);
  }
  return Status::OK();
}

/// How old a former result may be that answers the query. kInvalid for a configuration that is none.
Result<std::optional<std::chrono::minutes>> ReuseOf(const wire::StartQueryExecutionRequest& request) {
  constexpr int64_t kDefault = 60, kMost = 10'080;
  if (!request.ResultReuseConfiguration) return std::nullopt;
  const auto* by_age = request.ResultReuseConfiguration->if_contains("ResultReuseByAgeConfiguration");
  if (by_age == nullptr) return std::nullopt;
  const auto* age = by_age->is_object() ? by_age->get_object().if_contains("MaxAgeInMinutes") : nullptr;
  const auto* enabled = by_age->is_object() ? by_age->get_object().if_contains("Enabled") : nullptr;
  if (enabled == nullptr || !enabled->is_bool() || (age != nullptr && !age->is_int64())) {
    return Constraint("resultReuseConfiguration.resultReuseByAgeConfiguration",
                      "Member must have Enabled, and MaxAgeInMinutes as a number");
  }
  const int64_t minutes = age == nullptr ? kDefault : age->get_int64();
  if (minutes < 0 || minutes > kMost) {
    return Constraint("resultReuseConfiguration.resultReuseByAgeConfiguration.maxAgeInMinutes",
                      "Member must have value between 0 and 10080");
  }
  if (!enabled->get_bool()) return std::nullopt;
  return std::chrono::minutes(minutes);
}

/// The statement that runs: of a prepared one, with the literals in their places.
Status TakeStatement(Service& service, ExecutionPlan* plan) {
  const auto& asked = plan->asked;
  plan->sql = asked.QueryString;
  std::vector<std::string> values = asked.ExecutionParameters.value_or(std::vector<std::string>());
  bool bind = !values.empty();
  auto execute = ParseExecute(plan->sql);
  if (!execute.ok()) return InvalidRequest("MALFORMED_QUERY", execute.status().message());
  if (*execute) {
    const auto prepared = FindPrepared(service, plan->workgroup, (*execute)->name);
    if (!prepared.ok()) return InvalidRequest("INVALID_INPUT", prepared.status().message());
    if (!(*execute)->values.empty()) values = std::move((*execute)->values);
    plan->sql = *prepared->QueryStatement;
    bind = true;
  }
  auto prepare = ParsePrepare(plan->sql);
  if (!prepare.ok()) return InvalidRequest("MALFORMED_QUERY", prepare.status().message());
  if (*prepare) {
    plan->done_here = [&service, workgroup = plan->workgroup, what = **prepare] {
      return what.statement.empty() ? Deallocate(service, workgroup, what.name)
                                    : Prepare(service, workgroup, what.name, what.statement);
    };
    // A `?` is of the statement inside.
    if (bind) return InvalidRequest("INVALID_INPUT", "ExecutionParameters are for EXECUTE: PREPARE takes none");
  }
  auto shape = ShapeOf(plan->sql);
  if (!shape.ok()) return InvalidRequest("MALFORMED_QUERY", shape.status().message());
  plan->shape = *std::move(shape);
  if (!bind) return Status::OK();
  auto bound = BindParameters(plan->sql, values);
  if (!bound.ok()) return InvalidRequest("INVALID_INPUT", bound.status().message());
  plan->sql = *std::move(bound);
  return Status::OK();
}

}  // namespace

Result<wire::StartQueryExecutionResponse> Run(Service& service, wire::StartQueryExecutionRequest request) {
  ARROW_RETURN_NOT_OK(CheckStart(request));
  ARROW_ASSIGN_OR_RAISE(const auto workgroup, FindWorkGroup(service, request.WorkGroup));
  if (workgroup.State == "DISABLED") {
    return InvalidRequest("INVALID_INPUT", "WorkGroup ", workgroup.Name, " is disabled.");
  }
  ExecutionPlan plan{.workgroup = workgroup.Name};
  if (request.QueryExecutionContext) plan.database = Unquoted(request.QueryExecutionContext->Database.value_or(""));
  plan.asked = std::move(request);
  ARROW_RETURN_NOT_OK(TakeStatement(service, &plan));
  ARROW_ASSIGN_OR_RAISE(plan.reuse, ReuseOf(plan.asked));
  ARROW_ASSIGN_OR_RAISE(const auto folder, FolderOf(workgroup, plan.asked));
  ARROW_ASSIGN_OR_RAISE(plan.store, OpenOutput(service, folder));
  plan.folder = folder.uri;
  plan.prefix = folder.prefix;
  ARROW_ASSIGN_OR_RAISE(auto id, service.executions->Start(std::move(plan)));
  return wire::StartQueryExecutionResponse{.QueryExecutionId = std::move(id)};
}

Result<wire::GetQueryExecutionResponse> Run(Service& service, wire::GetQueryExecutionRequest request) {
  ARROW_ASSIGN_OR_RAISE(auto execution, service.executions->Get(request.QueryExecutionId));
  return wire::GetQueryExecutionResponse{.QueryExecution = std::move(execution)};
}

Result<wire::BatchGetQueryExecutionResponse> Run(Service& service, wire::BatchGetQueryExecutionRequest request) {
  const size_t count = request.QueryExecutionIds.size();
  if (count < 1 || count > 50) return Constraint("queryExecutionIds", "Member must have length between 1 and 50");
  wire::BatchGetQueryExecutionResponse answer;
  auto& found = answer.QueryExecutions.emplace();
  auto& missing = answer.UnprocessedQueryExecutionIds.emplace();
  for (const auto& id : request.QueryExecutionIds) {
    auto execution = service.executions->Get(id);
    if (execution.ok()) {
      found.push_back(*std::move(execution));
    } else {
      missing.push_back(
          {.QueryExecutionId = id, .ErrorCode = "INVALID_INPUT", .ErrorMessage = execution.status().message()});
    }
  }
  return answer;
}

Result<wire::ListQueryExecutionsResponse> Run(Service& service, wire::ListQueryExecutionsRequest request) {
  ARROW_ASSIGN_OR_RAISE(const auto workgroup, FindWorkGroup(service, request.WorkGroup));
  ARROW_ASSIGN_OR_RAISE(const size_t size, PageSize(request.MaxResults, 0, 50));
  ARROW_ASSIGN_OR_RAISE(const auto after, KeyOfToken(request.NextToken));
  auto ids = service.executions->List(workgroup.Name, after, size + 1);
  wire::ListQueryExecutionsResponse answer;
  if (ids.size() > size) {
    ids.resize(size);
    answer.NextToken = TokenOfKey(ids.back());
  }
  if (!ids.empty()) answer.QueryExecutionIds = std::move(ids);  // the model has no empty list
  return answer;
}

Result<wire::Empty> Run(Service& service, wire::StopQueryExecutionRequest request) {
  ARROW_RETURN_NOT_OK(service.executions->Stop(request.QueryExecutionId));
  return wire::Empty{};
}

Result<wire::GetQueryResultsResponse> Run(Service& service, wire::GetQueryResultsRequest request) {
  if (request.QueryResultType && *request.QueryResultType != "DATA_ROWS") {
    return InvalidRequest("INVALID_INPUT", "QueryResultType ", *request.QueryResultType,
                          " is not supported by this server: leave it out");
  }
  ARROW_ASSIGN_OR_RAISE(const size_t most, PageSize(request.MaxResults, 1, 1000));
  ARROW_ASSIGN_OR_RAISE(const auto result, service.executions->GetResult(request.QueryExecutionId));
  // A token is the query's id and the place of the next line.
  ARROW_ASSIGN_OR_RAISE(const std::string token, KeyOfToken(request.NextToken));
  const std::string token_of = request.QueryExecutionId + "/";
  int64_t offset = 0;
  if (!token.empty()) {
    const std::string place = token.starts_with(token_of) ? token.substr(token_of.size()) : "";
    if (place.empty() || place.size() > 18 || place.find_first_not_of("0123456789") != place.npos) {
      return InvalidRequest("INVALID_INPUT", "NextToken is none that this server gave for this query");
    }
    offset = std::stoll(place);
  }
  wire::GetQueryResultsResponse answer;
  answer.UpdateCount = result.update_count;
  auto& set = answer.ResultSet.emplace();
  set.ResultSetMetadata.emplace().ColumnInfo = result.columns;
  set.Rows.emplace();
  if (result.key.empty()) return answer;
  auto page = ReadResultPage(*result.store, result.key, result.kind, offset, static_cast<int64_t>(most));
  if (!page.ok()) {
    const ErrorKind kind = KindOf(page.status());
    if (kind == ErrorKind::kNotFound) {
      return InvalidRequest("INVALID_INPUT", "Could not find results: the object ", result.key, " is gone");
    }
    return kind == ErrorKind::kCorrupt ? InvalidRequest("INVALID_INPUT", page.status().message()) : page.status();
  }
  set.Rows = std::move(page->rows);
  if (page->next) answer.NextToken = TokenOfKey(token_of + std::to_string(*page->next));
  return answer;
}

Result<wire::GetQueryRuntimeStatisticsResponse> Run(Service& service, wire::GetQueryRuntimeStatisticsRequest request) {
  ARROW_ASSIGN_OR_RAISE(auto statistics, service.executions->GetRuntimeStatistics(request.QueryExecutionId));
  return wire::GetQueryRuntimeStatisticsResponse{.QueryRuntimeStatistics = std::move(statistics)};
}

}  // namespace glaux::serve::athena
