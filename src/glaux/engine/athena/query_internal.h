#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/engine/athena/athena_connection_internal.h"
#include "glaux/engine/query_engine.h"

namespace glaux::athena {

using SteadyTime = std::chrono::steady_clock::time_point;

/// A query of the engine. What is not const changes under the engine's lock.
struct OpenQuery {
  OpenQuery(QueryId given_id, QueryRequest given) : id(std::move(given_id)), request(std::move(given)) {}

  const QueryId id;  ///< also the token of its start
  const QueryRequest request;
  std::string sql = request.sql;     ///< what Athena gets; fixed before the start
  std::string unload_location = {};  ///< "s3://bucket/prefix/" of an UNLOAD of ours; fixed before the start
  const Timestamp submitted = Clock::System().Now();
  const SteadyTime submitted_at = std::chrono::steady_clock::now();

  std::atomic<int64_t> rows = 0;
  std::atomic<bool> stop_reading = false;

  enum class Phase {
    kWaiting,   ///< for its turn
    kStarting,  ///< a thread sends its start
    kOpen,      ///< Athena has it
    kDone,
  } phase = Phase::kWaiting;
  std::string service_id;
  QueryState state = QueryState::kQueued;
  Status error;
  Status stop_reason;  ///< somebody wants it to end
  wire::QueryExecution execution;
  SteadyTime started_at = {};
  SteadyTime next_look = {};
  SteadyTime start_not_before = {};
  SteadyTime first_throttled = {};
  int throttled = 0;
  bool results_taken = false;
  std::string result_path;

  /// Athena's id, or ours as long as there is none.
  const std::string& name() const { return service_id.empty() ? id : service_id; }
  bool done() const { return phase == Phase::kDone; }
  /// What people should know of it. Thread-safe.
  void AddNote(std::string_view note) {
    const std::lock_guard lock(notes_mutex_);
    notes_.emplace_back(note);
  }
  std::vector<std::string> notes() {
    const std::lock_guard lock(notes_mutex_);
    return notes_;
  }
  std::optional<SteadyTime> deadline() const {
    if (!request.timeout) return std::nullopt;
    return submitted_at + *request.timeout;
  }

 private:
  std::mutex notes_mutex_;
  std::vector<std::string> notes_;
};

}  // namespace glaux::athena
