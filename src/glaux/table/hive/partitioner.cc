#include "glaux/table/hive/partitioner.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>

#include <cstdio>
#include <numeric>
#include <unordered_map>

#include "glaux/table/hive/hive_path.h"

namespace glaux {
namespace {

constexpr int64_t kHour = 3'600'000'000;
constexpr int64_t kNullBucket = INT64_MIN;

/// Whole hours since 1970 of every row (days for dates come as their first hour); kNullBucket for null.
Result<std::vector<int64_t>> HoursOf(const std::shared_ptr<arrow::Array>& array) {
  ARROW_ASSIGN_OR_RAISE(auto cast, arrow::compute::Cast(*array, arrow::timestamp(arrow::TimeUnit::MICRO),
                                                        arrow::compute::CastOptions::Unsafe()));
  const auto& times = static_cast<const arrow::TimestampArray&>(*cast);
  std::vector<int64_t> hours(times.length());
  for (int64_t i = 0; i < times.length(); ++i) {
    if (times.IsNull(i)) {
      hours[i] = kNullBucket;
    } else {
      const int64_t micros = times.Value(i);
      hours[i] = micros >= 0 ? micros / kHour : -((-micros + kHour - 1) / kHour);
    }
  }
  return hours;
}

/// year, month, day, hour as text, down to the transform's level.
void AppendTimeValues(Transform transform, int64_t hours, std::vector<std::string>* values) {
  const int levels = static_cast<int>(transform) - static_cast<int>(Transform::kYear) + 1;
  if (hours == kNullBucket) {
    values->insert(values->end(), levels, kHiveNullPartition);
    return;
  }
  const std::chrono::sys_time<std::chrono::hours> time{std::chrono::hours(hours)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  char text[16];
  std::snprintf(text, sizeof text, "%04d", static_cast<int>(date.year()));
  values->emplace_back(text);
  const unsigned parts[] = {static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                            static_cast<unsigned>((time - day).count())};
  for (int level = 1; level < levels; ++level) {
    std::snprintf(text, sizeof text, "%02u", parts[level - 1]);
    values->emplace_back(text);
  }
}

/// Text of every distinct value of an identity column, as Hive writes it, and each row's number in it.
struct IdentityValues {
  std::vector<std::string> texts;
  std::vector<int64_t> numbers;
};

Result<IdentityValues> IdentityOf(std::shared_ptr<arrow::Array> array) {
  if (array->type_id() != arrow::Type::DICTIONARY) {
    ARROW_ASSIGN_OR_RAISE(auto encoded, arrow::compute::DictionaryEncode(array));
    array = encoded.make_array();
  }
  const auto& dictionary = static_cast<const arrow::DictionaryArray&>(*array);
  IdentityValues out;
  for (int64_t i = 0; i < dictionary.dictionary()->length(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto scalar, dictionary.dictionary()->GetScalar(i));
    std::string text = scalar->is_valid ? scalar->ToString() : kHiveNullPartition;
    // Hive has no empty folder name: empty and null are one partition there.
    out.texts.push_back(text.empty() ? kHiveNullPartition : std::move(text));
  }
  out.numbers.resize(array->length());
  for (int64_t i = 0; i < array->length(); ++i) {
    out.numbers[i] = dictionary.IsNull(i) ? kNullBucket : dictionary.GetValueIndex(i);
  }
  return out;
}

int64_t BucketOf(Transform transform, int64_t hours) {
  if (hours == kNullBucket || transform == Transform::kHour) return hours;
  const auto day =
      std::chrono::floor<std::chrono::days>(std::chrono::sys_time<std::chrono::hours>{std::chrono::hours(hours)});
  if (transform == Transform::kDay) return day.time_since_epoch().count();
  const std::chrono::year_month_day date(day);
  const int64_t year = static_cast<int>(date.year());
  return transform == Transform::kYear ? year : year * 12 + static_cast<unsigned>(date.month());
}

}  // namespace

Partitioner::Partitioner(std::vector<PartitionField> spec, const arrow::Schema& schema, Timestamp write_time)
    : write_time_(write_time) {
  for (const auto& field : spec) {
    keys_.push_back({field.transform, field.source_column.empty() ? -1 : schema.GetFieldIndex(field.source_column)});
  }
}

Result<PartitionedRows> Partitioner::Split(const arrow::RecordBatch& batch) const {
  const int64_t rows = batch.num_rows();
  // Number the groups of the first key, then refine them key by key.
  std::vector<int32_t> group_of(rows, 0);
  std::vector<std::vector<std::string>> values(1);
  for (const auto& key : keys_) {
    if (key.column < 0) {
      const auto hours = std::chrono::floor<std::chrono::hours>(write_time_).time_since_epoch().count();
      for (auto& group : values) AppendTimeValues(key.transform, hours, &group);
      continue;
    }
    const auto array = batch.column(key.column);
    std::vector<int64_t> numbers;
    IdentityValues identity;
    if (key.transform == Transform::kIdentity) {
      ARROW_ASSIGN_OR_RAISE(identity, IdentityOf(array));
      numbers = std::move(identity.numbers);
    } else {
      ARROW_ASSIGN_OR_RAISE(numbers, HoursOf(array));
    }
    std::map<std::pair<int32_t, int64_t>, int32_t> refined;
    std::vector<std::vector<std::string>> refined_values;
    std::pair<int32_t, int64_t> last_pair{-1, 0};
    int64_t last_number = 0;
    int32_t last = -1;
    for (int64_t i = 0; i < rows; ++i) {
      // Neighbouring rows mostly share their partition: look there first.
      if (last >= 0 && group_of[i] == last_pair.first && numbers[i] == last_number) {
        group_of[i] = last;
        continue;
      }
      last_number = numbers[i];
      const int64_t bucket = key.transform == Transform::kIdentity ? numbers[i] : BucketOf(key.transform, numbers[i]);
      last_pair = {group_of[i], bucket};
      const auto [at, fresh] = refined.try_emplace(last_pair, static_cast<int32_t>(refined_values.size()));
      if (fresh) {
        auto group = values[group_of[i]];
        if (key.transform != Transform::kIdentity) {
          AppendTimeValues(key.transform, numbers[i], &group);
        } else {
          group.push_back(numbers[i] == kNullBucket ? kHiveNullPartition : identity.texts[numbers[i]]);
        }
        refined_values.push_back(std::move(group));
      }
      last = at->second;
      group_of[i] = last;
    }
    values = std::move(refined_values);
  }

  PartitionedRows out;
  std::vector<int64_t> counts(values.size() + 1, 0);
  for (const int32_t group : group_of) ++counts[group + 1];
  std::partial_sum(counts.begin(), counts.end(), counts.begin());
  for (size_t g = 0; g < values.size(); ++g) {
    if (counts[g] < counts[g + 1]) out.groups.push_back({std::move(values[g]), counts[g], counts[g + 1]});
  }
  out.rows.resize(rows);
  for (int64_t i = 0; i < rows; ++i) out.rows[counts[group_of[i]]++] = static_cast<int32_t>(i);
  return out;
}

}  // namespace glaux
