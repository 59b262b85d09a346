#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <arrow/util/bitmap_ops.h>

#include "glaux/format/parquet_internal.h"

namespace glaux {
namespace {

using arrow::DictionaryArray;

Result<std::shared_ptr<arrow::ChunkedArray>> Dense(const arrow::ArrayVector& chunks,
                                                   const std::shared_ptr<arrow::DataType>& value_type) {
  arrow::ArrayVector dense;
  for (const auto& chunk : chunks) {
    if (chunk->type_id() == arrow::Type::DICTIONARY) {
      ARROW_ASSIGN_OR_RAISE(dense.emplace_back(), arrow::compute::Cast(*chunk, value_type));
    } else {
      dense.push_back(chunk);
    }
  }
  return arrow::ChunkedArray::Make(std::move(dense), value_type);
}

/// All chunks are dictionaries of the file's type with 32-bit indices that point to values.
bool CanUnify(const arrow::ArrayVector& chunks, const arrow::DataType& value_type) {
  for (const auto& chunk : chunks) {
    if (chunk->type_id() != arrow::Type::DICTIONARY) return false;
    const auto& type = static_cast<const arrow::DictionaryType&>(*chunk->type());
    const auto& dictionary = *static_cast<const DictionaryArray&>(*chunk).dictionary();
    if (type.index_type()->id() != arrow::Type::INT32 || !type.value_type()->Equals(value_type) ||
        dictionary.null_count() != 0) {
      return false;
    }
  }
  return !chunks.empty();
}

}  // namespace

Result<std::shared_ptr<arrow::ChunkedArray>> OneDictionary(const arrow::ArrayVector& chunks,
                                                           const std::shared_ptr<arrow::DataType>& value_type) {
  if (!CanUnify(chunks, *value_type)) return Dense(chunks, value_type);
  int64_t rows = 0;
  int64_t entries = 0;
  for (const auto& chunk : chunks) {
    rows += chunk->length();
    entries += static_cast<const DictionaryArray&>(*chunk).dictionary()->length();
  }
  if (entries == 0) {
    ARROW_ASSIGN_OR_RAISE(auto nulls, arrow::MakeArrayOfNull(value_type, rows));
    return std::make_shared<arrow::ChunkedArray>(std::move(nulls));
  }
  // Mostly distinct values: a dictionary would only be a second copy.
  if (entries * 2 > rows && chunks.size() > 1 && rows > 1024) return Dense(chunks, value_type);

  ARROW_ASSIGN_OR_RAISE(auto unifier, arrow::DictionaryUnifier::Make(value_type));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> indices_buffer,
                        arrow::AllocateBuffer(rows * static_cast<int64_t>(sizeof(int32_t))));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> validity, arrow::AllocateEmptyBitmap(rows));
  auto* indices = reinterpret_cast<int32_t*>(indices_buffer->mutable_data());
  int64_t at = 0;
  int64_t nulls = 0;
  for (const auto& chunk : chunks) {
    const auto& array = static_cast<const DictionaryArray&>(*chunk);
    std::shared_ptr<arrow::Buffer> map_buffer;
    if (array.dictionary()->length() > 0) ARROW_RETURN_NOT_OK(unifier->Unify(*array.dictionary(), &map_buffer));
    const auto* map = map_buffer == nullptr ? nullptr : reinterpret_cast<const int32_t*>(map_buffer->data());
    const auto* from = array.data()->GetValues<int32_t>(1);
    const int64_t length = array.length();
    if (array.null_count() == 0) {
      for (int64_t i = 0; i < length; ++i) indices[at + i] = map[from[i]];
      arrow::bit_util::SetBitsTo(validity->mutable_data(), at, length, true);
    } else {
      // What an index of a null holds is anything.
      for (int64_t i = 0; i < length; ++i) indices[at + i] = array.IsNull(i) ? 0 : map[from[i]];
      arrow::internal::CopyBitmap(array.null_bitmap_data(), array.offset(), length, validity->mutable_data(), at);
      nulls += array.null_count();
    }
    at += length;
  }
  std::shared_ptr<arrow::Array> dictionary;
  ARROW_RETURN_NOT_OK(unifier->GetResultWithIndexType(arrow::int32(), &dictionary));
  auto type = arrow::dictionary(arrow::int32(), value_type);
  auto data = arrow::ArrayData::Make(type, rows,
                                     {nulls == 0 ? nullptr : std::move(validity), std::move(indices_buffer)}, nulls);
  data->dictionary = dictionary->data();
  return std::make_shared<arrow::ChunkedArray>(arrow::ArrayVector{arrow::MakeArray(std::move(data))}, type);
}

}  // namespace glaux
