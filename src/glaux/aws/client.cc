#include "glaux/aws/client.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <utility>

namespace glaux::aws {
namespace {

using std::chrono::microseconds;

/// Signatures are good for fifteen minutes; a difference below this is not why one was refused.
constexpr std::chrono::minutes kSkewThatMatters{4};

constexpr std::string_view kSkewCodes[] = {"RequestTimeTooSkewed",      "RequestExpired",
                                           "RequestInTheFuture",        "SignatureDoesNotMatch",
                                           "InvalidSignatureException", "AuthFailure"};
constexpr std::string_view kExpiredCodes[] = {"ExpiredToken", "ExpiredTokenException", "InvalidToken",
                                              "TokenRefreshRequired"};

bool OneOf(std::string_view code, std::span<const std::string_view> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

/// "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<Timestamp> ParseHttpDate(const std::string& text) {
  std::tm parts{};
  if (text.empty() || ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S", &parts) == nullptr) return std::nullopt;
  return Timestamp(std::chrono::seconds(::timegm(&parts)));
}

std::optional<std::chrono::milliseconds> RetryAfter(const http::Response& response, Timestamp now) {
  const std::string text = response.headers.Get("retry-after");
  if (text.empty()) return std::nullopt;
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size()) {
    return std::chrono::seconds(std::clamp<int64_t>(seconds, 0, 86'400));
  }
  const auto date = ParseHttpDate(text);
  if (!date) return std::nullopt;
  return std::max(std::chrono::milliseconds(0), std::chrono::duration_cast<std::chrono::milliseconds>(*date - now));
}

/// Host, path and query of an absolute URL, as they are sent.
struct UrlParts {
  std::string host;
  std::string path;
  std::string query;
};

UrlParts TakeApart(const std::string& url) {
  UrlParts parts;
  const size_t scheme = url.find("://");
  const size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const size_t end = std::min(url.find_first_of("/?", host), url.size());
  parts.host = url.substr(host, end - host);
  const std::string_view usual = url.starts_with("https") ? ":443" : ":80";
  if (parts.host.ends_with(usual)) parts.host.resize(parts.host.size() - usual.size());
  const size_t query = std::min(url.find('?', end), url.size());
  parts.path = url.substr(end, query - end);
  if (query < url.size()) parts.query = url.substr(query + 1);
  return parts;
}

/// Of an error's body; what is longer explains nothing.
constexpr size_t kLongestError = 256 << 10;

/// What one call has come to, over all its tries.
struct Progress {
  http::Response response;
  /// Bytes that the caller's `on_data` has.
  int64_t delivered = 0;
  /// Of the caller's own functions: nothing that another try could change.
  Status callers_error;

  Status Note(const Status& status) {
    if (!status.ok()) callers_error = status;
    return status;
  }
};

/// The caller's body, with its errors noted.
class NotedSource final : public http::BodySource {
 public:
  NotedSource(http::BodySource* source, Progress* progress) : source_(source), progress_(progress) {}
  int64_t size() const override { return source_->size(); }
  Result<size_t> Read(std::span<std::byte> out) override {
    auto read = source_->Read(out);
    static_cast<void>(progress_->Note(read.status()));
    return read;
  }
  Status Rewind() override { return progress_->Note(source_->Rewind()); }

 private:
  http::BodySource* const source_;
  Progress* const progress_;
};

}  // namespace

struct Client::State {
  explicit State(ClientOptions given) : options(std::move(given)) {}

  const ClientOptions options;
  ClientMetrics metrics;
  RetryBudget budget;
  AdaptiveRate rate;
  /// Added to this machine's time to get the service's.
  std::atomic<int64_t> skew{0};

  Timestamp Now() const { return options.clock->Now() + microseconds(skew.load()); }

  void Sign(const Call& call, const Credentials& credentials, http::Request* request) const {
    auto parts = TakeApart(request->url);
    request->headers.Set("Host", parts.host);
    if (credentials.anonymous()) return;
    SignableRequest signable{.method = request->method,
                             .path = std::move(parts.path),
                             .query = std::move(parts.query),
                             .headers = std::move(request->headers)};
    SignHeaders(&signable, call.scope, credentials, Now(), call.signing);
    request->headers = std::move(signable.headers);
  }

  /// Have the caller's functions see what comes back to the caller, and only that; errors go to `error_body`.
  static void Route(http::Request* request, const std::function<bool(int)>& accept, Progress* progress,
                    std::string* error_body) {
    auto content = std::make_shared<bool>(true);
    request->on_head = [content, accept, progress,
                        on_head = std::move(request->on_head)](const http::ResponseHead& head) -> Status {
      *content = head.status < 300;
      const bool comes_back = *content || (accept && accept(head.status));
      return comes_back && on_head ? progress->Note(on_head(head)) : Status::OK();
    };
    if (!request->on_data) return;
    request->on_data = [content, error_body, progress,
                        on_data = std::move(request->on_data)](std::span<const std::byte> bytes) -> Status {
      if (!*content) {
        const size_t room = kLongestError - std::min(error_body->size(), kLongestError);
        error_body->append(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), room));
        return Status::OK();
      }
      ARROW_RETURN_NOT_OK(progress->Note(on_data(bytes)));
      progress->delivered += static_cast<int64_t>(bytes.size());
      return Status::OK();
    };
  }

