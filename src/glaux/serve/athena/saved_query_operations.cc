#include "glaux/serve/athena/call_internal.h"

namespace glaux::serve::athena {
namespace {

/// AWS's own limit of prepared statements of a workgroup; here it is that of all, and of named queries too.
constexpr size_t kMostSaved = 1'000;

Status NoNamedQuery(std::string_view id) {
  return InvalidRequest("INVALID_INPUT", "NamedQuery ", id.substr(0, 128), " was not found");
}

Status NoRoom(size_t count) {
  return InvalidRequest("INVALID_INPUT", "there are ", count, " of them already: delete some");
}

Result<wire::NamedQuery> FindNamed(const Service& service, const std::string& id) {
  const auto state = service.kept->Get();
  for (const auto& one : state->NamedQueries) {
    if (one.NamedQueryId == id) return one;
  }
  return NoNamedQuery(id);
}

Status CheckText(std::string_view name, size_t most_name, const std::optional<std::string>& description,
                 std::string_view query) {
  ARROW_RETURN_NOT_OK(CheckLength("name", name, 1, most_name));
  if (description) ARROW_RETURN_NOT_OK(CheckLength("description", *description, 0, 1024));
  return CheckLength("queryString", query, 1, wire::kMostQueryString);
}

/// Letters, digits and '_', '@', ':', and no digit first.
bool IsStatementName(std::string_view name) {
  if (name.empty() || name.size() > 256 || std::isdigit(static_cast<unsigned char>(name.front()))) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '@' || c == ':';
  });
}

wire::PreparedStatement* FindEntry(KeptState* state, const std::string& workgroup, const std::string& name) {
  for (auto& one : state->PreparedStatements) {
    if (one.WorkGroupName == workgroup && one.StatementName == name) return &one;
  }
  return nullptr;
}

Status NoStatement(const std::string& workgroup, const std::string& name) {
  return AthenaError(ErrorKind::kNotFound, "ResourceNotFoundException", "PreparedStatement ", name.substr(0, 256),
                     " was not found in workGroup ", workgroup);
}

}  // namespace

Result<wire::CreateNamedQueryResponse> Run(Service& service, wire::CreateNamedQueryRequest request) {
  ARROW_RETURN_NOT_OK(CheckText(request.Name, 128, request.Description, request.QueryString));
  ARROW_RETURN_NOT_OK(CheckLength("database", request.Database, 1, 255));
  ARROW_ASSIGN_OR_RAISE(const auto workgroup, FindWorkGroup(service, request.WorkGroup));
  std::string id = NewUuid();
  // A repeated request has the id of the first one.
  if (request.ClientRequestToken) {
    ARROW_RETURN_NOT_OK(CheckLength("clientRequestToken", *request.ClientRequestToken, 32, 128));
    id = *request.ClientRequestToken;
  }
  const wire::NamedQuery made{.Name = request.Name,
                              .Description = request.Description,
                              .Database = request.Database,
                              .QueryString = request.QueryString,
                              .NamedQueryId = id,
                              .WorkGroup = workgroup.Name};
  ARROW_RETURN_NOT_OK(service.kept->Change([&](KeptState* state) -> Status {
    for (const auto& one : state->NamedQueries) {
      if (one.NamedQueryId != id) continue;
      if (glaux::wire::PrintShape(one) == glaux::wire::PrintShape(made)) return Status::OK();
      return InvalidRequest("INVALID_INPUT", "Idempotent parameters do not match");
    }
    if (state->NamedQueries.size() >= kMostSaved) return NoRoom(state->NamedQueries.size());
    state->NamedQueries.push_back(made);
    return Status::OK();
  }));
  return wire::CreateNamedQueryResponse{.NamedQueryId = id};
}

Result<wire::GetNamedQueryResponse> Run(Service& service, wire::GetNamedQueryRequest request) {
  ARROW_ASSIGN_OR_RAISE(auto found, FindNamed(service, request.NamedQueryId));
  return wire::GetNamedQueryResponse{.NamedQuery = std::move(found)};
}

Result<wire::BatchGetNamedQueryResponse> Run(Service& service, wire::BatchGetNamedQueryRequest request) {
  if (request.NamedQueryIds.empty() || request.NamedQueryIds.size() > 50) {
    return Constraint("namedQueryIds", "Member must have length between 1 and 50");
  }
  wire::BatchGetNamedQueryResponse answer;
  answer.NamedQueries.emplace();
  answer.UnprocessedNamedQueryIds.emplace();
  for (const auto& id : request.NamedQueryIds) {
    auto found = FindNamed(service, id);
    if (found.ok()) {
      answer.NamedQueries->push_back(*std::move(found));
    } else {
      answer.UnprocessedNamedQueryIds->push_back(
          {.NamedQueryId = id, .ErrorCode = "INVALID_INPUT", .ErrorMessage = found.status().message()});
    }
  }
  return answer;
}

