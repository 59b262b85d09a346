#include <algorithm>
#include <set>

#include "glaux/sync/config_keys_internal.h"

namespace glaux::pipeline_file {
namespace {

const KeyTable<PipelineConfig>& PipelineKeys() {
  using P = PipelineConfig;
  static const auto table = [] {
    KeyTable<P> keys;
    keys.Text(
        "name", "Its name. Default: that of its destination.", [](P & p) -> auto& { return p.name; });
    keys.Texts(
        "from", "Names of sources. Default: the only one.", [](P & p) -> auto& { return p.from; });
    keys.Text(
        "to", "Name of a destination. Default: the only one.", [](P & p) -> auto& { return p.to; });
    keys.Text(
        "sql", "A query over the sources, by their names. Default: their rows, one source after the other.",
        [](P & p) -> auto& { return p.sql; });
    keys.Add("on_error",
             "What a row that does not fit does: fail the run, be skipped, or go to quarantine. Default: "
             "fail.",
             Shape::kWord,
             [](const Value& value, P* p) -> Status {
               ARROW_ASSIGN_OR_RAISE(const auto word, value.Word({"fail", "skip", "quarantine"}));
               p->on_error = word == "fail" ? OnError::kFail : word == "skip" ? OnError::kSkip : OnError::kQuarantine;
               return Status::OK();
             })
        .words = {"fail", "skip", "quarantine"};
    keys.Add("quarantine", "Where quarantined rows go, a folder. Default: next to the target.", Shape::kText,
             [](const Value& value, P* p) -> Status {
               ARROW_ASSIGN_OR_RAISE(const auto text, value.Text());
               ARROW_ASSIGN_OR_RAISE(p->quarantine, ResolveAddress(value, text));
               return Status::OK();
             });
    keys.Integer(
        "max_errors", "More bad rows than this fail the run.", 0, INT64_MAX,
        [](P & p) -> auto& { return p.max_errors; });
    keys.Size(
        "checkpoint", "Commit whenever this many bytes of source files are done. Default: once, at the end.",
        [](P & p) -> auto& { return p.checkpoint_bytes; });
    keys.Section("contract", "Instead of the destination's.", "contract", [](const Value& value, P* p) -> Status {
      ARROW_ASSIGN_OR_RAISE(p->contract, ReadContract(value));
      return Status::OK();
    });
    return keys;
  }();
  return table;
}

template <typename T>
std::vector<std::string> Names(const std::map<std::string, T>& named) {
  std::vector<std::string> names;
  for (const auto& [name, value] : named) names.push_back(name);
  return names;
}

Status CheckFrom(const Value& from, const PipelineConfig& pipeline, const SyncConfig& config) {
  std::set<std::string> seen;
  const auto items = from.Items();
  for (size_t i = 0; i < items.size(); ++i) {
    const auto& name = pipeline.from[i];
    if (!config.sources.contains(name)) {
      return items[i].Wrong("there is no source " + items[i].Shown() +
                            NearestHint(items[i].Shown(), Names(config.sources)));
    }
    if (!seen.insert(name).second) return items[i].Wrong("source " + items[i].Shown() + " comes twice");
  }
  return Status::OK();
}

bool Quarantines(const SchemaContract& contract) {
  return contract.columns == ContractMode::kDiscardRow || contract.data_type == ContractMode::kDiscardRow ||
         contract.tables == ContractMode::kDiscardRow;
}

Status CheckSettings(const Given& given, const PipelineConfig& pipeline, const SyncConfig& config) {
  const auto& to = config.destinations.at(pipeline.to);
  const bool has_contract = to.kind != DestinationConfig::Kind::kStdout;
  if (const auto* contract = given.Find("contract"); contract != nullptr && !has_contract) {
    return contract->Wrong("does not fit destination " + to.name + ", which keeps no columns; take it out");
  }
  const bool quarantines =
      pipeline.on_error == OnError::kQuarantine ||
      (has_contract && Quarantines(pipeline.contract.value_or(to.contract.value_or(SchemaContract()))));
  if (const auto* quarantine = given.Find("quarantine"); quarantine != nullptr && !quarantines) {
    return quarantine->Wrong("nothing goes there; say on_error: quarantine too, or discard_row in a contract");
  }
  if (const auto* most = given.Find("max_errors");
      most != nullptr && pipeline.on_error == OnError::kFail && !quarantines) {
    return most->Wrong("does not fit on_error: fail, where the first bad row ends the run");
  }
  if (const auto* checkpoint = given.Find("checkpoint")) {
    const bool files = std::any_of(pipeline.from.begin(), pipeline.from.end(), [&](const std::string& name) {
      return config.sources.at(name).kind == SourceConfig::Kind::kFiles;
    });
    if (!files) return checkpoint->Wrong("counts bytes of source files, and no source has files; take it out");
  }
  return Status::OK();
}

Result<PipelineConfig> ReadPipeline(const Value& value, const std::vector<std::string>& sources,
                                    const SyncConfig& config) {
  PipelineConfig pipeline{.name = {}, .place = value.place(), .to = {}};
  Given given;
  const std::string where = "a pipeline";
  ARROW_RETURN_NOT_OK(ReadKeys(value, where, PipelineKeys(), &pipeline, &given));
  if (const auto* name = given.Find("name")) {
    ARROW_RETURN_NOT_OK(CheckName(*name, pipeline.name));
  }
  if (const auto* from = given.Find("from")) {
    ARROW_RETURN_NOT_OK(CheckFrom(*from, pipeline, config));
  } else if (sources.size() == 1) {
    pipeline.from = sources;
  } else {
    return ErrorAt(value.around().file, value.node(), "a pipeline has no from, and there are several sources");
  }
  if (const auto* to = given.Find("to")) {
    if (!config.destinations.contains(pipeline.to)) {
      return to->Wrong("there is no destination " + to->Shown() + NearestHint(to->Shown(), Names(config.destinations)));
    }
  } else if (config.destinations.size() == 1) {
    pipeline.to = config.destinations.begin()->first;
  } else {
    return ErrorAt(value.around().file, value.node(), "a pipeline has no to, and there are several destinations");
  }
  ARROW_RETURN_NOT_OK(CheckSettings(given, pipeline, config));
  if (pipeline.name.empty()) pipeline.name = pipeline.to;
  return pipeline;
}

}  // namespace

std::vector<const KeyDoc*> PipelineKeyDocs() { return PipelineKeys().docs(); }

Result<std::vector<PipelineConfig>> ReadPipelines(const Value* value, const std::vector<std::string>& sources,
                                                  const SyncConfig& config) {
  std::vector<PipelineConfig> pipelines;
  if (value == nullptr) {
    if (config.destinations.size() > 1) {
      return MakeError(ErrorKind::kInvalid, config.file, ": there are ", config.destinations.size(),
                       " destinations and no pipelines; say under pipelines what flows where "
                       "(- { from: source, to: destination })");
    }
    const auto& to = config.destinations.begin()->second;
    pipelines.push_back({.name = to.name, .place = to.place, .from = sources, .to = to.name});
    return pipelines;
  }
  if (value->node().kind != YamlNode::Kind::kSequence || value->node().items.empty()) {
    return value->Expected("a list of pipelines (- { from: source, to: destination })");
  }
  std::map<std::string, int> lines;
  for (const auto& item : value->Items()) {
    ARROW_ASSIGN_OR_RAISE(auto pipeline, ReadPipeline(item, sources, config));
    const auto [at, is_new] = lines.emplace(pipeline.name, pipeline.place.line);
    if (!is_new) {
      return ErrorAt(
          item.around().file, item.node(),
          "two pipelines have one name, the other one in line " + std::to_string(at->second) + "; give each a name");
    }
    pipelines.push_back(std::move(pipeline));
  }
  return pipelines;
}

}  // namespace glaux::pipeline_file
