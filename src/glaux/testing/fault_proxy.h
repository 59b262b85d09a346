#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"

namespace glaux::testing {

/// What can happen to one exchange between a client and a server.
enum class Fault {
  kNone,
  kResetBefore,  ///< the connection is reset, and the server never saw the request
  kLoseAnswer,   ///< the server did its work, and the connection is reset instead of an answer
  kCutAnswer,    ///< the connection is reset in the middle of the answer's body
  kStall,        ///< nothing comes for `stall`, then the answer
  kStatus500,    ///< the proxy answers InternalError; the server never saw the request
  kStatus503,    ///< … SlowDown
  kStatus429,    ///< … TooManyRequests
  kFlipAnswer,   ///< one bit of the answer's body is another
  kFlipRequest,  ///< one bit of the request's body is another
  kDuplicate,    ///< the server sees the request twice; the first answer counts
};

std::string_view FaultName(Fault fault);

/// A request as the proxy sees it, to decide which faults make sense for it.
struct ProxiedRequest {
  std::string method;
  std::string target;  ///< path and query
  std::string head;    ///< request line and header fields, with "\r\n\r\n" at its end
  std::string body;

  /// Value of a header field, "" if there is none. Names compare without case.
  std::string Header(std::string_view name) const;
};

struct FaultProxyOptions {
  /// "http://127.0.0.1:9000"
  std::string upstream;
  uint64_t seed = 1;
  /// Part of the exchanges that get a fault.
  double rate = 0.1;
  std::vector<Fault> faults = {Fault::kResetBefore, Fault::kLoseAnswer, Fault::kCutAnswer, Fault::kStatus500,
                               Fault::kStatus503,   Fault::kStatus429,  Fault::kDuplicate};
  std::chrono::milliseconds stall{3'000};
  /// Whether a fault may happen to a request. Unset: any to any.
  std::function<bool(const ProxiedRequest&, Fault)> allow = {};
};

/// An HTTP/1.1 proxy in this process that passes exchanges on to one server and harms some of them: for tests of
/// clients. Each connection has a thread; which request gets which fault depends on the seed and on their order.
class FaultProxy {
 public:
  static Result<std::unique_ptr<FaultProxy>> Start(FaultProxyOptions options);
  virtual ~FaultProxy() = default;
  /// "http://127.0.0.1:PORT"
  virtual std::string url() const = 0;
  virtual int64_t requests() const = 0;
  /// How often a fault happened.
  virtual int64_t count(Fault fault) const = 0;
  /// Let everything pass from now on.
  virtual void Heal() = 0;
};

}  // namespace glaux::testing
