#include "glaux/engine/duckdb/first_error_internal.h"

#include <duckdb/common/progress_bar/progress_bar_display.hpp>
#include <duckdb/execution/executor.hpp>
#include <duckdb/main/client_config.hpp>

namespace glaux::duckdb_engine {

namespace {

class SilentDisplay final : public duckdb::ProgressBarDisplay {
 public:
  SilentDisplay(duckdb::ClientContext& context, std::shared_ptr<duckdb::ErrorData> kept)
      : context_(context), kept_(std::move(kept)) {}

  /// Called when the query ends, while its executor is still there.
  ~SilentDisplay() override {
    auto& executor = context_.GetExecutor();
    if (executor.HasError()) *kept_ = executor.GetError();
  }

  void Update(double /*percentage*/) override {}
  void Finish() override {}

 private:
  duckdb::ClientContext& context_;
  const std::shared_ptr<duckdb::ErrorData> kept_;
};

}  // namespace

void FirstError::Watch(duckdb::Connection& connection) {
  auto& context = *connection.context;
  auto& config = duckdb::ClientConfig::GetConfig(context);
  config.enable_progress_bar = true;
  config.print_progress_bar = true;
  config.display_create_func = [&context, kept = kept_]() -> duckdb::unique_ptr<duckdb::ProgressBarDisplay> {
    *kept = duckdb::ErrorData();
    return duckdb::make_uniq<SilentDisplay>(context, kept);
  };
}

duckdb::ErrorData FirstError::Behind(const duckdb::ErrorData& reported) const {
  return reported.Type() == duckdb::ExceptionType::INTERRUPT && kept_->HasError() ? *kept_ : reported;
}

}  // namespace glaux::duckdb_engine