Result<wire::ListNamedQueriesResponse> Run(Service& service, wire::ListNamedQueriesRequest request) {
  ARROW_ASSIGN_OR_RAISE(const auto workgroup, FindWorkGroup(service, request.WorkGroup));
  ARROW_ASSIGN_OR_RAISE(const size_t size, PageSize(request.MaxResults, 0, 50));
  std::vector<std::string> ids;
  const auto state = service.kept->Get();
  for (const auto& one : state->NamedQueries) {
    if (one.WorkGroup == workgroup.Name) ids.push_back(*one.NamedQueryId);
  }
  wire::ListNamedQueriesResponse answer;
  ARROW_ASSIGN_OR_RAISE(answer.NamedQueryIds, PageOf(
                                                  std::move(ids), [](const std::string& id) { return id; },
                                                  request.NextToken, size, &answer.NextToken));
  if (answer.NamedQueryIds->empty()) answer.NamedQueryIds.reset();  // the model has no empty list
  return answer;
}

Result<wire::Empty> Run(Service& service, wire::UpdateNamedQueryRequest request) {
  ARROW_RETURN_NOT_OK(CheckText(request.Name, 128, request.Description, request.QueryString));
  ARROW_RETURN_NOT_OK(service.kept->Change([&](KeptState* state) -> Status {
    for (auto& one : state->NamedQueries) {
      if (one.NamedQueryId != request.NamedQueryId) continue;
      one.Name = request.Name;
      one.QueryString = request.QueryString;
      if (request.Description) one.Description = request.Description;
      if (one.Description == "") one.Description.reset();
      return Status::OK();
    }
    return NoNamedQuery(request.NamedQueryId);
  }));
  return wire::Empty{};
}

Result<wire::Empty> Run(Service& service, wire::DeleteNamedQueryRequest request) {
  ARROW_RETURN_NOT_OK(service.kept->Change([&](KeptState* state) -> Status {
    const auto gone =
        std::erase_if(state->NamedQueries, [&](const auto& one) { return one.NamedQueryId == request.NamedQueryId; });
    return gone == 0 ? NoNamedQuery(request.NamedQueryId) : Status::OK();
  }));
  return wire::Empty{};
}

Result<wire::PreparedStatement> FindPrepared(const Service& service, const std::string& workgroup,
                                             const std::string& name) {
  const auto state = service.kept->Get();
  for (const auto& one : state->PreparedStatements) {
    if (one.WorkGroupName == workgroup && one.StatementName == name) return one;
  }
  return NoStatement(workgroup, name);
}

namespace {

/// \param replace whether a statement that has the name goes
Status Keep(Service& service, const wire::CreatePreparedStatementRequest& request, bool replace) {
  if (!IsStatementName(request.StatementName)) {
    return Constraint("statementName",
                      "Member must satisfy regular expression pattern: [a-zA-Z_][a-zA-Z0-9_@:]{1,256}");
  }
  ARROW_RETURN_NOT_OK(CheckText(request.StatementName, 256, request.Description, request.QueryStatement));
  ARROW_ASSIGN_OR_RAISE(const auto workgroup, FindWorkGroup(service, request.WorkGroup));
  return service.kept->Change([&](KeptState* state) -> Status {
    auto* entry = FindEntry(state, workgroup.Name, request.StatementName);
    if (entry != nullptr && !replace) {
      return InvalidRequest("INVALID_INPUT", "Prepared Statement ", request.StatementName,
                            " already exists in WorkGroup ", workgroup.Name);
    }
    if (entry == nullptr) {
      if (state->PreparedStatements.size() >= kMostSaved) return NoRoom(state->PreparedStatements.size());
      entry = &state->PreparedStatements.emplace_back();
    }
    *entry = {.StatementName = request.StatementName,
              .QueryStatement = request.QueryStatement,
              .WorkGroupName = workgroup.Name,
              .Description = request.Description,
              .LastModifiedTime = Clock::System().Now()};
    return Status::OK();
  });
}

}  // namespace

Result<wire::Empty> Run(Service& service, wire::CreatePreparedStatementRequest request) {
  ARROW_RETURN_NOT_OK(Keep(service, request, /*replace=*/false));
  return wire::Empty{};
}

