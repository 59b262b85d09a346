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
/// The rate is cut at most once in this time: requests that were under way when it was cut are throttled too, and say
/// nothing about the new rate. Sixty threads would else go from full speed to nothing in one moment.
constexpr double kCutSeconds = 0.5;
/// So long after the last throttle there is no limit any more.
constexpr double kForgetSeconds = 60;
/// After a pause of so long measuring begins anew: the pause says nothing about what the service can take.
constexpr double kPauseSeconds = 2;
/// Before anything was measured, requests so far count as those of at least this time.
constexpr double kLeastSpan = 0.1;

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
  double first_request = 0;
  int64_t bucket_requests = 0;

  /// Count a request that is sent now.
  void Measure(double now) {
    if (first_request == 0) first_request = bucket_begin = now;
    if (now - bucket_begin > kPauseSeconds) {
      bucket_begin = now;
      bucket_requests = 0;
    }
    ++bucket_requests;
    if (now - bucket_begin < kBucketSeconds) return;
    const double rate = static_cast<double>(bucket_requests) / (now - bucket_begin);
    measured_rate = measured_rate > 0 ? rate * kSmoothing + measured_rate * (1 - kSmoothing) : rate;
    bucket_begin = now;
    bucket_requests = 0;
  }

  /// Requests a second up to now.
  double Rate(double now) const {
    if (measured_rate > 0) return measured_rate;
    return static_cast<double>(bucket_requests) / std::max(now - first_request, kLeastSpan);
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
      const double now = Seconds(clock.Now());
      if (state_->limited) state_->Refill(now);
      if (!state_->limited || state_->tokens >= 1) {
        if (state_->limited) state_->tokens -= 1;
        state_->Measure(now);
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
  double rate = 0;
  if (throttled) {
    if (state.limited && now - state.last_throttle < kCutSeconds) return;
    const double before = state.limited ? std::min(state.Rate(now), state.fill_rate) : state.Rate(now);
    state.last_max_rate = before;
    state.last_throttle = now;
    state.limited = true;
    rate = before * kBeta;
  } else if (state.limited && now - state.last_throttle > kForgetSeconds) {
    state.limited = false;
    return;
  } else if (state.limited) {
    const double window = std::cbrt(state.last_max_rate * (1 - kBeta) / kScale);
    rate = kScale * std::pow(now - state.last_throttle - window, 3) + state.last_max_rate;
  } else {
    return;
  }
  state.SetRate(std::min(rate, std::max(2 * state.Rate(now), kLeastRate)), now);
}

}  // namespace glaux
