#include <algorithm>

#include "glaux/base/secrets.h"
#include "glaux/sync/config_keys_internal.h"

namespace glaux::pipeline_file {
namespace {

std::string Cut(std::string_view name) {
  const std::string shown = WithoutSecrets(name);
  return shown.size() <= 100 ? shown : shown.substr(0, 97) + "...";
}

std::string FamilyList(unsigned families) {
  std::vector<std::string_view> names;
  for (const unsigned family : {kCsvFamily, kJsonFamily, kTxtFamily, kParquetFamily}) {
    if ((families & family) != 0) names.push_back(FamilyName(family));
  }
  std::string list;
  for (size_t i = 0; i < names.size(); ++i) {
    list.append(i == 0 ? "" : i + 1 == names.size() ? " and " : ", ").append(names[i]);
  }
  return list;
}

}  // namespace

const Value* Given::Find(std::string_view key) const {
  const auto found = std::find_if(values_.begin(), values_.end(), [&](const Value& v) { return v.key() == key; });
  return found == values_.end() ? nullptr : &*found;
}

std::vector<const KeyDoc*> SectionKeyDocs(std::string_view section) {
  if (section == "select") return SelectKeyDocs();
  if (section == "incremental") return IncrementalKeyDocs();
  if (section == "contract") return ContractKeyDocs();
  if (section == "source") return SourceKeyDocs();
  if (section == "destination") return DestinationKeyDocs();
  if (section == "pipeline") return PipelineKeyDocs();
  return {};
}

Status UnknownKey(const Value& field, const YamlNode& key, const std::vector<const KeyDoc*>& known) {
  const auto where = field.where().empty() ? std::string("a pipeline file") : field.where();
  const auto& file = field.around().file;
  if (NamesSecret(field.key())) {
    return ErrorAt(file, key,
                   "no key '" + Cut(field.key()) + "' in " + where +
                       ": secrets stand under aws_secret_access_key and aws_session_token of s3:// addresses alone, "
                       "best as ${VAR}; without them they come from the AWS chain (profile, environment, role)");
  }
  std::string hint = NearestHint(Cut(field.key()), [&] {
    std::vector<std::string> names;
    for (const auto* doc : known) names.emplace_back(doc->name);
    return names;
  }());
  for (const auto* doc : known) {
    if (doc->shape != Shape::kSection) continue;
    for (const auto* inner : SectionKeyDocs(doc->section)) {
      if (inner->name == field.key()) hint = "; it stands under " + std::string(doc->name);
    }
  }
  return ErrorAt(file, key, "no key '" + Cut(field.key()) + "' in " + where + hint);
}

Status CheckGivenOnce(const Given& given, const std::vector<const KeyDoc*>& known) {
  for (const auto* doc : known) {
    if (doc->instead_of.empty()) continue;
    const auto* value = given.Find(doc->name);
    if (value != nullptr && given.Find(doc->instead_of) != nullptr) {
      return value->Wrong("is the same as " + std::string(doc->instead_of) + ", which is given too; keep one of them");
    }
  }
  return Status::OK();
}

Status CheckPlaces(const Given& given, const std::vector<const KeyDoc*>& known, unsigned kind,
                   std::string_view kind_name, unsigned families, std::string_view format) {
  for (const auto& value : given.values()) {
    const auto doc =
        std::find_if(known.begin(), known.end(), [&](const KeyDoc* one) { return one->name == value.key(); });
    if (((*doc)->kinds & kind) == 0) {
      return value.Wrong("does not fit " + std::string(kind_name) + "; take it out");
    }
    if (((*doc)->families & families) == 0) {
      return value.Wrong("is an option of " + FamilyList((*doc)->families) + ", and the format is " +
                         std::string(format) + "; take it out");
    }
  }
  return Status::OK();
}

Status CheckName(const Value& value, const std::string& name) {
  const bool fits = !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  if (fits) return Status::OK();
  return value.Wrong("a name is 1 to 100 letters (a-z), digits, _ and -");
}

}  // namespace glaux::pipeline_file
