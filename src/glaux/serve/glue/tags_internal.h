#pragma once

#include <boost/describe.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "glaux/serve/kept_file.h"

namespace glaux::serve::glue {

struct TaggedResource {
  std::string Resource = {};  ///< as in its ARN: "catalog", "database/shop", "table/shop/orders"
  std::string Created = {};   ///< when the entry was made: another one of the name has no tags yet
  std::map<std::string, std::string> Tags = {};
};
BOOST_DESCRIBE_STRUCT(TaggedResource, (), (Resource, Created, Tags))

struct TagState {
  std::vector<TaggedResource> Resources = {};
};
BOOST_DESCRIBE_STRUCT(TagState, (), (Resources))

/// The tags of the catalog's entries, which the catalog itself has no place for.
class Tags {
 public:
  /// \param path of the file that keeps them; empty: they go with the process
  explicit Tags(std::string path);

  /// Those of a resource as it is now; Tags of what is answered may be empty.
  Result<std::map<std::string, std::string>> Of(const TaggedResource& resource);
  /// Change those of a resource.
  Status Change(const TaggedResource& resource,
                const std::function<Status(std::map<std::string, std::string>*)>& change);

 private:
  Result<std::unique_ptr<Kept<TagState>>> kept_;
};

}  // namespace glaux::serve::glue