Status Prepare(Service& service, const std::string& workgroup, const std::string& name, const std::string& statement) {
  return Keep(service, {.StatementName = name, .WorkGroup = workgroup, .QueryStatement = statement}, /*replace=*/true);
}

Status Deallocate(Service& service, const std::string& workgroup, const std::string& name) {
  return Run(service, wire::DeletePreparedStatementRequest{.StatementName = name, .WorkGroup = workgroup}).status();
}

Result<wire::GetPreparedStatementResponse> Run(Service& service, wire::GetPreparedStatementRequest request) {
  ARROW_ASSIGN_OR_RAISE(const auto workgroup, FindWorkGroup(service, request.WorkGroup));
  ARROW_ASSIGN_OR_RAISE(auto found, FindPrepared(service, workgroup.Name, request.StatementName));
  return wire::GetPreparedStatementResponse{.PreparedStatement = std::move(found)};
}

Result<wire::BatchGetPreparedStatementResponse> Run(Service& service, wire::BatchGetPreparedStatementRequest request) {
  ARROW_ASSIGN_OR_RAISE(const auto workgroup, FindWorkGroup(service, request.WorkGroup));
  const size_t count = request.PreparedStatementNames.size();
  if (count > 50) return Constraint("preparedStatementNames", "Member must have length less than or equal to 50");
  wire::BatchGetPreparedStatementResponse answer;
  auto& found = answer.PreparedStatements.emplace();
  auto& missing = answer.UnprocessedPreparedStatementNames.emplace();
  for (const auto& name : request.PreparedStatementNames) {
    auto one = FindPrepared(service, workgroup.Name, name);
    if (one.ok()) {
      found.push_back(*std::move(one));
    } else {
      missing.push_back(
          {.StatementName = name, .ErrorCode = "STATEMENT_NOT_FOUND", .ErrorMessage = one.status().message()});
    }
  }
  return answer;
}

Result<wire::ListPreparedStatementsResponse> Run(Service& service, wire::ListPreparedStatementsRequest request) {
  ARROW_ASSIGN_OR_RAISE(const auto workgroup, FindWorkGroup(service, request.WorkGroup));
  ARROW_ASSIGN_OR_RAISE(const size_t size, PageSize(request.MaxResults, 1, 50));
  std::vector<wire::PreparedStatementSummary> all;
  const auto state = service.kept->Get();
  for (const auto& one : state->PreparedStatements) {
    if (one.WorkGroupName != workgroup.Name) continue;
    all.push_back({.StatementName = one.StatementName, .LastModifiedTime = one.LastModifiedTime});
  }
  wire::ListPreparedStatementsResponse answer;
  ARROW_ASSIGN_OR_RAISE(answer.PreparedStatements,
                        PageOf(
                            std::move(all), [](const auto& one) { return *one.StatementName; }, request.NextToken, size,
                            &answer.NextToken));
  return answer;
}

Result<wire::Empty> Run(Service& service, wire::UpdatePreparedStatementRequest request) {
  ARROW_RETURN_NOT_OK(CheckText(request.StatementName, 256, request.Description, request.QueryStatement));
  ARROW_ASSIGN_OR_RAISE(const auto workgroup, FindWorkGroup(service, request.WorkGroup));
  ARROW_RETURN_NOT_OK(service.kept->Change([&](KeptState* state) -> Status {
    auto* entry = FindEntry(state, workgroup.Name, request.StatementName);
    if (entry == nullptr) return NoStatement(workgroup.Name, request.StatementName);
    entry->QueryStatement = request.QueryStatement;
    if (request.Description) entry->Description = request.Description;
    entry->LastModifiedTime = Clock::System().Now();
    return Status::OK();
  }));
  return wire::Empty{};
}

Result<wire::Empty> Run(Service& service, wire::DeletePreparedStatementRequest request) {
  ARROW_ASSIGN_OR_RAISE(const auto workgroup, FindWorkGroup(service, request.WorkGroup));
  ARROW_RETURN_NOT_OK(service.kept->Change([&](KeptState* state) -> Status {
    const auto gone = std::erase_if(state->PreparedStatements, [&](const auto& one) {
      return one.WorkGroupName == workgroup.Name && one.StatementName == request.StatementName;
    });
    return gone == 0 ? NoStatement(workgroup.Name, request.StatementName) : Status::OK();
  }));
  return wire::Empty{};
}

}  // namespace glaux::serve::athena
