#include "glaux/lake/statement_engine_internal.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "glaux/base/random.h"
#include "glaux/lake/statement_run_internal.h"
#include "glaux/lake/statements_internal.h"
#include "glaux/schema/names.h"
#include "glaux/sql/statement.h"

namespace glaux {
namespace {

class StatementEngine final : public QueryEngine {
 public:
  StatementEngine(std::unique_ptr<QueryEngine> queries, StatementEnvironment environment)
      : environment_(std::move(environment)), queries_(std::move(queries)) {}

  ~StatementEngine() override {
    std::map<QueryId, std::shared_ptr<StatementRun>> runs;
    {
      std::lock_guard lock(mutex_);
      runs.swap(runs_);
    }
    for (auto& [id, run] : runs) run->Cancel();
  }

  EngineTraits traits() const override { return queries_->traits(); }

  Result<QueryId> Submit(const QueryRequest& request) override {
    ARROW_ASSIGN_OR_RAISE(auto statement, sql::ParseStatement(request.sql));
    if (!statement.has_value() || IsOfRelation(*statement, request)) return queries_->Submit(request);
    if (!request.parameters.empty()) {
      return MakeError(ErrorKind::kNotImplemented, sql::StatementName(*statement),
                       ": parameters are of queries; write the values into the statement");
    }
    if (sql::ChangesLake(*statement) && !environment_.unchangeable.ok()) {
      return Prefix(environment_.unchangeable, sql::StatementName(*statement));
    }
    const auto id = NewId();
    auto work = [this, statement = *std::move(statement)](StatementRun& run) {
      return std::visit(Statements(environment_, run), statement);
    };
    auto run = std::make_shared<StatementRun>(*queries_, request, std::move(work));
    std::lock_guard lock(mutex_);
    runs_.emplace(id, std::move(run));
    return id;
  }

  Result<QueryStatus> GetStatus(const QueryId& id, std::chrono::milliseconds wait) override {
    const auto run = Find(id);
    return run == nullptr ? queries_->GetStatus(id, wait) : run->GetStatus(wait);
  }

  Status Cancel(const QueryId& id) override {
    const auto run = Find(id);
    if (run == nullptr) return queries_->Cancel(id);
    run->Cancel();
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::RecordBatchReader>> Results(const QueryId& id) override {
    const auto run = Find(id);
    return run == nullptr ? queries_->Results(id) : run->TakeResults();
  }

  void Release(const QueryId& id) override {
    std::shared_ptr<StatementRun> run;
    {
      std::lock_guard lock(mutex_);
      const auto found = runs_.find(id);
      if (found != runs_.end()) {
        run = std::move(found->second);
        runs_.erase(found);
      }
    }
    if (run == nullptr) return queries_->Release(id);
    run->Cancel();
  }

 private:
  std::shared_ptr<StatementRun> Find(const QueryId& id) {
    std::lock_guard lock(mutex_);
    const auto found = runs_.find(id);
    return found == runs_.end() ? nullptr : found->second;
  }

  /// DESCRIBE of rows that the request brings along, which the catalog knows nothing of.
  static bool IsOfRelation(const sql::Statement& statement, const QueryRequest& request) {
    const auto* describe = std::get_if<sql::DescribeTable>(&statement);
    if (describe == nullptr || !describe->table.database.empty()) return false;
    return std::any_of(request.relations.begin(), request.relations.end(),
                       [&](const QueryRelation& relation) { return FoldName(relation.name) == describe->table.name; });
  }

  const StatementEnvironment environment_;
  const std::unique_ptr<QueryEngine> queries_;
  std::mutex mutex_;
  std::map<QueryId, std::shared_ptr<StatementRun>> runs_;
};

}  // namespace

std::unique_ptr<QueryEngine> MakeStatementEngine(std::unique_ptr<QueryEngine> queries,
                                                 StatementEnvironment environment) {
  return std::make_unique<StatementEngine>(std::move(queries), std::move(environment));
}

}  // namespace glaux
