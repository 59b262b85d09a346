#include "signals.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <thread>

namespace glaux::cli {
namespace {

constexpr int kExitCode = 130;
constexpr char kSignalled = 's';
constexpr char kQuit = 'q';

// What the handler may touch: it runs between any two instructions.
std::atomic<int> wake_descriptor{-1};
std::atomic<int> signals_seen{0};
static_assert(std::atomic<int>::is_always_lock_free);

void Handle(int) {
  const int saved = errno;
  if (signals_seen.fetch_add(1) > 0) _exit(kExitCode);
  const auto written = ::write(wake_descriptor.load(), &kSignalled, 1);
  static_cast<void>(written);
  errno = saved;
}

class PipeSignalGuard final : public SignalGuard {
 public:
  PipeSignalGuard(arrow::StopSource* source, int read_end, int write_end)
      : source_(source), read_end_(read_end), write_end_(write_end) {
    signals_seen = 0;
    wake_descriptor = write_end;
    watcher_ = std::thread([this] { Watch(); });
    struct sigaction action {};
    action.sa_handler = Handle;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
  }

  ~PipeSignalGuard() override {
    wake_descriptor = -1;
    const auto written = ::write(write_end_, &kQuit, 1);
    static_cast<void>(written);
    watcher_.join();
    ::close(read_end_);
    ::close(write_end_);
  }

  void OnStop(std::function<void()> action) override {
    std::lock_guard lock(mutex_);
    action_ = std::move(action);
    if (stopped_ && action_) action_();
  }

 private:
  void Watch() {
    while (true) {
      char what = 0;
      const auto got = ::read(read_end_, &what, 1);
      if (got < 0 && errno == EINTR) continue;
      if (got != 1 || what == kQuit) return;
      source_->RequestStop();
      std::lock_guard lock(mutex_);
      stopped_ = true;
      if (action_) action_();
    }
  }

  arrow::StopSource* const source_;
  const int read_end_;
  const int write_end_;
  std::mutex mutex_;
  bool stopped_ = false;
  std::function<void()> action_;
  std::thread watcher_;
};

}  // namespace

Result<std::unique_ptr<SignalGuard>> SignalGuard::Install(arrow::StopSource* source) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return ErrnoError(errno, "make a pipe for signals");
  return std::make_unique<PipeSignalGuard>(source, ends[0], ends[1]);
}

}  // namespace glaux::cli
