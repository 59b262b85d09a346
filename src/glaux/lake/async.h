#pragma once

#include <arrow/util/cancel.h>
#include <arrow/util/future.h>

#include <concepts>
#include <type_traits>
#include <utility>

#include "glaux/base/parallel.h"
#include "glaux/base/status.h"

namespace glaux {

namespace async_internal {

template <typename Answer>
struct FutureOf;
template <>
struct FutureOf<Status> {
  using Type = arrow::Future<>;
};
template <typename Value>
struct FutureOf<Result<Value>> {
  using Type = arrow::Future<Value>;
};

template <typename Call>
auto Run(Call& call, const arrow::StopToken& stop) {
  if constexpr (std::invocable<Call&, const arrow::StopToken&>) {
    return call(stop);
  } else {
    return call();
  }
}

}  // namespace async_internal

/// Run a call on a thread of the I/O pool:
///
///     auto writing = Async([&](const arrow::StopToken& stop) {
///       return Write(*lake, {"sales", "orders"}, records, {.stop = stop});
///     }, source.token());
///
/// \param call gives a Status or a Result, and takes the stop token or nothing. What it refers to must live until the
///             future is finished.
/// \param stop ends a call that takes it; one that has not begun does not begin (kCancelled)
/// Up to 64 calls run at once, the others wait for one of them to end.
template <typename Call>
auto Async(Call call, arrow::StopToken stop = arrow::StopToken::Unstoppable()) {
  using Answer = decltype(async_internal::Run(call, stop));
  auto future = async_internal::FutureOf<Answer>::Type::Make();
  Spawn(Pool::kIo, [future, call = std::move(call), stop = std::move(stop)]() mutable {
    if (stop.IsStopRequested()) {
      future.MarkFinished(MakeError(ErrorKind::kCancelled, "cancelled before it was begun"));
      return;
    }
    auto answer = async_internal::Run(call, stop);
    future.MarkFinished(std::move(answer));
  });
  return future;
}

}  // namespace glaux
