#include <algorithm>

#include "glaux/serve/glue/call_internal.h"
#include "glaux/wire/json_shape.h"

namespace glaux::serve::glue {
namespace {

constexpr size_t kMostTags = 50;

/// What an ARN names, if it is there: "arn:aws:glue:us-east-1:123456789012:table/shop/orders".
Result<TaggedResource> FindResource(Call& call, const std::string& arn) {
  std::string_view rest = arn;
  for (int part = 0; part < 5; ++part) {
    const auto colon = rest.find(':');
    if (colon == rest.npos) return InvalidInput("ResourceArn is no ARN: ", arn);
    rest.remove_prefix(colon + 1);
  }
  if (rest == "catalog") return TaggedResource{.Resource = std::string(rest)};
  const auto kind = rest.substr(0, rest.find('/'));
  rest.remove_prefix(std::min(kind.size() + 1, rest.size()));
  if (kind == "database") {
    ARROW_ASSIGN_OR_RAISE(const auto database, call.catalog.GetDatabase(rest));
    return TaggedResource{.Resource = "database/" + database.name, .Created = FormatTimestamp(database.create_time)};
  }
  if (const auto slash = rest.find('/'); kind == "table" && slash != rest.npos) {
    ARROW_ASSIGN_OR_RAISE(const auto table, call.catalog.GetTable({std::string(rest.substr(0, slash)),
                                                                   std::string(rest.substr(slash + 1))}));
    return TaggedResource{.Resource = "table/" + table.id.database + "/" + table.id.name,
                          .Created = FormatTimestamp(table.create_time)};
  }
  return InvalidInput("ResourceArn is of no database and no table: ", arn);
}

Status Add(Call& call, const TaggedResource& resource, const std::map<std::string, std::string>& added) {
  return call.tags.Change(resource, [&](std::map<std::string, std::string>* tags) {
    for (const auto& [key, value] : added) (*tags)[key] = value;
    return tags->size() <= kMostTags ? Status::OK()
                                     : InvalidInput(resource.Resource, " would have ", tags->size(), " tags: at most ",
                                                    kMostTags, " are allowed");
  });
}

}  // namespace

Tags::Tags(std::string path)
    : kept_(Kept<TagState>::Open(std::move(path),
                                 {.parse =
                                      [](std::string text) {
                                        return glaux::wire::ParseShape<TagState>(std::move(text),
                                                                                 glaux::wire::UnknownFields::kSkip);
                                      },
                                  .print = [](const TagState& state) { return glaux::wire::PrintShape(state); },
                                  .what = "tags"})) {}

Result<std::map<std::string, std::string>> Tags::Of(const TaggedResource& resource) {
  ARROW_RETURN_NOT_OK(kept_);
  for (const auto& tagged : (*kept_)->Get()->Resources) {
    if (tagged.Resource == resource.Resource && tagged.Created == resource.Created) return tagged.Tags;
  }
  return std::map<std::string, std::string>();
}

Status Tags::Change(const TaggedResource& resource,
                    const std::function<Status(std::map<std::string, std::string>*)>& change) {
  ARROW_RETURN_NOT_OK(kept_);
  return (*kept_)->Change([&](TagState* state) -> Status {
    TaggedResource changed = resource;
    std::erase_if(state->Resources, [&](TaggedResource& one) {
      if (one.Resource != resource.Resource) return false;
      if (one.Created == resource.Created) changed.Tags = std::move(one.Tags);
      return true;
    });
    ARROW_RETURN_NOT_OK(change(&changed.Tags));
    if (!changed.Tags.empty()) state->Resources.push_back(std::move(changed));
    return Status::OK();
  });
}

Status CheckTags(const std::map<std::string, std::string>& tags) {
  ARROW_RETURN_NOT_OK(CheckCount("tags", tags.size(), 0, kMostTags));
  for (const auto& [key, value] : tags) {
    if (key.empty() || key.size() > 128) return InvalidInput("the key of a tag has 1 to 128 characters: '", key, "'");
    if (key.starts_with("aws:")) return InvalidInput("tags that begin with aws: are AWS's own: ", key);
    if (value.size() > 256) return InvalidInput("the value of tag ", key, " has more than 256 characters");
  }
  return Status::OK();
}

Status TagDatabase(Call& call, const std::string& name, const std::map<std::string, std::string>& tags) {
  ARROW_ASSIGN_OR_RAISE(const auto database, call.catalog.GetDatabase(name));
  return Add(call, {.Resource = "database/" + database.name, .Created = FormatTimestamp(database.create_time)}, tags);
}

Result<wire::GetTagsResponse> Run(Call& call, wire::GetTagsRequest request) {
  ARROW_ASSIGN_OR_RAISE(const auto resource, FindResource(call, request.ResourceArn));
  ARROW_ASSIGN_OR_RAISE(auto tags, call.tags.Of(resource));
  return wire::GetTagsResponse{.Tags = std::move(tags)};
}

Result<wire::Empty> Run(Call& call, wire::TagResourceRequest request) {
  ARROW_RETURN_NOT_OK(CheckTags(request.TagsToAdd));
  ARROW_ASSIGN_OR_RAISE(const auto resource, FindResource(call, request.ResourceArn));
  ARROW_RETURN_NOT_OK(Add(call, resource, request.TagsToAdd));
  return wire::Empty{};
}

Result<wire::Empty> Run(Call& call, wire::UntagResourceRequest request) {
  ARROW_RETURN_NOT_OK(CheckCount("TagsToRemove", request.TagsToRemove.size(), 0, kMostTags));
  ARROW_ASSIGN_OR_RAISE(const auto resource, FindResource(call, request.ResourceArn));
  ARROW_RETURN_NOT_OK(call.tags.Change(resource, [&](std::map<std::string, std::string>* tags) {
    for (const auto& key : request.TagsToRemove) tags->erase(key);
    return Status::OK();
  }));
  return wire::Empty{};
}

}  // namespace glaux::serve::glue
