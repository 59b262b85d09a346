#include "glaux/serve/connection_internal.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <ctime>
#include <exception>
#include <random>
#include <vector>

#include "glaux/serve/request_head_internal.h"

namespace glaux::serve {
namespace {

namespace beast_http = boost::beast::http;
using std::chrono::steady_clock;

/// What of a body that no handler read is still worth reading, to keep the connection.
constexpr int64_t kWorthDraining = 256 << 10;
/// How long a client may go on sending after the answer, so that it gets to read it.
constexpr std::chrono::seconds kLinger{5};

std::string_view ReasonOf(int status) {
  // Beast's list has all but what a proxy of others made up.
  const auto text = beast_http::obsolete_reason(beast_http::int_to_status(static_cast<unsigned>(status)));
  return {text.data(), text.size()};
}

/// The time of an answer; one text serves a whole second.
std::string_view DateNow() {
  thread_local time_t second = 0;
  thread_local char text[40];
  if (const time_t now = ::time(nullptr); now != second) {
    second = now;
    tm parts;
    ::gmtime_r(&now, &parts);
    ::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  }
  return text;
}

std::string NewRequestId() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  return fmt::format("{:016X}", random());
}

/// Bytes of the stream that were read and not used yet.
class Input {
 public:
  Input(Stream& stream, size_t capacity) : stream_(stream), bytes_(capacity) {}

