#include "glaux/sync/pump.h"

#include <arrow/api.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "glaux/base/parallel.h"

namespace glaux {
namespace {

/// Lets threads through in the order of their numbers.
class Turnstile {
 public:
  /// False if somebody failed: nobody's turn comes any more.
  bool WaitFor(int64_t number) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return next_ == number || broken_; });
    return !broken_;
  }
  void Done() {
    std::lock_guard lock(mutex_);
    ++next_;
    moved_.notify_all();
  }
  void Break() {
    std::lock_guard lock(mutex_);
    broken_ = true;
    moved_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable moved_;
  int64_t next_ = 0;
  bool broken_ = false;
};

/// A queue between the threads that decode and the one that reads.
class BatchQueue {
 public:
  explicit BatchQueue(size_t capacity) : capacity_(capacity) {}

  /// False if nobody reads any more.
  bool Push(std::shared_ptr<arrow::RecordBatch> batch) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return batches_.size() < capacity_ || closed_; });
    if (closed_) return false;
    batches_.push_back(std::move(batch));
    moved_.notify_all();
    return true;
  }
  void End(Status status) {
    std::lock_guard lock(mutex_);
    ended_ = true;
    status_ = std::move(status);
    moved_.notify_all();
  }
  Result<std::shared_ptr<arrow::RecordBatch>> Pop() {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return !batches_.empty() || ended_ || closed_; });
    if (batches_.empty()) {
      ARROW_RETURN_NOT_OK(status_);
      return nullptr;
    }
    auto batch = std::move(batches_.front());
    batches_.pop_front();
    moved_.notify_all();
    return batch;
  }
  void Close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    moved_.notify_all();
  }

 private:
  const size_t capacity_;
  std::mutex mutex_;
  std::condition_variable moved_;
  std::deque<std::shared_ptr<arrow::RecordBatch>> batches_;
  bool ended_ = false;
  bool closed_ = false;
  Status status_;
};

class QueueReader final : public arrow::RecordBatchReader {
 public:
  using Process =
      std::function<Result<std::shared_ptr<arrow::RecordBatch>>(std::shared_ptr<arrow::RecordBatch>, int64_t)>;

  QueueReader(std::shared_ptr<RowStream> stream, std::shared_ptr<arrow::Schema> schema, PumpOptions options,
              Process process)
      : stream_(std::move(stream)),
        schema_(std::move(schema)),
        options_(std::move(options)),
        process_(std::move(process)),
        queue_(static_cast<size_t>(PoolSize(Pool::kCpu)) + 1) {}

  ~QueueReader() override { (void)Close(); }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    // Starting only when somebody reads keeps an unused reader free of cost.
    if (!thread_.joinable() && !closed_) {
      thread_ = std::thread([this] {
        queue_.End(
            Pump(*stream_, options_, [this](std::shared_ptr<arrow::RecordBatch> decoded, int64_t sequence) -> Status {
              ARROW_ASSIGN_OR_RAISE(auto processed, process_(std::move(decoded), sequence));
              if (processed->num_rows() == 0 || queue_.Push(std::move(processed))) return Status::OK();
              return MakeError(ErrorKind::kCancelled, "nobody reads these rows any more");
            }));
      });
    }
    ARROW_ASSIGN_OR_RAISE(*batch, queue_.Pop());
    return Status::OK();
  }

  Status Close() override {
    queue_.Close();
    closed_ = true;
    if (thread_.joinable()) thread_.join();
    return Status::OK();
  }

 private:
  const std::shared_ptr<RowStream> stream_;
  const std::shared_ptr<arrow::Schema> schema_;
  const PumpOptions options_;
  const Process process_;
  BatchQueue queue_;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace

Status Pump(RowStream& stream, const PumpOptions& options,
            const std::function<Status(std::shared_ptr<arrow::RecordBatch>, int64_t)>& sink) {
  const int threads = options.threads > 0 ? options.threads : PoolSize(Pool::kCpu);
  Turnstile turnstile;
  return ParallelForIndex(static_cast<size_t>(threads), threads, Pool::kCpu, options.stop, [&](size_t) -> Status {
    size_t own = SIZE_MAX;
    const auto one = [&]() -> Result<bool> {
      if (options.stop.IsStopRequested()) return MakeError(ErrorKind::kCancelled, "cancelled; nothing was changed");
      ARROW_ASSIGN_OR_RAISE(auto piece, stream.Next(&own));
      if (!piece.has_value()) return false;
      ARROW_ASSIGN_OR_RAISE(auto batch, piece->decode());
      piece->decode = nullptr;  // frees the block before the rows are copied
      if (options.in_order && !turnstile.WaitFor(piece->number)) return false;
      ARROW_RETURN_NOT_OK(sink(std::move(batch), piece->sequence));
      if (options.in_order) turnstile.Done();
      return true;
    };
    for (;;) {
      const auto more = one();
      if (!more.ok()) turnstile.Break();
      ARROW_RETURN_NOT_OK(more.status());
      if (!*more) return Status::OK();
    }
  });
}

std::shared_ptr<arrow::RecordBatchReader> PrefetchingReader(
    std::shared_ptr<RowStream> stream, std::shared_ptr<arrow::Schema> schema, const PumpOptions& options,
    std::function<Result<std::shared_ptr<arrow::RecordBatch>>(std::shared_ptr<arrow::RecordBatch>, int64_t)> process) {
  return std::make_shared<QueueReader>(std::move(stream), std::move(schema), options, std::move(process));
}

}  // namespace glaux
