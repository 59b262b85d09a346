// The ledger of loaded files and the states of streams, changed and read apart from commits.
#include <algorithm>

#include "glaux/base/random.h"
#include "glaux/table/hive/hive_commit_internal.h"

namespace glaux {

Result<Ledger> ReadLedger(const HivePlace& place) {
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(auto state, FinishOpenCommit(place, arrow::StopToken::Unstoppable()));
    auto files = place.log->ReadLedger(state);
    if (files.ok()) return Ledger{std::move(state), *std::move(files)};
    // Segments are merged with a commit; the state says into what.
    if (KindOf(files.status()) != ErrorKind::kNotFound) return files.status();
    ARROW_ASSIGN_OR_RAISE(const auto now, place.log->Read());
    if (now.version == state.version) return files.status();
  }
}

Status ChangeStream(const HivePlace& place, const StreamChange& change) {
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const auto state, FinishOpenCommit(place, arrow::StopToken::Unstoppable()));
    const Status expected = state.CheckStreams({&change, 1});
    if (!expected.ok()) return Prefix(expected, place.id.ToString());
    auto next = state;
    next.ChangeStreams({&change, 1});
    if (next.streams == state.streams) return Status::OK();
    const auto swapped = place.log->Swap(state, next);
    if (swapped.ok()) return Status::OK();
    if (KindOf(swapped.status()) == ErrorKind::kPrecondition) continue;
    if (!AnswerWasLost(swapped.status())) return swapped.status();
    // Nobody but this call swaps from `state` to exactly this.
    const auto now = place.log->Read();
    if (now.ok() && now->version == state.version + 1 && now->streams == next.streams) return Status::OK();
    return swapped.status();
  }
}

Result<int64_t> ForgetLoaded(const HivePlace& place, const std::function<bool(const LoadedFile&)>& forget) {
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(auto ledger, ReadLedger(place));
    const auto forgotten = static_cast<int64_t>(std::erase_if(ledger.files, forget));
    if (forgotten == 0 && !ledger.state.watermark.has_value()) return 0;
    auto next = ledger.state;
    next.watermark.reset();
    const std::string segment = NewId() + "-kept";
    const std::vector<std::string> fresh = {segment};
    next.ledger = ledger.files.empty() ? std::vector<std::string>() : fresh;
    if (!ledger.files.empty()) ARROW_RETURN_NOT_OK(place.log->WriteSegment(segment, ledger.files));
    const auto swapped = place.log->Swap(ledger.state, next);
    bool happened = swapped.ok();
    if (!happened && AnswerWasLost(swapped.status())) {
      const auto now = place.log->Read();
      if (!now.ok()) return swapped.status();
      happened = !next.ledger.empty() && !now->ledger.empty() && now->ledger.front() == segment;
    }
    if (happened) {
      ARROW_RETURN_NOT_OK(place.log->DropSegments(ledger.state.ledger));
      return forgotten;
    }
    ARROW_RETURN_NOT_OK(place.log->DropSegments(fresh));
    if (KindOf(swapped.status()) != ErrorKind::kPrecondition) return swapped.status();
  }
}

}  // namespace glaux
