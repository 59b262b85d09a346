#pragma once

#include <cstdint>
#include <string_view>

namespace glaux {

/// Where long calls report how far they are. Thread-safe; called often, so implementations must be cheap.
class Progress {
 public:
  virtual ~Progress() = default;
  /// A phase begins: "load", with the total bytes to work through (0: not known).
  virtual void Begin(std::string_view phase, int64_t total_bytes) {}
  /// `bytes` more of the total are done.
  virtual void Advance(int64_t bytes) {}
  virtual void End() {}
  /// Something the user should know and that is no error: "types taken from a sample of 4,096 rows".
  virtual void Note(std::string_view message) {}

  /// Reports nothing. Lives as long as the process.
  static Progress& None();
};

inline Progress& Progress::None() {
  static Progress none;
  return none;
}

}  // namespace glaux
