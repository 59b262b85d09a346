#include <algorithm>
#include <cmath>
#include <mutex>

#include "glaux/base/retry.h"

namespace glaux {
namespace {

// CUBIC's constants, as the AWS SDKs' "adaptive" mode has them.
constexpr double kBeta = 0.7;
constexpr double kScale = 0.4;
constexpr double kLeastRate = 0.5;  // requests a second
constexpr double kSmoothing = 0.8;  // weight of the newest measurement
constexpr double kBucketSeconds = 0.5;

double Seconds(Timestamp time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

}  // namespace

struct AdaptiveRate::State {
  std::mutex mutex;
  bool limited = false;
  double fill_rate = 0;  ///< tokens a second
  double capacity = 1;
  double tokens = 0;
  double last_refill = 0;
  double last_max_rate = 0;
  double last_throttle = 0;
  double measured_rate = 0;  ///< requests a second, smoothed
  double bucket_begin = 0;
  int64_t bucket_requests = 0;

  void Measure(double now) {
    ++bucket_requests;
    const double bucket = std::floor(now / kBucketSeconds) * kBucketSeconds;
    if (bucket <= bucket_begin) return;
    if (bucket_begin > 0) {
      const double rate = static_cast<double>(bucket_requests) / (bucket - bucket_begin);
      measured_rate = rate * kSmoothing + measured_rate * (1 - kSmoothing);
    }
    bucket_begin = bucket;
    bucket_requests = 0;
  }

  void Refill(double now) {
    if (last_refill > 0) tokens = std::min(capacity, tokens + (now - last_refill) * fill_rate);
    last_refill = now;
  }

  void SetRate(double rate, double now) {
    Refill(now);
    fill_rate = std::max(rate, kLeastRate);
    capacity = std::max(rate, 1.0);
    tokens = std::min(tokens, capacity);
  }
};

AdaptiveRate::AdaptiveRate() : state_(std::make_unique<State>()) {}
AdaptiveRate::~AdaptiveRate() = default;

Status AdaptiveRate::Acquire(Clock& clock, const arrow::StopToken& stop) {
  for (;;) {
    std::chrono::microseconds wait{0};
    {
      std::lock_guard lock(state_->mutex);
      if (!state_->limited) return Status::OK();
      state_->Refill(Seconds(clock.Now()));
      if (state_->tokens >= 1) {
        state_->tokens -= 1;
        return Status::OK();
      }
      wait = std::chrono::microseconds(static_cast<int64_t>((1 - state_->tokens) / state_->fill_rate * 1e6) + 1);
    }
    if (stop.IsStopRequested()) return MakeError(ErrorKind::kCancelled, "cancelled while requests are slowed down");
    clock.SleepFor(std::min<std::chrono::microseconds>(wait, std::chrono::milliseconds(50)));
  }
}

void AdaptiveRate::Report(bool throttled, Timestamp time) {
  std::lock_guard lock(state_->mutex);
  auto& state = *state_;
  const double now = Seconds(time);
  state.Measure(now);
  double rate = 0;
  if (throttled) {
    const double before = state.limited ? std::min(state.measured_rate, state.fill_rate) : state.measured_rate;
    state.last_max_rate = before;
    state.last_throttle = now;
    state.limited = true;
    rate = before * kBeta;
  } else if (state.limited) {
    const double window = std::cbrt(state.last_max_rate * (1 - kBeta) / kScale);
    rate = kScale * std::pow(now - state.last_throttle - window, 3) + state.last_max_rate;
  } else {
    return;
  }
  state.SetRate(std::min(rate, std::max(2 * state.measured_rate, kLeastRate)), now);
}

}  // namespace glaux
