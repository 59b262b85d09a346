#include "glaux/aws/refreshing_credentials.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace glaux::aws {
namespace {

using std::chrono::seconds;

class RefreshingCredentials final : public CredentialsProvider {
 public:
  RefreshingCredentials(std::function<Result<Credentials>()> load, Clock* clock)
      : load_(std::move(load)), clock_(clock) {}

  Result<Credentials> Get() override {
    std::unique_lock lock(mutex_);
    const Timestamp now = clock_->Now();
    if (current_.has_value() && !refused_ && now < next_load_) return *current_;
    if (!loading_) return Load(lock);
    if (IsUsable(now)) return *current_;
    const uint64_t before = loads_;
    loaded_.wait(lock, [&] { return loads_ != before; });
    if (!last_error_.ok()) return last_error_;
    return *current_;
  }

  void Refuse(const Credentials& refused) override {
    const std::lock_guard lock(mutex_);
    if (current_.has_value() && current_->access_key_id == refused.access_key_id &&
        current_->session_token == refused.session_token) {
      refused_ = true;
    }
  }

 private:
  bool IsUsable(Timestamp now) const {
    return current_.has_value() && !refused_ && (!current_->expiration.has_value() || now < *current_->expiration);
  }

  Result<Credentials> Load(std::unique_lock<std::mutex>& lock) {
    loading_ = true;
    lock.unlock();
    auto loaded = load_();
    lock.lock();
    loading_ = false;
    ++loads_;
    const Timestamp now = clock_->Now();
    last_error_ = loaded.status();
    if (loaded.ok()) {
      current_ = *std::move(loaded);
      refused_ = false;
      next_load_ = NextAfterSuccess(now);
    } else if (IsUsable(now)) {
      last_error_ = Status::OK();
      next_load_ = now + (*current_->expiration - now > kMandatoryRefresh ? seconds(60) : seconds(5));
    }
    loaded_.notify_all();
    if (!last_error_.ok()) return last_error_;
    return *current_;
  }

  Timestamp NextAfterSuccess(Timestamp now) const {
    if (!current_->expiration.has_value()) return Timestamp::max();
    const auto life = *current_->expiration - now;
    if (life <= life.zero()) return now + seconds(30);
    return *current_->expiration - std::min<Timestamp::duration>(kAdvisoryRefresh, life / 4);
  }

  const std::function<Result<Credentials>()> load_;
  Clock* const clock_;

  std::mutex mutex_;
  std::condition_variable loaded_;
  bool loading_ = false;
  uint64_t loads_ = 0;
  std::optional<Credentials> current_;
  bool refused_ = false;
  Timestamp next_load_{};
  Status last_error_;
};

}  // namespace

std::shared_ptr<CredentialsProvider> MakeRefreshingCredentials(std::function<Result<Credentials>()> load,
                                                               Clock* clock) {
  return std::make_shared<RefreshingCredentials>(std::move(load), clock);
}

}  // namespace glaux::aws
