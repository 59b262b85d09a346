#pragma once

#include <arrow/util/cancel.h>

#include <functional>
#include <memory>

#include "glaux/base/status.h"

namespace glaux::cli {

/// While it lives, the first SIGINT or SIGTERM asks the work to stop and the second ends the program with code 130.
/// When it is gone the work is done, and a first signal no longer changes how the program ends: it does nothing.
/// One at a time in a process.
class SignalGuard {
 public:
  /// Make a guard. Signals request a stop of `source`, which must outlive it.
  static Result<std::unique_ptr<SignalGuard>> Install(arrow::StopSource* source);
  virtual ~SignalGuard() = default;

  /// Also call this on the first signal, on a thread of the guard's own: it may block and take locks. Called at once if
  /// the signal came already. An empty function takes the last one back, and returns once it no longer runs.
  virtual void OnStop(std::function<void()> action) = 0;
};

}  // namespace glaux::cli
