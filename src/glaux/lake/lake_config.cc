#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>

#include "glaux/base/base64.h"
#include "glaux/base/quantity.h"
#include "glaux/lake/lake.h"

namespace glaux {
namespace {

namespace fs = std::filesystem;

constexpr char kConfigName[] = "glaux.yaml";

Status Bad(const std::string& path, const YAML::Node& node, std::string_view what) {
  const auto mark = node.Mark();
  return MakeError(ErrorKind::kInvalid, path, ", line ", mark.line + 1, ", column ", mark.column + 1, ": ", what);
}

class ConfigReader {
 public:
  explicit ConfigReader(std::string path) : path_(std::move(path)) {}

  Result<LakeConfig> Read() {
    YAML::Node root;
    try {
      root = YAML::LoadFile(path_);
    } catch (const YAML::BadFile&) {
      return MakeError(ErrorKind::kNotFound, "read configuration ", path_,
                       ": there is no such file, or it cannot be read");
    } catch (const YAML::Exception& error) {
      return MakeError(ErrorKind::kInvalid, path_, ", line ", error.mark.line + 1, ", column ", error.mark.column + 1,
                       ": ", error.msg);
    }
    config_.found_by = path_;
    config_.directory = (Base() / "lake").string();
    if (!root || root.IsNull()) return config_;
    try {
      ARROW_RETURN_NOT_OK(Fields(root, "",
                                 {{"lake", [&](const YAML::Node& node) { return Lake(node); }},
                                  {"prices", [&](const YAML::Node& node) { return Prices(node); }},
                                  {"serve", [&](const YAML::Node& node) { return Serve(node); }}}));
      if (uses_glue_) {
        // Of the configuration alone: what a command says of an endpoint is about the files that it names.
        if (glue_.endpoint_url.empty()) glue_.endpoint_url = config_.s3.endpoint_url;
        config_.glue = std::move(glue_);
      } else if (glue_node_.IsDefined() && !glue_node_.IsNull()) {
        return Bad(path_, glue_node_, "lake.glue: the lake's catalog is not Glue; add catalog: glue, or leave it out");
      }
      if (uses_athena_) {
        if (athena_.endpoint_url.empty()) athena_.endpoint_url = config_.s3.endpoint_url;
        config_.athena = std::move(athena_);
      } else if (athena_node_.IsDefined() && !athena_node_.IsNull()) {
        return Bad(path_, athena_node_,
                   "lake.athena: the lake's engine is not Athena; add engine: athena, or leave it out");
      }
    } catch (const YAML::Exception& error) {
      return MakeError(ErrorKind::kInvalid, path_, ", line ", error.mark.line + 1, ", column ", error.mark.column + 1,
                       ": ", error.msg);
    }
    return config_;
  }

 private:
  using Setters = std::map<std::string, std::function<Status(const YAML::Node&)>>;

  fs::path Base() const { return fs::absolute(path_).parent_path(); }

  /// Visit the fields of a map; one that is not known is an error that lists those that are.
  Status Fields(const YAML::Node& node, const std::string& where, const Setters& setters) {
    if (!node.IsMap())
      return Bad(path_, node, "expected fields (name: value)" + (where.empty() ? "" : " under " + where));
    for (const auto& entry : node) {
      const auto name = entry.first.as<std::string>();
      const auto at = setters.find(name);
      if (at == setters.end()) {
        std::string known;
        for (const auto& [key, setter] : setters) known += (known.empty() ? "" : ", ") + key;
        return Bad(path_, entry.first, "there is no field " + where + name + "; known are: " + known);
      }
      try {
        ARROW_RETURN_NOT_OK(at->second(entry.second));
      } catch (const YAML::BadConversion&) {
        return Bad(path_, entry.second,
                   "the value of " + where + name + " is not of its kind, found: " +
                       (entry.second.IsScalar() ? entry.second.Scalar() : "a list or fields"));
      }
    }
    return Status::OK();
  }