  std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()) + begin_, end_ - begin_}; }
  void Consume(size_t size) {
    begin_ += size;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  bool full() const { return end_ - begin_ == bytes_.size(); }

  /// Read some more. \return 0 at the end
  Result<size_t> Fill() {
    if (end_ == bytes_.size() && begin_ > 0) {
      std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    ARROW_ASSIGN_OR_RAISE(const auto got, stream_.Read(std::span(bytes_).subspan(end_)));
    end_ += got;
    return got;
  }

  /// What is here already, else straight from the stream.
  Result<size_t> Read(std::span<std::byte> out) {
    if (begin_ == end_) return stream_.Read(out);
    const auto size = std::min(out.size(), end_ - begin_);
    std::memcpy(out.data(), bytes_.data() + begin_, size);
    Consume(size);
    return size;
  }

 private:
  Stream& stream_;
  std::vector<std::byte> bytes_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

class RequestBody final : public ByteReader {
 public:
  RequestBody(Stream& stream, Input& input, RequestParser& parser) : stream_(stream), input_(input), parser_(parser) {
    if (parser.chunked()) {
      chunked_ = !parser.is_done();
    } else {
      left_ = static_cast<int64_t>(parser.content_length().value_or(0));
      size_ = left_;
    }
    expects_continue_ = ::strcasecmp(parser.headers.Get("expect").c_str(), "100-continue") == 0 && !done();
  }

  std::optional<int64_t> size() const override { return size_; }
  bool done() const { return !chunked_ && left_ == 0; }
  bool waits() const { return expects_continue_; }
  int64_t received() const { return received_; }
  /// Most that is still to come.
  int64_t left() const { return chunked_ ? INT64_MAX : left_; }

  Result<size_t> Read(std::span<std::byte> out) override {
    if (done() || out.empty()) return 0;
    if (!failed_.ok()) return failed_;
    if (std::exchange(expects_continue_, false)) {
      std::string text = "HTTP/1.1 100 Continue\r\n\r\n";
      iovec piece{text.data(), text.size()};
      ARROW_RETURN_NOT_OK(stream_.Write({&piece, 1}, false));
    }
    auto got = chunked_ ? ReadChunked(out) : ReadPlain(out);
    if (got.ok()) {
      received_ += static_cast<int64_t>(*got);
    } else {
      failed_ = got.status();
    }
    return got;
  }

  bool failed() const { return !failed_.ok(); }

 private:
  Result<size_t> ReadPlain(std::span<std::byte> out) {
    out = out.first(static_cast<size_t>(std::min<int64_t>(left_, static_cast<int64_t>(out.size()))));
    ARROW_ASSIGN_OR_RAISE(const auto got, input_.Read(out));
    if (got == 0) return Cut();
    left_ -= static_cast<int64_t>(got);
    return got;
  }

  Result<size_t> ReadChunked(std::span<std::byte> out) {
    parser_.out = out;
    while (parser_.out.size() == out.size()) {
      const auto text = input_.view();
      boost::beast::error_code error = beast_http::error::need_more;
      size_t used = 0;
      if (!text.empty()) {
        used = parser_.put({text.data(), text.size()}, error);
        input_.Consume(used);
      }
      if (parser_.is_done()) {
        chunked_ = false;
        break;
      }
      if (error == beast_http::error::need_more && used == 0) {
        if (input_.full()) return MakeError(ErrorKind::kInvalid, "the head of a chunk does not end");
        ARROW_ASSIGN_OR_RAISE(const auto got, input_.Fill());
        if (got == 0) return Cut();
      } else if (error && error != beast_http::error::need_more && error != beast_http::error::need_buffer) {
        return MakeError(ErrorKind::kInvalid, "the chunks of the body are no HTTP: ", error.message());
      }
    }
    return out.size() - parser_.out.size();
  }

  Status Cut() const {
    return MakeError(ErrorKind::kUnavailable, "the client ended the connection after ", received_,
                     " bytes of the body");
  }

  Stream& stream_;
  Input& input_;
  RequestParser& parser_;
  std::optional<int64_t> size_;
  int64_t left_ = 0;
  bool chunked_ = false;
  bool expects_continue_ = false;
  int64_t received_ = 0;
  Status failed_;
};

class ConnectionResponse final : public Response {
 public:
  ConnectionResponse(Stream& stream, const ConnectionShared& shared, const RequestBody* body, bool head,
                     bool keep_alive, bool http_1_0)
      : stream_(stream), shared_(shared), body_(body), head_(head), http_1_0_(http_1_0), keep_alive_(keep_alive) {}

  bool begun() const override { return status_ != 0; }
  int status() const { return status_; }
  int64_t sent() const { return sent_; }

  Status Begin(int status, const http::Headers& headers, std::optional<int64_t> content_length) override {
    BuildHead(status, headers, content_length);
    iovec piece{text_.data(), text_.size()};
    return Note(stream_.Write({&piece, 1}, !bodiless_ && content_length.value_or(1) > 0));
  }

  Status Send(int status, const http::Headers& headers, std::string_view body) override {
    BuildHead(status, headers, static_cast<int64_t>(body.size()));
    std::array<iovec, 2> pieces{{{text_.data(), text_.size()}, {const_cast<char*>(body.data()), body.size()}}};
    const bool with_body = !bodiless_ && !body.empty();
    if (with_body) Count(static_cast<int64_t>(body.size()));
    return Note(stream_.Write(std::span(pieces).first(with_body ? 2 : 1), false));
  }

  Status Write(std::span<const std::byte> bytes) override {
    if (bodiless_ || bytes.empty()) return Status::OK();
    auto* data = const_cast<std::byte*>(bytes.data());
    Count(static_cast<int64_t>(bytes.size()));
    if (!chunked_) {
      iovec piece{data, bytes.size()};
      return Note(stream_.Write({&piece, 1}, left_ > 0));
    }
    std::string size = fmt::format("{:x}\r\n", bytes.size());
    char end[] = "\r\n";
    std::array<iovec, 3> pieces{{{size.data(), size.size()}, {data, bytes.size()}, {end, 2}}};
    return Note(stream_.Write(pieces, false));
  }

  Status WriteFile(int descriptor, int64_t offset, int64_t length) override {
    if (bodiless_ || length == 0) return Status::OK();
    Count(length);
    return Note(stream_.WriteFile(descriptor, offset, length));
  }

  /// The handler has returned. \return whether the connection can go on
  bool Finish() {
    if (!begun()) {
      static_cast<void>(Send(500, {{"Content-Type", "text/plain"}}, "the request was not answered\n"));
    }
    if (chunked_ && !broken_) {
      char end[] = "0\r\n\r\n";
      iovec piece{end, 5};
      static_cast<void>(Note(stream_.Write({&piece, 1}, false)));
    }
    return keep_alive_ && !broken_ && left_ <= 0;
  }
  /// What was begun cannot be ended as promised: the client must notice.
  void Break() { broken_ = true; }
  bool broken() const { return broken_ || left_ > 0; }
  bool keep_alive() const { return keep_alive_; }

 private:
  void BuildHead(int status, const http::Headers& headers, std::optional<int64_t> content_length) {
    status_ = status;
    bodiless_ = head_ || status == 204 || status == 304 || status < 200;
    chunked_ = !bodiless_ && !content_length && !http_1_0_;
    left_ = bodiless_ ? 0 : content_length.value_or(0);
    // A body that nobody will read and a client that waits for leave to send it: what comes next cannot be told apart.
    if (shared_.draining || (!content_length && http_1_0_) ||
        (body_ != nullptr &&
         (body_->failed() || body_->waits() || (!body_->done() && body_->left() > kWorthDraining)))) {
      keep_alive_ = false;
    }
    text_.clear();
    fmt::format_to(std::back_inserter(text_), "HTTP/1.1 {} {}\r\nDate: {}\r\nServer: glaux\r\n", status,
                   ReasonOf(status), DateNow());
    for (const auto& [name, value] : headers.fields()) {
      text_.append(name).append(": ");
      // A line break in a value would begin a field of its own.
      for (const char c : value) text_.push_back(c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
      text_.append("\r\n");
    }
    if (chunked_) text_.append("Transfer-Encoding: chunked\r\n");
    if (content_length && status != 204 && status != 304) {
      fmt::format_to(std::back_inserter(text_), "Content-Length: {}\r\n", *content_length);
    }
    if (!keep_alive_) {
      text_.append("Connection: close\r\n");
    } else if (http_1_0_) {
      text_.append("Connection: keep-alive\r\n");
    }
    text_.append("\r\n");
  }

  void Count(int64_t bytes) {
    sent_ += bytes;
    if (!chunked_) left_ -= bytes;
  }

  Status Note(Status status) {
    if (!status.ok()) broken_ = true;
    return status;
  }

  Stream& stream_;
  const ConnectionShared& shared_;
  const RequestBody* const body_;
  const bool head_;
  const bool http_1_0_;
  bool keep_alive_;
  std::string text_;
  int status_ = 0;
  bool bodiless_ = false;
  bool chunked_ = false;
  bool broken_ = false;
  int64_t left_ = 0;
  int64_t sent_ = 0;
};

/// What is wrong with a head, as a status; 0: nothing.
struct HeadError {
  int status = 0;
  std::string text = {};
};

class Connection {
 public:
  Connection(ConnectionShared& shared, Stream& stream, const std::string& peer, ConnectionListener& listener)
      : shared_(shared),
        stream_(stream),
        peer_(peer),
        listener_(listener),
        input_(stream, shared.options.max_header_bytes + 1) {}

  void Serve() {
    while (!shared_.draining) {
      if (input_.view().empty() && !AwaitRequest()) return;
      if (!listener_.OnBusy()) return;
      if (!ServeOne()) return;
      listener_.OnIdle();
    }
  }

 private:
  bool AwaitRequest() {
    const auto end = steady_clock::now() + shared_.options.idle_timeout;
    for (;;) {
      const auto got = input_.Fill();
      if (got.ok()) return *got > 0;
      if (KindOf(got.status()) != ErrorKind::kTimeout || steady_clock::now() >= end || shared_.draining) return false;
    }
  }

  /// \return whether another request may follow
  bool ServeOne() {
    const auto begin = steady_clock::now();
    RequestParser parser;
    parser.header_limit(static_cast<std::uint32_t>(shared_.options.max_header_bytes));
    parser.body_limit(boost::none);
    const HeadError error = ReadHead(parser, begin);
    if (error.status < 0) return false;  // gone
    if (error.status > 0) {
      ConnectionResponse response(stream_, shared_, nullptr, false, false, false);
      static_cast<void>(response.Send(error.status, {{"Content-Type", "text/plain"}}, error.text + "\n"));
      Linger();
      return false;
    }
    return Answer(parser, begin);
  }

  HeadError ReadHead(RequestParser& parser, steady_clock::time_point begin) {
    const auto end = begin + shared_.options.header_timeout;
    for (;;) {
      if (const auto text = input_.view(); !text.empty()) {
        boost::beast::error_code error;
        input_.Consume(parser.put({text.data(), text.size()}, error));
        if (parser.is_header_done()) return CheckHead(parser);
        if (error == beast_http::error::header_limit || (error == beast_http::error::need_more && input_.full())) {
          return TooLong(parser);
        }
        if (error && error != beast_http::error::need_more) return NotHttp(error);
      }
      const auto got = input_.Fill();
      if (got.ok() && *got == 0) return {.status = -1};
      if (!got.ok() && KindOf(got.status()) != ErrorKind::kTimeout) return {.status = -1};
      if (!got.ok() || steady_clock::now() >= end) {
        return {.status = 408, .text = "the head of the request took too long"};
      }
    }
  }

  HeadError TooLong(const RequestParser& parser) const {
    if (parser.method.empty()) return {.status = 414, .text = "the request line is too long"};
    return {.status = 431,
            .text = fmt::format("the head of the request has more than {} bytes", shared_.options.max_header_bytes)};
  }

  static HeadError NotHttp(const boost::beast::error_code& error) {
    if (error == beast_http::error::bad_version)
      return {.status = 505, .text = "only HTTP/1.0 and HTTP/1.1 are spoken"};
    return {.status = 400, .text = "this is no HTTP request: " + error.message()};
  }

  HeadError CheckHead(const RequestParser& parser) const {
    if (parser.target.size() > shared_.options.max_target_bytes) {
      return {.status = 414,
              .text = fmt::format("the path and query have more than {} bytes", shared_.options.max_target_bytes)};
    }
    if (parser.version == 11 && !parser.headers.Find("host")) return {.status = 400, .text = "there is no Host"};
    return {};
  }

  bool Answer(RequestParser& parser, steady_clock::time_point begin) {
    RequestBody body(stream_, input_, parser);
    Request request{.method = std::move(parser.method),
                    .path = {},
                    .query = {},
                    .headers = std::move(parser.headers),
                    .body = &body,
                    .id = NewRequestId(),
                    .peer = peer_,
                    .tls = !shared_.options.tls_certificate.empty()};
    TakeTarget(parser.target, request);
    ConnectionResponse response(stream_, shared_, &body, request.method == "HEAD", parser.keep_alive(),
                                parser.version < 11);
    try {
      shared_.wire->Handle(request, response);
    } catch (const std::exception&) {  // memory may have run out; the other connections go on
      if (response.begun()) response.Break();
    }
    bool go_on = response.Finish();
    if (go_on && !body.done()) go_on = Drain(body);
    if (!go_on && !response.broken() && !body.done() && !body.failed()) Linger();
    if (shared_.options.on_exchange) {
      shared_.options.on_exchange(
          {.peer = peer_,
           .method = std::move(request.method),
           .path = std::move(request.path),
           .query = std::move(request.query),
           .operation = request.headers.Get("x-amz-target"),
           .request_id = std::move(request.id),
           .status = response.status(),
           .bytes_received = body.received(),
           .bytes_sent = response.sent(),
           .time = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begin)});
    }
    return go_on;
  }

  static void TakeTarget(std::string_view target, Request& request) {
    // A proxy's request names the host too: "http://host/path".
    if (const auto scheme = target.find("://"); scheme != target.npos && target.find('/') == scheme + 1) {
      const auto slash = target.find('/', scheme + 3);
      target = slash == target.npos ? "/" : target.substr(slash);
    }
    const auto question = target.find('?');
    request.path = target.substr(0, question);
    if (question != target.npos) request.query = target.substr(question + 1);
  }

  bool Drain(RequestBody& body) {
    std::array<std::byte, 16 << 10> scratch;
    while (!body.done()) {
      if (body.received() > kWorthDraining) return false;
      if (const auto got = body.Read(scratch); !got.ok()) return false;
    }
    return true;
  }

  /// Let the client read the answer before the connection ends: bytes that arrive at a closed socket take it away.
  void Linger() {
    stream_.EndWriting();
    std::array<std::byte, 64 << 10> scratch;
    const auto end = steady_clock::now() + kLinger;
    while (steady_clock::now() < end && !shared_.draining) {
      const auto got = input_.Read(scratch);
      if (!got.ok() || *got == 0) return;
    }
  }

  ConnectionShared& shared_;
  Stream& stream_;
  const std::string& peer_;
  ConnectionListener& listener_;
  Input input_;
};

}  // namespace

void ServeConnection(ConnectionShared& shared, Stream& stream, const std::string& peer, ConnectionListener& listener) {
  Connection(shared, stream, peer, listener).Serve();
}

}  // namespace glaux::serve