  /// Send once; the body of an answer that is an error stays in the response.
  Result<http::Response> Exchange(const Call& call, int attempt, http::Request request,
                                  const std::function<bool(int)>& accept, Progress* progress, RetryHint* hint) {
    std::string error_body;
    const int64_t delivered_before = progress->delivered;
    const auto report = [&](const TryReport& tried) {
      if (options.on_try) options.on_try(call, tried);
    };
    Route(&request, accept, progress, &error_body);
    NotedSource source(request.source, progress);
    if (request.source != nullptr) request.source = &source;
    ++metrics.requests;
    auto response = options.transport->Send(request);
    if (!response.ok()) {
      hint->nothing_happened = http::NeverSent(response.status());
      if (!hint->nothing_happened) {
        report({.attempt = attempt, .bytes_received = progress->delivered - delivered_before});
      }
      if (!progress->callers_error.ok()) return progress->callers_error;
      ErrorInfo info = InfoOf(response.status());
      info.service = options.service;
      info.operation = call.operation;
      return MakeErrorMessage(std::move(info),
                              call.operation + " " + call.subject + ": " + response.status().message());
    }
    metrics.bytes_sent += response->metrics.bytes_sent;
    metrics.bytes_received += response->metrics.bytes_received;
    report({.attempt = attempt,
            .response = &*response,
            .bytes_received = response->metrics.bytes_received,
            .bytes_sent = response->metrics.bytes_sent});
    if (!error_body.empty()) response->body = std::move(error_body);
    return response;
  }

  /// What can be put right before another try.
  bool Correct(const ServiceError& error, const http::Response& response, const Credentials& credentials) {
    // An answer to HEAD has no body that could tell the code.
    const bool unsaid = error.code.empty();
    const auto date = ParseHttpDate(response.headers.Get("date"));
    if (date && (OneOf(error.code, kSkewCodes) || (unsaid && response.status == 403))) {
      const auto off = *date - Now();
      if (std::chrono::abs(off) > kSkewThatMatters) {
        skew = (*date - options.clock->Now()).count();
        return true;
      }
    }
    // S3 says 400 for a token that has expired, and also for a wrong region, which it then names.
    const bool maybe_expired = unsaid && response.status == 400 && credentials.expiration.has_value() &&
                               !response.headers.Find("x-amz-bucket-region");
    if (OneOf(error.code, kExpiredCodes) || maybe_expired) {
      options.credentials->Refuse(credentials);
      return true;
    }
    return false;
  }

  Status Try(const Call& call, int attempt, const std::function<bool(int)>& accept,
             const std::function<Status(http::Request*)>& resume, Progress* progress, RetryHint* hint) {
    ARROW_RETURN_NOT_OK(rate.Acquire(*options.clock, call.request.stop));
    hint->give_up = true;  // what fails up to the exchange has its own loop or cannot get better
    ARROW_ASSIGN_OR_RAISE(const auto credentials, options.credentials->Get());
    http::Request request = call.request;
    request.once |= call.idempotency == Idempotency::kUnsafe;
    if (attempt > 1) {
      ++metrics.retries;
      if (request.source != nullptr) ARROW_RETURN_NOT_OK(progress->Note(request.source->Rewind()));
    }
    if (progress->delivered > 0) ARROW_RETURN_NOT_OK(progress->Note(resume(&request)));
    Sign(call, credentials, &request);
    auto response = Exchange(call, attempt, std::move(request), accept, progress, hint);
    // What the caller has cannot be called back.
    hint->give_up = !progress->callers_error.ok() || (progress->delivered > 0 && !resume);
    if (!response.ok()) return response.status();
    const bool taken = response->status < 300 || (accept && accept(response->status));
    const bool hidden =
        response->status < 300 && !call.request.on_data && options.is_error && options.is_error(*response);
    if (taken && !hidden) {
      rate.Report(/*throttled=*/false, options.clock->Now());
      progress->response = std::move(*response);
      return Status::OK();
    }
    const auto error = options.decode_error(*response);
    const Status status = ToStatus(options.service, call, *response, error);
    const bool throttled = KindOf(status) == ErrorKind::kThrottled;
    if (throttled) ++metrics.throttled;
    rate.Report(throttled, options.clock->Now());
    hint->retry_after = RetryAfter(*response, options.clock->Now());
    hint->corrected = Correct(error, *response, credentials);
    return status;
  }
};

Client::Client(ClientOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Client::~Client() = default;

Result<http::Response> Client::Send(Call call, const std::function<bool(int status)>& accept,
                                    const std::function<Status(http::Request* request)>& resume) {
  Progress progress;
  const auto& options = state_->options;
  const Status status =
      Retry(options.retry, call.idempotency, *options.clock, &state_->budget, call.request.stop,
            [&](int attempt, RetryHint* hint) { return state_->Try(call, attempt, accept, resume, &progress, hint); });
  if (!progress.callers_error.ok()) return progress.callers_error;
  ARROW_RETURN_NOT_OK(status);
  return std::move(progress.response);
}

const ClientMetrics& Client::metrics() const { return state_->metrics; }

}  // namespace glaux::aws