  Status Lake(const YAML::Node& node) {
    if (node.IsScalar()) return LakeName(node);
    return Fields(node, "lake.",
                  {{"store", [&](const YAML::Node& n) { return Store(n); }},
                   {"catalog", [&](const YAML::Node& n) { return CatalogKind(n); }},
                   {"glue", [&](const YAML::Node& n) { return Glue(n); }},
                   {"engine", [&](const YAML::Node& n) { return EngineKind(n); }},
                   {"athena", [&](const YAML::Node& n) { return Athena(n); }},
                   {"database", [&](const YAML::Node& n) { return Text(n, &config_.database); }},
                   {"bucket", [&](const YAML::Node& n) { return Text(n, &config_.bucket); }},
                   {"s3", [&](const YAML::Node& n) { return S3Place(n); }},
                   {"aws", [&](const YAML::Node& n) { return Aws(n); }},
                   {"locations",
                    [&](const YAML::Node& n) {
                      const auto text = n.as<std::string>();
                      if (text != "s3" && text != "file")
                        return Bad(path_, n, "lake.locations: expected s3 or file, found: " + text);
                      config_.file_locations = text == "file";
                      return Status::OK();
                    }},
                   {"memory_limit",
                    [&](const YAML::Node& n) {
                      const auto bytes = ParseByteSize(n.as<std::string>());
                      if (!bytes.ok()) return Bad(path_, n, "lake.memory_limit: " + bytes.status().message());
                      config_.memory_limit = *bytes;
                      return Status::OK();
                    }},
                   {"allow_local_access", [&](const YAML::Node& n) {
                      config_.allow_local_access = n.as<bool>();
                      return Status::OK();
                    }}});
  }

  /// A file of its own, so that several lakes can share it.
  Status Prices(const YAML::Node& node) {
    const auto path = Base() / node.as<std::string>();
    auto prices = ReadPriceFile(path.lexically_normal().string());
    if (!prices.ok() && KindOf(prices.status()) == ErrorKind::kNotFound) {
      return Bad(path_, node, "prices: " + prices.status().message());
    }
    ARROW_RETURN_NOT_OK(prices.status());
    config_.prices = *std::move(prices);
    return Status::OK();
  }

  Status Serve(const YAML::Node& node) {
    return Fields(node, "serve.", {{"keys", [&](const YAML::Node& n) {
                                      std::string keys;
                                      ARROW_RETURN_NOT_OK(Text(n, &keys));
                                      config_.serve_keys = Secret(std::move(keys));
                                      return Status::OK();
                                    }}});
  }

  /// "local:./lake".
  Status LakeName(const YAML::Node& node) {
    const auto text = node.as<std::string>();
    if (text.starts_with("local:")) {
      config_.directory = (Base() / text.substr(6)).lexically_normal().string();
      return Status::OK();
    }
    return Bad(path_, node, "lake: expected local:DIRECTORY or the fields store, catalog, engine; found: " + text);
  }

  /// A directory, or "s3://bucket/prefix".
  Status Store(const YAML::Node& node) {
    const auto text = node.as<std::string>();
    if (text.starts_with("s3://")) {
      const auto rest = std::string_view(text).substr(5);
      const auto slash = std::min(rest.find('/'), rest.size());
      config_.bucket = rest.substr(0, slash);
      config_.prefix = rest.substr(std::min(slash + 1, rest.size()));
      while (config_.prefix.ends_with('/')) config_.prefix.pop_back();
      if (config_.bucket.empty()) return Bad(path_, node, "lake.store: expected s3://bucket/prefix, found: " + text);
      config_.remote_store = true;
      return Status::OK();
    }
    if (text.find("://") != std::string::npos) {
      return Bad(path_, node, "lake.store: expected a directory or s3://bucket/prefix, found: " + text);
    }
    config_.directory = (Base() / text).lexically_normal().string();
    return Status::OK();
  }

