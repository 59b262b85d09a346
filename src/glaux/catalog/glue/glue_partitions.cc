#include "glaux/catalog/glue/glue_partitions_internal.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "glaux/base/parallel.h"
#include "glaux/catalog/entry_json.h"
#include "glaux/wire/glue_partition.h"

namespace glaux::glue {
namespace {

namespace wg = wire::glue;
using Expect = PartitionChange::Expect;
using Values = std::vector<std::string>;

std::string ShownValues(const Values& values) {
  std::string text = "[";
  for (const auto& value : values) {
    if (text.size() > 1) text += ", ";
    for (const char c : std::string_view(value).substr(0, 80)) text += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  }
  return text + "]";
}

Result<std::vector<PartitionEntry>> EntriesOf(const GlueConnection& connection, std::string_view operation,
                                              const TableId& table,
                                              std::optional<std::vector<boost::json::object>> partitions) {
  std::vector<PartitionEntry> entries;
  if (!partitions) return entries;
  entries.reserve(partitions->size());
  for (auto& partition : *partitions) {
    auto entry = PartitionFromJson(std::move(partition));
    if (!entry.ok()) return connection.BadAnswer(operation, table.ToString(), entry.status());
    entries.push_back(std::move(*entry));
  }
  return entries;
}

boost::json::object InputOf(const PartitionEntry& partition) {
  auto input = ToJson(partition);
  input.erase("CreationTime");
  return input;
}

/// What became of one partition that did not succeed.
struct Refused {
  Values values;
  std::string code;
  std::string message;
};

template <typename Item, typename ValuesOf>
std::vector<Refused> RefusedOf(const std::optional<std::vector<Item>>& errors, ValuesOf&& values_of) {
  std::vector<Refused> refused;
  for (const auto& error : errors.value_or(std::vector<Item>())) {
    const auto detail = error.ErrorDetail.value_or(wg::ErrorDetail());
    refused.push_back({.values = values_of(error).value_or(Values()),
                       .code = detail.ErrorCode.value_or(""),
                       .message = detail.ErrorMessage.value_or("")});
  }
  return refused;
}

/// The error of a batch: one of its partitions, and how many there are of them.
Status BatchError(std::string_view operation, const TableId& table, const std::vector<Refused>& refused, size_t batch) {
  const auto& one = refused.front();
  std::string text = std::string(operation) + " " + table.ToString() + ": partition " + ShownValues(one.values) + ": " +
                     one.code + (one.message.empty() ? "" : ": " + one.message);
  if (refused.size() > 1) {
    text += "; " + std::to_string(refused.size()) + " of a batch of " + std::to_string(batch) + " were refused";
  }
  return MakeErrorMessage({.kind = aws::KindOfServiceError(one.code, 400),
                           .service = "glue",
                           .operation = std::string(operation),
                           .code = one.code},
                          std::move(text));
}

/// Whether another try may help one partition of a batch.
bool MayPass(const Refused& refused) {
  switch (aws::KindOfServiceError(refused.code, 400)) {
    case ErrorKind::kThrottled:
    case ErrorKind::kUnavailable:
    case ErrorKind::kTimeout:
    case ErrorKind::kPrecondition:  // somebody changes the table at the moment
      return true;
    default:
      return false;
  }
}

/// Sends one batch of `items` and says which were refused.
template <typename Item>
using SendBatch = std::function<Result<std::vector<Refused>>(const std::vector<Item>& items)>;

/// Send a batch until nothing is left of it that another try may help.
/// \param values_of tells the values of an item
/// \param tolerated takes what was refused and is well all the same
template <typename Item>
Status SendUntilDone(GlueConnection& connection, std::string_view operation, const TableId& table,
                     std::vector<Item> items, const SendBatch<Item>& send,
                     const std::function<const Values&(const Item&)>& values_of,
                     const std::function<bool(const Refused&)>& tolerated) {
  const auto& options = connection.options();
  return Retry(options.retry, Idempotency::kSafe, *options.clock, nullptr, arrow::StopToken::Unstoppable(),
               [&](int, RetryHint* hint) -> Status {
                 hint->give_up = true;  // the exchange has its own tries
                 ARROW_ASSIGN_OR_RAISE(auto refused, send(items));
                 std::erase_if(refused, tolerated);
                 if (refused.empty()) return Status::OK();
                 const auto lasting =
                     std::find_if(refused.begin(), refused.end(), [](const Refused& one) { return !MayPass(one); });
                 if (lasting != refused.end()) {
                   std::rotate(refused.begin(), lasting, lasting + 1);
                   return BatchError(operation, table, refused, items.size());
                 }
                 const Status refusal = BatchError(operation, table, refused, items.size());
                 std::erase_if(items, [&](const Item& item) {
                   return std::none_of(refused.begin(), refused.end(),
                                       [&](const Refused& one) { return one.values == values_of(item); });
                 });
                 hint->give_up = items.empty();  // an answer that names none of what was asked
                 ErrorInfo info = InfoOf(refusal);
                 if (info.kind == ErrorKind::kPrecondition) info.kind = ErrorKind::kUnavailable;
                 return MakeErrorMessage(std::move(info), refusal.message());
               });
}

/// Cut `items` in batches of `size` and work on some at once.
template <typename Item, typename Work>
Status ForBatches(const GlueConnection& connection, const std::vector<Item>& items, size_t size, Work&& work) {
  const size_t batches = (items.size() + size - 1) / size;
  return ParallelForIndex(batches, connection.options().max_parallel, Pool::kIo, arrow::StopToken::Unstoppable(),
                          [&](size_t number) -> Status {
                            const auto begin = items.begin() + static_cast<ptrdiff_t>(number * size);
                            const auto end =
                                begin + static_cast<ptrdiff_t>(std::min<size_t>(size, items.end() - begin));
                            return work(std::vector<Item>(begin, end));
                          });
}

Status Drop(GlueConnection& connection, const TableId& table, const std::vector<Values>& drop, bool must_be_there) {
  constexpr std::string_view kOperation = wg::BatchDeletePartitionRequest::kOperation;
  return ForBatches(connection, drop, wg::kMostDeleted, [&](std::vector<Values> batch) {
    const SendBatch<Values> send = [&](const std::vector<Values>& items) -> Result<std::vector<Refused>> {
      wg::BatchDeletePartitionRequest request{.DatabaseName = table.database, .TableName = table.name};
      for (const auto& values : items) request.PartitionsToDelete.push_back({values});
      ARROW_ASSIGN_OR_RAISE(const auto answer,
                            connection.Send(std::move(request), table.ToString(),
                                            must_be_there ? Idempotency::kUnsafe : Idempotency::kSafe));
      return RefusedOf(answer.Errors, [](const auto& error) { return error.PartitionValues; });
    };
    return SendUntilDone<Values>(
        connection, kOperation, table, std::move(batch), send, [](const Values& item) -> const Values& { return item; },
        [&](const Refused& one) { return !must_be_there && one.code == "EntityNotFoundException"; });
  });
}

Status Update(GlueConnection& connection, const TableId& table, std::vector<const PartitionEntry*> batch) {
  using Item = const PartitionEntry*;
  const SendBatch<Item> send = [&](const std::vector<Item>& items) -> Result<std::vector<Refused>> {
    wg::BatchUpdatePartitionRequest request{.DatabaseName = table.database, .TableName = table.name};
    for (const auto* item : items) request.Entries.push_back({item->values, InputOf(*item)});
    ARROW_ASSIGN_OR_RAISE(const auto answer, connection.Send(std::move(request), table.ToString()));
    return RefusedOf(answer.Errors, [](const auto& error) { return error.PartitionValueList; });
  };
  return SendUntilDone<Item>(
      connection, wg::BatchUpdatePartitionRequest::kOperation, table, std::move(batch), send,
      [](const Item& item) -> const Values& { return item->values; }, [](const Refused&) { return false; });
}

/// \param existing gets those that are there already; null: that is an error
Status Create(GlueConnection& connection, const TableId& table, std::vector<const PartitionEntry*> batch,
              std::vector<Values>* existing) {
  using Item = const PartitionEntry*;
  const SendBatch<Item> send = [&](const std::vector<Item>& items) -> Result<std::vector<Refused>> {
    wg::BatchCreatePartitionRequest request{.DatabaseName = table.database, .TableName = table.name};
    for (const auto* item : items) request.PartitionInputList.push_back(InputOf(*item));
    ARROW_ASSIGN_OR_RAISE(const auto answer,
                          connection.Send(std::move(request), table.ToString(),
                                          existing == nullptr ? Idempotency::kUnsafe : Idempotency::kSafe));
    return RefusedOf(answer.Errors, [](const auto& error) { return error.PartitionValues; });
  };
  return SendUntilDone<Item>(
      connection, wg::BatchCreatePartitionRequest::kOperation, table, std::move(batch), send,
      [](const Item& item) -> const Values& { return item->values; },
      [&](const Refused& one) {
        if (existing == nullptr || one.code != "AlreadyExistsException") return false;
        existing->push_back(one.values);
        return true;
      });
}

Status Put(GlueConnection& connection, const TableId& table, const std::vector<const PartitionEntry*>& batch,
           const PartitionChange& change) {
  if (change.expect == Expect::kThere) return Update(connection, table, batch);
  if (change.expect == Expect::kNew || change.expect == Expect::kMoves) {
    return Create(connection, table, batch, nullptr);
  }
  for (int attempt = 1;; ++attempt) {
    std::vector<Values> existing;
    ARROW_RETURN_NOT_OK(Create(connection, table, batch, &existing));
    if (existing.empty() || !change.replace_existing) return Status::OK();
    std::vector<const PartitionEntry*> again;
    for (const auto* partition : batch) {
      if (std::find(existing.begin(), existing.end(), partition->values) != existing.end()) again.push_back(partition);
    }
    const Status updated = Update(connection, table, std::move(again));
    // Somebody else may drop one between the two calls.
    if (KindOf(updated) != ErrorKind::kNotFound || updated.ok() || attempt == 3) return updated;
  }
}

}  // namespace

Result<Page<PartitionEntry>> GetPartitions(GlueConnection& connection, const TableId& table,
                                           const PartitionQuery& query) {
  wg::GetPartitionsRequest request{.DatabaseName = table.database, .TableName = table.name};
  if (!query.expression.empty()) request.Expression = query.expression;
  if (!query.page.next_token.empty()) request.NextToken = query.page.next_token;
  if (query.segment) request.Segment = {.SegmentNumber = query.segment->number, .TotalSegments = query.segment->total};
  if (query.exclude_column_schema) request.ExcludeColumnSchema = true;
  request.MaxResults = query.page.max_results;
  ARROW_ASSIGN_OR_RAISE(auto answer, connection.Send(std::move(request), table.ToString()));
  Page<PartitionEntry> page;
  ARROW_ASSIGN_OR_RAISE(
      page.entries, EntriesOf(connection, wg::GetPartitionsRequest::kOperation, table, std::move(answer.Partitions)));
  page.next_token = answer.NextToken.value_or("");
  return page;
}

Result<std::vector<PartitionEntry>> FindPartitions(GlueConnection& connection, const TableId& table,
                                                   std::span<const Values> values) {
  const auto& options = connection.options();
  std::map<Values, PartitionEntry> found;
  std::vector<wg::PartitionValueList> left;
  for (const auto& one : values) left.push_back({one});
  while (!left.empty()) {
    // What the service had no time for comes back unprocessed, and is asked for again after a while.
    std::vector<wg::PartitionValueList> batch(left.end() - static_cast<ptrdiff_t>(std::min(left.size(), wg::kMostGot)),
                                              left.end());
    left.resize(left.size() - batch.size());
    ARROW_RETURN_NOT_OK(
        Retry(options.retry, Idempotency::kSafe, *options.clock, nullptr, arrow::StopToken::Unstoppable(),
              [&](int, RetryHint* hint) -> Status {
                hint->give_up = true;
                wg::BatchGetPartitionRequest request{
                    .DatabaseName = table.database, .TableName = table.name, .PartitionsToGet = batch};
                ARROW_ASSIGN_OR_RAISE(auto answer, connection.Send(std::move(request), table.ToString()));
                ARROW_ASSIGN_OR_RAISE(auto entries, EntriesOf(connection, wg::BatchGetPartitionRequest::kOperation,
                                                              table, std::move(answer.Partitions)));
                for (auto& entry : entries) found.insert_or_assign(entry.values, std::move(entry));
                batch = answer.UnprocessedKeys.value_or(std::vector<wg::PartitionValueList>());
                if (batch.empty()) return Status::OK();
                hint->give_up = false;
                return MakeError({.kind = ErrorKind::kUnavailable, .service = "glue", .operation = "BatchGetPartition"},
                                 "BatchGetPartition ", table.ToString(), ": ", batch.size(),
                                 " partitions were not processed, the first is ", ShownValues(batch.front().Values));
              }));
  }
  std::vector<PartitionEntry> entries;
  for (const auto& one : values) {
    if (const auto at = found.find(one); at != found.end()) entries.push_back(at->second);
  }
  return entries;
}

Status ApplyPartitions(GlueConnection& connection, const TableId& table, const PartitionChange& change) {
  const bool drops_checked = change.expect == Expect::kThere || change.expect == Expect::kMoves;
  ARROW_RETURN_NOT_OK(Drop(connection, table, change.drop, drops_checked));
  std::vector<const PartitionEntry*> put;
  for (const auto& partition : change.put) put.push_back(&partition);
  return ForBatches(connection, put, wg::kMostCreated, [&](const std::vector<const PartitionEntry*>& batch) {
    return Put(connection, table, batch, change);
  });
}

}  // namespace glaux::glue
