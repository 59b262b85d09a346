#include "glaux/http/curl_exchange_internal.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

namespace glaux::http {
namespace {

/// How soon a stop request or a deadline is seen, at the latest.
constexpr int kPollMilliseconds = 50;
constexpr long kReceiveBuffer = 512 << 10;
constexpr long kSendBuffer = 512 << 10;
/// libcurl's own limit would be five minutes.
constexpr long kNoLimitMilliseconds = 1'000'000'000;
/// A request that must not go out twice takes no connection that has been idle for longer: servers close those.
constexpr long kFreshSeconds = 4;

/// What an error was doing before the request went out.
constexpr std::string_view kConnecting = "connect";

}  // namespace

bool NeverSent(const Status& error) { return !error.ok() && InfoOf(error).operation == kConnecting; }

CurlHandle::CurlHandle() : easy_(curl_easy_init()), multi_(curl_multi_init()) {}

CurlHandle::~CurlHandle() {
  curl_multi_cleanup(multi_);
  curl_easy_cleanup(easy_);
}

Result<Response> CurlExchange::Run(const CurlTransportOptions& options, CURLSH* shared, TrustedCertificates* trusted) {
  if (handle_.easy() == nullptr || handle_.multi() == nullptr) {
    return MakeError(ErrorKind::kUnavailable, "send ", Subject(), ": no memory for a connection");
  }
  curl_easy_reset(handle_.easy());  // keeps the connections
  ARROW_RETURN_NOT_OK(Prepare(options, shared, trusted));
  const auto driven = Drive();
  auto& metrics = response_.metrics;
  metrics.bytes_sent = sent_;
  metrics.time = std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - begin_);
  long connects = 0;
  curl_easy_getinfo(handle_.easy(), CURLINFO_NUM_CONNECTS, &connects);
  metrics.reused_connection = connects == 0;
  if (!callback_error_.ok()) return callback_error_;
  ARROW_RETURN_NOT_OK(driven.status());
  if (*driven != CURLE_OK) return Failure(*driven);
  // libcurl takes a head that was cut for a whole one, and what is missing behind it for an empty body.
  if (!head_done_) return Error(ErrorKind::kUnavailable, "the answer was cut in its head");
  return std::move(response_);
}

Status CurlExchange::Prepare(const CurlTransportOptions& options, CURLSH* shared, TrustedCertificates* trusted) {
  CURL* easy = handle_.easy();
  if (!request_.url.starts_with("http://") && !request_.url.starts_with("https://")) {
    return MakeError(ErrorKind::kInvalid, "send ", Subject(), ": expected a URL that begins with http:// or https://");
  }
  if (std::any_of(request_.url.begin(), request_.url.end(), [](unsigned char c) { return c <= ' ' || c == 0x7F; })) {
    return MakeError(ErrorKind::kInvalid, "send ", Subject(), ": expected a URL whose blanks are written as %20");
  }
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReceiveBuffer);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kSendBuffer);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_.data());
  curl_easy_setopt(easy, CURLOPT_SHARE, shared);
  PrepareConnection(options, trusted);
  PrepareProxy(options);
  PrepareCallbacks();
  ARROW_RETURN_NOT_OK(PrepareBody());
  return PrepareHeaders(options);
}

void CurlExchange::PrepareConnection(const CurlTransportOptions& options, TrustedCertificates* trusted) {
  CURL* easy = handle_.easy();
  const auto limit = request_.deadlines.connect.count();
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, limit > 0 ? static_cast<long>(limit) : kNoLimitMilliseconds);
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  // A look-up that hangs must not keep a call that has ended.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  if (request_.once) curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kFreshSeconds);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, options.verify_tls ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, options.verify_tls ? 2L : 0L);
  trusted->Apply(easy);
}

void CurlExchange::PrepareCallbacks() {
  CURL* easy = handle_.easy();
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(
      easy, CURLOPT_HEADERFUNCTION, +[](char* data, size_t, size_t size, void* self) -> size_t {
        return static_cast<CurlExchange*>(self)->OnHeader({data, size});
      });
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(
      easy, CURLOPT_WRITEFUNCTION, +[](char* data, size_t, size_t size, void* self) -> size_t {
        return static_cast<CurlExchange*>(self)->OnBody({reinterpret_cast<const std::byte*>(data), size});
      });
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(
      easy, CURLOPT_PREREQFUNCTION,
      +[](void* self, char*, char*, int, int) -> int { return static_cast<CurlExchange*>(self)->OnConnected(); });
}

Status CurlExchange::PrepareBody() {
  CURL* easy = handle_.easy();
  const bool none = request_.source == nullptr && request_.body.empty();
  if (request_.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return Status::OK();
  }
  if (none && request_.method == "GET") {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    return Status::OK();
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  if (none && request_.method == "DELETE") return Status::OK();
  // An upload of no bytes too: PUT and POST must say Content-Length: 0.
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(body_size()));
  curl_easy_setopt(easy, CURLOPT_READDATA, this);
  curl_easy_setopt(
      easy, CURLOPT_READFUNCTION, +[](char* into, size_t size, size_t count, void* self) -> size_t {
        return static_cast<CurlExchange*>(self)->OnRead({reinterpret_cast<std::byte*>(into), size * count});
      });
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, this);
  curl_easy_setopt(
      easy, CURLOPT_SEEKFUNCTION, +[](void* self, curl_off_t offset, int origin) -> int {
        return origin == SEEK_SET ? static_cast<CurlExchange*>(self)->OnSeek(offset) : CURL_SEEKFUNC_CANTSEEK;
      });
  return Status::OK();
}