  Status CatalogKind(const YAML::Node& node) {
    const auto text = node.as<std::string>();
    if (text == "sqlite") return Status::OK();
    if (text != "glue") return Bad(path_, node, "lake.catalog: expected sqlite or glue, found: " + text);
    uses_glue_ = true;
    return Status::OK();
  }

  /// How Glue is reached; counts where the catalog is Glue.
  Status Glue(const YAML::Node& node) {
    glue_node_ = node;
    return Fields(node, "lake.glue.",
                  {{"endpoint_url", [&](const YAML::Node& n) { return Text(n, &glue_.endpoint_url); }},
                   {"catalog_id", [&](const YAML::Node& n) { return Text(n, &glue_.catalog_id); }}});
  }

  Status EngineKind(const YAML::Node& node) {
    const auto text = node.as<std::string>();
    if (text == "duckdb") return Status::OK();
    if (text != "athena") return Bad(path_, node, "lake.engine: expected duckdb or athena, found: " + text);
    uses_athena_ = true;
    return Status::OK();
  }

  /// How Athena is reached and used; counts where the engine is Athena.
  Status Athena(const YAML::Node& node) {
    athena_node_ = node;
    return Fields(node, "lake.athena.",
                  {{"endpoint_url", [&](const YAML::Node& n) { return Text(n, &athena_.endpoint_url); }},
                   {"workgroup", [&](const YAML::Node& n) { return Text(n, &athena_.workgroup); }},
                   {"output_location", [&](const YAML::Node& n) { return Text(n, &athena_.output_location); }},
                   {"catalog", [&](const YAML::Node& n) { return Text(n, &athena_.catalog); }},
                   {"results", [&](const YAML::Node& n) { return Text(n, &athena_.results); }},
                   {"result_reuse",
                    [&](const YAML::Node& n) {
                      const auto age = ParseDuration(n.as<std::string>());
                      if (!age.ok()) return Bad(path_, n, "lake.athena.result_reuse: " + age.status().message());
                      athena_.result_reuse = std::chrono::ceil<std::chrono::minutes>(*age);
                      return Status::OK();
                    }},
                   {"max_concurrent", [&](const YAML::Node& n) {
                      athena_.max_concurrent = n.as<int>();
                      return Status::OK();
                    }}});
  }

  /// Where s3:// addresses of files lead.
  Status S3Place(const YAML::Node& node) {
    const auto text = node.as<std::string>();
    if (text != "lake" && text != "aws") return Bad(path_, node, "lake.s3: expected lake or aws, found: " + text);
    config_.remote_files = text == "aws";
    return Status::OK();
  }

  Status Aws(const YAML::Node& node) {
    auto& s3 = config_.s3;
    const auto secret = [](Secret* into) {
      return [into](const YAML::Node& n) {
        *into = Secret(n.as<std::string>());
        return Status::OK();
      };
    };
    const auto flag = [](bool* into) {
      return [into](const YAML::Node& n) {
        *into = n.as<bool>();
        return Status::OK();
      };
    };
    const auto text = [this](std::string* into) {
      return [this, into](const YAML::Node& n) { return n.IsNull() ? Status::OK() : Text(n, into); };
    };
    return Fields(node, "lake.aws.",
                  {{"region", text(&s3.region)},
                   {"profile", text(&s3.profile)},
                   {"role_arn", text(&s3.role_arn)},
                   {"endpoint_url", text(&s3.endpoint_url)},
                   {"addressing_style", text(&s3.addressing_style)},
                   {"aws_access_key_id", text(&s3.aws_access_key_id)},
                   {"aws_secret_access_key", secret(&s3.aws_secret_access_key)},
                   {"aws_session_token", secret(&s3.aws_session_token)},
                   {"anonymous", flag(&s3.anonymous)},
                   {"requester_pays", flag(&s3.requester_pays)},
                   {"sse", text(&s3.sse)},
                   {"sse_kms_key_id", text(&s3.sse_kms_key_id)},
                   {"sse_bucket_key",
                    [&](const YAML::Node& n) {
                      s3.sse_bucket_key = n.as<bool>();
                      return Status::OK();
                    }},
                   {"sse_customer_key", [&](const YAML::Node& n) { return CustomerKey(n); }},
                   {"tags", [&](const YAML::Node& n) { return Tags(n); }},
                   {"storage_class", text(&s3.storage_class)}});
  }

