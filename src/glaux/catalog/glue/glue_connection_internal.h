#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "glaux/aws/client.h"
#include "glaux/catalog/glue/glue_catalog.h"
#include "glaux/wire/json_shape.h"

namespace glaux::glue {

/// The way to one Glue endpoint. Thread-safe.
class GlueConnection {
 public:
  explicit GlueConnection(GlueCatalogOptions options);

  const GlueCatalogOptions& options() const { return options_; }

  /// Send a request of wire/glue_*.h.
  /// \param subject what it is about, for errors: "shop.orders"
  /// \return kCommitUnknown: the answer to a request that is not safe to repeat was lost
  template <typename Request>
  Result<typename Request::Answer> Send(Request request, std::string_view subject,
                                        Idempotency idempotency = Idempotency::kSafe) {
    if (!options_.catalog_id.empty()) request.CatalogId = options_.catalog_id;
    ARROW_ASSIGN_OR_RAISE(const auto body,
                          Exchange(Request::kOperation, wire::PrintShape(std::move(request)), subject, idempotency));
    auto answer = wire::ParseShape<typename Request::Answer>(body, wire::UnknownFields::kSkip);
    if (!answer.ok()) return BadAnswer(Request::kOperation, subject, answer.status());
    return answer;
  }

  Status BadAnswer(std::string_view operation, std::string_view subject, const Status& why) const;

 private:
  Result<std::string> Exchange(std::string_view operation, const std::string& body, std::string_view subject,
                               Idempotency idempotency);

  const GlueCatalogOptions options_;
  aws::Client client_;
};

/// A write that is to happen once. `send` is tried again only if `happened` says that a try whose answer was lost did
/// nothing; its kPrecondition says that nothing happened and nothing can any more. kCommitUnknown where nobody knows.
Status Once(const std::function<Status()>& send, const std::function<Result<bool>()>& happened);

}  // namespace glaux::glue
