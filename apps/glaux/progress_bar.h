#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "glaux/base/progress.h"
#include "terminal.h"

namespace glaux::cli {

/// What a progress line says.
struct ProgressView {
  std::string_view phase;
  int64_t done = 0;   ///< bytes
  int64_t total = 0;  ///< 0: not known
  std::chrono::nanoseconds elapsed{0};
};

/// One line for a terminal: "load  ━━━━━╸──────  42 %  1.2 of 2.9 GB  310 MB/s  5.4 s left". Never wider than the
/// terminal less one cell, so that the cursor stays on the line.
std::string RenderProgress(const ProgressView& view, const Terminal& terminal);

/// A progress line that redraws itself ten times a second and disappears at the end. Notes stay, above it.
/// Shows nothing during the first half second, so that short work does not flicker.
class ProgressBar final : public Progress {
 public:
  /// \param write puts text on the terminal, at once; called by one thread at a time
  /// \param enabled false: notes only
  ProgressBar(Terminal terminal, bool enabled, std::function<void(std::string_view)> write);
  ~ProgressBar() override;

  void Begin(std::string_view phase, int64_t total_bytes) override;
  void Advance(int64_t bytes) override { done_.fetch_add(bytes, std::memory_order_relaxed); }
  void End() override;
  void Note(std::string_view message) override;

 private:
  void Tick();
  void Draw();   // with mutex_ held
  void Clear();  // with mutex_ held

  const Terminal terminal_;
  const bool enabled_;
  const std::function<void(std::string_view)> write_;
  std::atomic<int64_t> done_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string phase_;
  int64_t total_ = 0;
  bool active_ = false;
  bool drawn_ = false;
  bool ending_ = false;
  std::chrono::steady_clock::time_point started_;
  std::thread ticker_;
};

}  // namespace glaux::cli
