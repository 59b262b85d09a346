#include "glaux/base/parallel.h"

#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

namespace glaux {
namespace {

constexpr int kIoThreads = 64;
// Of one call that leaves it to the pool.
constexpr int kIoAtOnce = 16;

int CountCores() {
  if (const char* wanted = std::getenv("GLAUX_THREADS")) {
    if (const int n = std::atoi(wanted); n > 0) return n;
  }
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return 1;
}

/// Threads that take tasks from one queue. Started with the first tasks and never ended: the pools are leaked, and a
/// task that begins while the process ends touches nothing but its own Run. (Arrow's pool traces every task through
/// static objects of its library, which are gone by then.)
class Workers {
 public:
  explicit Workers(int size) : size_(size) {}

  void Spawn(std::function<void()> task) {
    std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    if (static_cast<int>(tasks_.size()) > idle_ && started_ < size_) {
      ++started_;
      std::thread([this] { Work(); }).detach();
    }
    ready_.notify_one();
  }

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      ready_.wait(lock, [&] { return !tasks_.empty(); });
      --idle_;
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      task = nullptr;
      lock.lock();
    }
  }

  const int size_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> tasks_;
  int started_ = 0;
  int idle_ = 0;
};

Workers& WorkersOf(Pool pool) {
  static auto* const cpu = new Workers(PoolSize(Pool::kCpu));
  static auto* const io = new Workers(PoolSize(Pool::kIo));
  return pool == Pool::kCpu ? *cpu : *io;
}

/// One call's state; helpers on the pool may outlive the call, but then find nothing left to do.
struct Run {
  Run(size_t count, arrow::StopToken stop, const std::function<Status(size_t)>* work)
      : count(count), stop(std::move(stop)), work(work) {}

  const size_t count;
  const arrow::StopToken stop;
  const std::function<Status(size_t)>* const work;  // valid while `running` > 0 or the caller is inside
  std::mutex mutex;
  std::condition_variable idle;
  size_t next = 0;
  int running = 0;
  Status error;

  void Drain() {
    std::unique_lock lock(mutex);
    while (next < count && error.ok()) {
      if (stop.IsStopRequested()) {
        error = MakeError(ErrorKind::kCancelled, "cancelled");
        break;
      }
      const size_t index = next++;
      ++running;
      lock.unlock();
      Status status = (*work)(index);
      lock.lock();
      --running;
      if (!status.ok() && error.ok()) error = std::move(status);
    }
    if (running == 0) idle.notify_all();
  }
};

}  // namespace

int PoolSize(Pool pool) {
  static const int cores = CountCores();
  return pool == Pool::kCpu ? cores : kIoThreads;
}

void Spawn(Pool pool, std::function<void()> work) { WorkersOf(pool).Spawn(std::move(work)); }

Status ParallelForIndex(size_t count, int max_parallel, Pool pool, const arrow::StopToken& stop,
                        const std::function<Status(size_t)>& work) {
  if (count == 0) return Status::OK();
  const size_t limit = max_parallel > 0 ? max_parallel : pool == Pool::kIo ? kIoAtOnce : PoolSize(pool);
  auto run = std::make_shared<Run>(count, stop, &work);
  for (size_t helper = 1; helper < std::min(limit, count); ++helper) {
    WorkersOf(pool).Spawn([run] { run->Drain(); });
  }
  run->Drain();
  std::unique_lock lock(run->mutex);
  run->next = count;
  run->idle.wait(lock, [&] { return run->running == 0; });
  return run->error;
}

struct TaskGroup::State {
  std::mutex mutex;
  std::condition_variable ended;
  std::deque<std::function<Status()>> waiting;
  int running = 0;
  Status error;

  // Run one piece of work that has not begun; false if there is none.
  bool RunOne(std::unique_lock<std::mutex>& lock) {
    if (waiting.empty()) return false;
    auto work = std::move(waiting.front());
    waiting.pop_front();
    ++running;
    lock.unlock();
    Status status = work();
    work = nullptr;
    lock.lock();
    --running;
    if (!status.ok() && error.ok()) {
      error = std::move(status);
      waiting.clear();
    }
    ended.notify_all();
    return true;
  }
};

TaskGroup::TaskGroup(Pool pool, int max_running)
    : state_(std::make_shared<State>()), pool_(pool), max_running_(std::max(1, max_running)) {}

TaskGroup::~TaskGroup() {
  std::unique_lock lock(state_->mutex);
  state_->waiting.clear();
  state_->ended.wait(lock, [&] { return state_->running == 0; });
}

Status TaskGroup::Start(std::function<Status()> work) {
  std::unique_lock lock(state_->mutex);
  while (state_->running + static_cast<int>(state_->waiting.size()) >= max_running_) {
    if (!state_->RunOne(lock)) state_->ended.wait(lock);
  }
  if (!state_->error.ok()) return state_->error;
  state_->waiting.push_back(std::move(work));
  lock.unlock();
  WorkersOf(pool_).Spawn([state = state_] {
    std::unique_lock lock(state->mutex);
    state->RunOne(lock);
  });
  return Status::OK();
}

Status TaskGroup::Wait() {
  std::unique_lock lock(state_->mutex);
  while (state_->RunOne(lock)) {
  }
  state_->ended.wait(lock, [&] { return state_->running == 0; });
  return state_->error;
}

}  // namespace glaux
