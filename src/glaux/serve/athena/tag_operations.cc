#include <algorithm>

#include "glaux/serve/athena/call_internal.h"

namespace glaux::serve::athena {
namespace {

constexpr size_t kMostTags = 50;

/// The workgroup of "arn:aws:athena:eu-west-1:000000000000:workgroup/team". kInvalid for what is none; kNotFound
/// (ResourceNotFoundException).
Result<std::string> WorkGroupOf(const Service& service, std::string_view arn) {
  std::string_view rest = arn;
  for (int part = 0; part < 5; ++part) {
    const auto colon = rest.find(':');
    if (!arn.starts_with("arn:") || colon == rest.npos) {
      return InvalidRequest("INVALID_INPUT", "ResourceARN is no ARN: ", arn.substr(0, 1011));
    }
    rest.remove_prefix(colon + 1);
  }
  constexpr std::string_view kKind = "workgroup/";
  if (!rest.starts_with(kKind)) {
    return InvalidRequest("INVALID_INPUT",
                          "ResourceARN is of no workgroup, and nothing else has tags here: ", arn.substr(0, 1011));
  }
  const std::string name(rest.substr(kKind.size()));
  if (!FindWorkGroup(service, name).ok()) {
    return AthenaError(ErrorKind::kNotFound, "ResourceNotFoundException", "WorkGroup ", name.substr(0, 128),
                       " is not found.");
  }
  return name;
}

std::vector<wire::Tag>* TagsOf(KeptState* state, const std::string& workgroup) {
  if (!state->Tags) state->Tags.emplace();
  for (auto& one : *state->Tags) {
    if (one.WorkGroup == workgroup) return &one.Tags;
  }
  return &state->Tags->emplace_back(TaggedWorkGroup{.WorkGroup = workgroup}).Tags;
}

}  // namespace

Status CheckTags(const std::vector<wire::Tag>& tags) {
  for (const auto& tag : tags) {
    ARROW_RETURN_NOT_OK(CheckLength("tags.member.key", tag.Key.value_or(""), 1, 128));
    ARROW_RETURN_NOT_OK(CheckLength("tags.member.value", tag.Value.value_or(""), 0, 256));
  }
  return Status::OK();
}

Status AddTags(const std::vector<wire::Tag>& tags, const std::string& workgroup, KeptState* state) {
  auto* all = TagsOf(state, workgroup);
  for (const auto& tag : tags) {
    const auto same = std::find_if(all->begin(), all->end(), [&](const auto& one) { return one.Key == tag.Key; });
    if (same == all->end()) {
      all->push_back(tag);
    } else {
      same->Value = tag.Value;
    }
  }
  if (all->size() <= kMostTags) return Status::OK();
  return InvalidRequest("INVALID_INPUT", "WorkGroup ", workgroup, " would have ", all->size(), " tags, and may have ",
                        kMostTags);
}

Result<wire::Empty> Run(Service& service, wire::TagResourceRequest request) {
  ARROW_RETURN_NOT_OK(CheckTags(request.Tags));
  ARROW_ASSIGN_OR_RAISE(const auto workgroup, WorkGroupOf(service, request.ResourceARN));
  ARROW_RETURN_NOT_OK(service.kept->Change([&](KeptState* state) { return AddTags(request.Tags, workgroup, state); }));
  return wire::Empty{};
}

Result<wire::Empty> Run(Service& service, wire::UntagResourceRequest request) {
  ARROW_ASSIGN_OR_RAISE(const auto workgroup, WorkGroupOf(service, request.ResourceARN));
  ARROW_RETURN_NOT_OK(service.kept->Change([&](KeptState* state) {
    std::erase_if(*TagsOf(state, workgroup), [&](const wire::Tag& tag) {
      return std::find(request.TagKeys.begin(), request.TagKeys.end(), tag.Key.value_or("")) != request.TagKeys.end();
    });
    return Status::OK();
  }));
  return wire::Empty{};
}

Result<wire::ListTagsForResourceResponse> Run(Service& service, wire::ListTagsForResourceRequest request) {
  ARROW_ASSIGN_OR_RAISE(const auto workgroup, WorkGroupOf(service, request.ResourceARN));
  ARROW_ASSIGN_OR_RAISE(const size_t size, PageSize(request.MaxResults, 75, 75'000));
  KeptState state = *service.kept->Get();
  wire::ListTagsForResourceResponse answer;
  ARROW_ASSIGN_OR_RAISE(
      answer.Tags, PageOf(
                       std::move(*TagsOf(&state, workgroup)), [](const wire::Tag& tag) { return tag.Key.value_or(""); },
                       request.NextToken, size, &answer.NextToken));
  return answer;
}

}  // namespace glaux::serve::athena
