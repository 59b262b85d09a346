#include "glaux/sync/config_keys_internal.h"

// How rows meet what is there: modes and contracts.

namespace glaux {
namespace {

constexpr std::pair<WriteMode, std::string_view> kModes[] = {{WriteMode::kAppend, "append"},
                                                             {WriteMode::kReplace, "replace"},
                                                             {WriteMode::kOverwritePartitions, "overwrite_partitions"},
                                                             {WriteMode::kUpsert, "upsert"},
                                                             {WriteMode::kInsertNew, "insert_new"}};

}  // namespace

Result<WriteMode> ParseWriteMode(std::string_view text) {
  for (const auto& [mode, name] : kModes) {
    if (name == text) return mode;
  }
  return MakeError(ErrorKind::kInvalid, "no write mode '", text,
                   "'; there are append, replace, overwrite_partitions, upsert, insert_new");
}

std::string_view WriteModeName(WriteMode mode) {
  for (const auto& [known, name] : kModes) {
    if (known == mode) return name;
  }
  return "?";
}

namespace pipeline_file {
namespace {

const KeyTable<SchemaContract>& ContractKeys() {
  using C = SchemaContract;
  static const auto table = [] {
    KeyTable<C> keys;
    const auto add = [&](std::string_view name, std::string_view doc, ContractMode C::*member,
                         std::vector<std::string_view> words) {
      keys.Add(name, doc, Shape::kWord,
               [member, words](const Value& value, C* into) -> Status {
                 ARROW_ASSIGN_OR_RAISE(const auto word, value.Word(words));
                 ARROW_ASSIGN_OR_RAISE(into->*member, ParseContractMode(word));
                 return Status::OK();
               })
          .words = words;
    };
    add("tables", "When the table is not there. Default: evolve, make it.", &C::tables,
        {"evolve", "freeze", "discard_row", "discard_value"});
    add("columns", "When data has a column that the table lacks. Default: evolve, add it.", &C::columns,
        {"evolve", "freeze", "discard_row", "discard_value"});
    add("data_type", "When a column's type differs. Default: freeze, refuse; evolve widens.", &C::data_type,
        {"evolve", "freeze", "discard_row", "discard_value"});
    return keys;
  }();
  return table;
}

}  // namespace

std::vector<const KeyDoc*> ContractKeyDocs() { return ContractKeys().docs(); }

Result<SchemaContract> ReadContract(const Value& value) {
  SchemaContract contract;
  ARROW_RETURN_NOT_OK(ReadKeys(value, value.key() + " of " + value.where(), ContractKeys(), &contract));
  return contract;
}

}  // namespace pipeline_file
}  // namespace glaux
