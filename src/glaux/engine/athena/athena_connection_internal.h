#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "glaux/aws/client.h"
#include "glaux/engine/athena/athena_engine.h"
#include "glaux/wire/athena_query.h"
#include "glaux/wire/json_shape.h"

namespace glaux::athena {

namespace wire = glaux::wire::athena;

/// The way to one Athena endpoint. Thread-safe.
class AthenaConnection {
 public:
  /// \param retry of all calls
  AthenaConnection(const AthenaEngineOptions& options, const RetryPolicy& retry);

  /// Send a request of wire/athena_*.h. All of them are safe to repeat: a start carries its token.
  /// \param subject what it is about, for errors: "query 5f0c…"
  template <typename Request>
  Result<typename Request::Answer> Send(Request request, std::string_view subject,
                                        const arrow::StopToken& stop = arrow::StopToken::Unstoppable()) {
    ARROW_ASSIGN_OR_RAISE(const auto body,
                          Exchange(Request::kOperation, glaux::wire::PrintShape(std::move(request)), subject, stop));
    auto answer = glaux::wire::ParseShape<typename Request::Answer>(body, glaux::wire::UnknownFields::kSkip);
    if (!answer.ok()) return BadAnswer(Request::kOperation, subject, answer.status());
    return answer;
  }

 private:
  Result<std::string> Exchange(std::string_view operation, const std::string& body, std::string_view subject,
                               const arrow::StopToken& stop);
  Status BadAnswer(std::string_view operation, std::string_view subject, const Status& why) const;

  const std::string region_;
  const std::string endpoint_url_;
  const http::Deadlines deadlines_;
  aws::Client client_;
};

}  // namespace glaux::athena
