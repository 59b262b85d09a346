#include "arguments.h"

#include <algorithm>
#include <cctype>

namespace glaux::cli {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

}  // namespace

Result<std::pair<std::string, std::string>> ParseAssignment(std::string_view text) {
  const auto at = text.rfind('=');
  const auto name = Trim(text.substr(0, std::min(at, text.size())));
  const auto value = at == std::string_view::npos ? std::string_view() : Trim(text.substr(at + 1));
  if (name.empty() || value.empty()) {
    return MakeError(ErrorKind::kInvalid, "not a column with its type: '", text,
                     "'; write COLUMN=TYPE, as in zip=string");
  }
  return std::pair(std::string(name), std::string(value));
}

Result<SchemaContract> ParseContract(std::string_view text, SchemaContract contract) {
  while (!Trim(text).empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const auto part = Trim(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    const auto at = std::min(part.find('='), part.size());
    const auto what = Lower(Trim(part.substr(0, at)));
    ContractMode* mode = what == "tables"                         ? &contract.tables
                         : what == "columns"                      ? &contract.columns
                         : what == "types" || what == "data_type" ? &contract.data_type
                                                                  : nullptr;
    if (mode == nullptr || at == part.size()) {
      return MakeError(ErrorKind::kInvalid, "not a part of a contract: '", part,
                       "'; write tables=, columns= or types= with evolve, freeze, discard_row or discard_value");
    }
    ARROW_ASSIGN_OR_RAISE(*mode, ParseContractMode(Lower(Trim(part.substr(at + 1)))));
  }
  return contract;
}

}  // namespace glaux::cli