Status CurlExchange::PrepareHeaders(const CurlTransportOptions& options) {
  const auto append = [this](const std::string& line) {
    curl_slist* longer = curl_slist_append(header_list_.get(), line.c_str());
    if (longer != nullptr) {
      static_cast<void>(header_list_.release());
      header_list_.reset(longer);
    }
  };
  for (const auto& [name, value] : request_.headers.fields()) {
    if ((name + value).find_first_of(std::string("\r\n\0", 3)) != std::string::npos) {
      return MakeError(ErrorKind::kInvalid, "send ", Subject(), ": header ", name.substr(0, name.find_first_of("\r\n")),
                       " holds a line end");
    }
    append(value.empty() ? name + ";" : name + ": " + value);
  }
  // What libcurl would add by itself.
  for (const char* name : {"Accept", "Expect"}) {
    if (!request_.headers.Find(name)) append(std::string(name) + ":");
  }
  if (!options.user_agent.empty()) curl_easy_setopt(handle_.easy(), CURLOPT_USERAGENT, options.user_agent.c_str());
  curl_easy_setopt(handle_.easy(), CURLOPT_HTTPHEADER, header_list_.get());
  return Status::OK();
}

void CurlExchange::PrepareProxy(const CurlTransportOptions& options) {
  if (!options.proxy_from_environment || request_.direct) {
    curl_easy_setopt(handle_.easy(), CURLOPT_PROXY, "");
    return;
  }
  // libcurl reads every variable but HTTP_PROXY, which a CGI's client can set; outside of CGI it is meant.
  if (!request_.url.starts_with("http://") || std::getenv("http_proxy") || std::getenv("REQUEST_METHOD")) return;
  if (const char* proxy = std::getenv("HTTP_PROXY")) curl_easy_setopt(handle_.easy(), CURLOPT_PROXY, proxy);
}

Result<CURLcode> CurlExchange::Drive() {
  CURLM* multi = handle_.multi();
  CURL* easy = handle_.easy();
  curl_multi_add_handle(multi, easy);
  Status stopped;
  std::optional<CURLcode> code;
  while (!code) {
    int running = 0;
    const CURLMcode driven = curl_multi_perform(multi, &running);
    if (driven != CURLM_OK) {
      stopped = Error(ErrorKind::kOther, curl_multi_strerror(driven));
      break;
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg == CURLMSG_DONE) code = message->data.result;
    }
    if (code) break;
    stopped = CheckTime();
    if (!stopped.ok()) break;
    curl_multi_poll(multi, nullptr, 0, kPollMilliseconds, nullptr);
  }
  NoteSending();
  curl_multi_remove_handle(multi, easy);
  ARROW_RETURN_NOT_OK(stopped);
  return *code;
}

void CurlExchange::NoteSending() {
  curl_off_t sent = 0;
  if (body_size() == 0 || curl_easy_getinfo(handle_.easy(), CURLINFO_SIZE_UPLOAD_T, &sent) != CURLE_OK) return;
  if (sent != sent_) last_activity_ = SteadyClock::now();
  sent_ = sent;
}

Status CurlExchange::CheckTime() {
  NoteSending();
  if (request_.stop.IsStopRequested()) return Error(ErrorKind::kCancelled, "cancelled");
  const auto now = SteadyClock::now();
  const auto passed = [&](std::chrono::milliseconds limit, SteadyClock::time_point since) {
    return limit.count() > 0 && now - since > limit;
  };
  const auto late = [&](std::string_view what, std::chrono::milliseconds limit) {
    return Error(ErrorKind::kTimeout, std::string(what) + " within " + std::to_string(limit.count()) + " ms");
  };
  const auto& limits = request_.deadlines;
  if (passed(limits.whole, begin_)) return late("not done", limits.whole);
  if (!connected_) return Status::OK();  // libcurl watches this one
  const bool sending = !head_done_ && sent_ < body_size();
  if (!head_done_ && !sending) {
    if (passed(limits.first_byte, last_activity_)) return late("no answer", limits.first_byte);
  } else if (passed(limits.stall, last_activity_)) {
    return late(sending ? "no byte could be sent" : "no byte came", limits.stall);
  }
  return Status::OK();
}