  /// Errors never show it.
  Status CustomerKey(const YAML::Node& node) {
    std::string bytes;
    if (!node.IsScalar() || !DecodeBase64(node.Scalar(), &bytes) || bytes.size() != 32) {
      return Bad(path_, node, "lake.aws.sse_customer_key: expected base64 of 32 bytes");
    }
    config_.s3.sse_customer_key = Secret(node.Scalar());
    return Status::OK();
  }

  Status Tags(const YAML::Node& node) {
    if (!node.IsMap()) return Bad(path_, node, "lake.aws.tags: expected names with texts");
    if (node.size() > 10) {
      return Bad(path_, node, "lake.aws.tags: S3 takes at most 10 tags, these are " + std::to_string(node.size()));
    }
    for (const auto& tag : node) config_.s3.tags[tag.first.as<std::string>()] = tag.second.as<std::string>();
    return Status::OK();
  }

  Status Text(const YAML::Node& node, std::string* out) {
    *out = node.as<std::string>();
    return out->empty() ? Bad(path_, node, "expected a name, found nothing") : Status::OK();
  }

  const std::string path_;
  LakeConfig config_;
  bool uses_glue_ = false;
  GlueAccess glue_;
  YAML::Node glue_node_{YAML::NodeType::Undefined};
  bool uses_athena_ = false;
  AthenaAccess athena_;
  YAML::Node athena_node_{YAML::NodeType::Undefined};
};

bool IsYaml(std::string_view path) { return path.ends_with(".yaml") || path.ends_with(".yml"); }

Result<LakeConfig> Find(std::string_view given, const std::string& working_directory) {
  std::string named(given);
  std::string found_by = "--lake";
  if (named.empty()) {
    if (const char* environment = std::getenv("GLAUX_LAKE")) named = environment;
    found_by = "GLAUX_LAKE";
  }
  if (!named.empty()) {
    if (IsYaml(named)) {
      ARROW_ASSIGN_OR_RAISE(auto config, ReadLakeConfig(named));
      config.found_by = found_by + ", " + config.found_by;
      return config;
    }
    if (named.starts_with("local:")) named.erase(0, 6);
    return LakeConfig{.found_by = found_by,
                      .directory = (fs::path(working_directory) / named).lexically_normal().string()};
  }
  for (fs::path folder = fs::absolute(working_directory);; folder = folder.parent_path()) {
    std::error_code ignored;
    if (fs::exists(folder / kConfigName, ignored)) return ReadLakeConfig((folder / kConfigName).string());
    if (folder == folder.parent_path()) break;
  }
  return LakeConfig{.found_by = "the default, for there is no glaux.yaml",
                    .directory = (fs::path(working_directory) / "lake").lexically_normal().string()};
}

}  // namespace

Result<LakeConfig> ReadLakeConfig(const std::string& path) { return ConfigReader(path).Read(); }

Result<LakeConfig> FindLakeConfig(std::string_view given, const std::string& working_directory) {
  ARROW_ASSIGN_OR_RAISE(auto config, Find(given, working_directory));
  const auto take = [](const char* name, std::string* into) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') *into = value;
  };
  take("ATHENA_DATABASE", &config.database);
  if (config.athena) {
    take("ATHENA_WORKGROUP", &config.athena->workgroup);
    take("S3_OUTPUT_LOCATION", &config.athena->output_location);
  }
  return config;
}

}  // namespace glaux
