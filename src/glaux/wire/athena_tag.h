#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/wire/athena_workgroup.h"
#include "glaux/wire/json_shape.h"

// Requests and answers of Amazon Athena about tags; see athena_query.h for what all have in common.
namespace glaux::wire::athena {

struct TagResourceRequest {
  static constexpr std::string_view kOperation = "TagResource";
  using Answer = Empty;
  std::string ResourceARN = {};
  std::vector<Tag> Tags = {};
};
BOOST_DESCRIBE_STRUCT(TagResourceRequest, (), (ResourceARN, Tags))

struct UntagResourceRequest {
  static constexpr std::string_view kOperation = "UntagResource";
  using Answer = Empty;
  std::string ResourceARN = {};
  std::vector<std::string> TagKeys = {};
};
BOOST_DESCRIBE_STRUCT(UntagResourceRequest, (), (ResourceARN, TagKeys))

struct ListTagsForResourceResponse {
  std::optional<std::vector<Tag>> Tags = {};
  std::optional<std::string> NextToken = {};
};
BOOST_DESCRIBE_STRUCT(ListTagsForResourceResponse, (), (Tags, NextToken))

struct ListTagsForResourceRequest {
  static constexpr std::string_view kOperation = "ListTagsForResource";
  using Answer = ListTagsForResourceResponse;
  std::string ResourceARN = {};
  std::optional<std::string> NextToken = {};
  std::optional<int64_t> MaxResults = {};
};
BOOST_DESCRIBE_STRUCT(ListTagsForResourceRequest, (), (ResourceARN, NextToken, MaxResults))

}  // namespace glaux::wire::athena