Status CurlExchange::Failure(CURLcode code) const {
  if (code == CURLE_OPERATION_TIMEDOUT) {  // the only limit that libcurl was told
    return Error(ErrorKind::kTimeout,
                 "no connection within " + std::to_string(request_.deadlines.connect.count()) + " ms");
  }
  if (code == CURLE_ABORTED_BY_CALLBACK) {  // by OnConnected
    return Error(ErrorKind::kUnavailable, "the server closed the connection when it had the request");
  }
  const size_t length = std::strlen(error_text_.c_str());
  std::string text = length > 0 ? error_text_.substr(0, length) : std::string(curl_easy_strerror(code));
  // Its own words may quote the URL.
  if (const size_t query = text.find('?'); query != std::string::npos) text.resize(query);
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:  // the URL's scheme was looked at before
      return Error(ErrorKind::kUnavailable, text, "what listens there does not speak HTTP");
    case CURLE_URL_MALFORMAT:
      return Error(ErrorKind::kInvalid, text);
    case CURLE_PEER_FAILED_VERIFICATION:
      return Error(
          ErrorKind::kInvalid, text,
          "name the certificate authority's file in AWS_CA_BUNDLE, if the server's certificate is to be trusted");
    case CURLE_COULDNT_RESOLVE_HOST:
      return Error(ErrorKind::kUnavailable, text, "check the endpoint's name and the network");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Error(ErrorKind::kUnavailable, text, "check HTTP_PROXY, HTTPS_PROXY and NO_PROXY");
    case CURLE_COULDNT_CONNECT:
      return Error(ErrorKind::kUnavailable, text, "check that a server listens there, and the proxy settings");
    default:
      return Error(ErrorKind::kUnavailable, text);
  }
}

Status CurlExchange::Error(ErrorKind kind, std::string_view what, std::string hint) const {
  return MakeError(
      ErrorInfo{.kind = kind, .operation = std::string(sendings_ == 0 ? kConnecting : "send"), .hint = std::move(hint)},
      "send ", Subject(), ": ", what);
}

std::string CurlExchange::Subject() const {
  std::string url = request_.url.substr(0, request_.url.find('?'));
  const size_t host = url.find("://") == std::string::npos ? 0 : url.find("://") + 3;
  const size_t end = std::min(url.find('/', host), url.size());
  if (const size_t at = url.rfind('@', end); at != std::string::npos && at > host) url.erase(host, at + 1 - host);
  return request_.method + " " + url;
}

int CurlExchange::OnConnected() {
  connected_ = last_activity_ = SteadyClock::now();
  if (++sendings_ > 1 && request_.once) return CURL_PREREQFUNC_ABORT;
  return CURL_PREREQFUNC_OK;
}

size_t CurlExchange::OnHeader(std::string_view line) {
  const size_t size = line.size();
  last_activity_ = SteadyClock::now();
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {  // of each answer, "100 Continue" too
    response_.headers = {};
    response_.status = 0;
    const size_t space = line.find(' ');
    if (space != std::string_view::npos) {
      std::from_chars(line.data() + space + 1, line.data() + line.size(), response_.status);
    }
    return size;
  }
  if (!line.empty()) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return size;
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
    response_.headers.Add(std::string(line.substr(0, colon)), std::string(value));
    return size;
  }
  if (response_.status < 200 || head_done_) return size;
  head_done_ = true;
  response_.metrics.time_to_first_byte = std::chrono::duration_cast<std::chrono::microseconds>(last_activity_ - begin_);
  if (request_.on_head) {
    callback_error_ = request_.on_head({.status = response_.status, .headers = response_.headers});
    if (!callback_error_.ok()) return 0;
  }
  return size;
}

size_t CurlExchange::OnBody(std::span<const std::byte> bytes) {
  last_activity_ = SteadyClock::now();
  response_.metrics.bytes_received += static_cast<int64_t>(bytes.size());
  if (request_.on_data) {
    callback_error_ = request_.on_data(bytes);
    last_activity_ = SteadyClock::now();  // what the caller takes is not the server's time
    return callback_error_.ok() ? bytes.size() : 0;
  }
  response_.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return bytes.size();
}

size_t CurlExchange::OnRead(std::span<std::byte> into) {
  if (request_.source == nullptr) {
    const size_t count = std::min(into.size(), request_.body.size() - static_cast<size_t>(read_));
    std::memcpy(into.data(), request_.body.data() + read_, count);
    read_ += static_cast<int64_t>(count);
    return count;
  }
  auto read = request_.source->Read(into);
  last_activity_ = SteadyClock::now();  // what the caller takes is not the server's time
  if (read.ok() && *read == 0 && read_ < body_size()) {
    read = MakeError(ErrorKind::kInvalid, "send ", Subject(), ": the body ends after ", read_, " bytes, expected ",
                     body_size());
  }
  if (!read.ok()) {
    callback_error_ = read.status();
    return CURL_READFUNC_ABORT;
  }
  read_ += static_cast<int64_t>(*read);
  return *read;
}

int CurlExchange::OnSeek(curl_off_t offset) {
  if (request_.source == nullptr) {
    read_ = offset;
    return CURL_SEEKFUNC_OK;
  }
  if (offset != 0) return CURL_SEEKFUNC_FAIL;
  callback_error_ = request_.source->Rewind();
  read_ = 0;
  return callback_error_.ok() ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

}  // namespace glaux::http
