#include "glaux/store/object_store.h"

namespace glaux {

Result<bool> Exists(ObjectStore& store, std::string_view key) {
  const auto info = store.Head(key);
  if (info.ok()) return true;
  if (KindOf(info.status()) == ErrorKind::kNotFound) return false;
  return info.status();
}

Result<std::string> GetString(ObjectStore& store, std::string_view key) {
  ARROW_ASSIGN_OR_RAISE(auto body, store.Get(key));
  return body->ToString();
}

Result<ObjectInfo> PutString(ObjectStore& store, std::string_view key, std::string_view body,
                             const PutOptions& options) {
  return store.Put(key, AsBytes(body), options);
}

Status ForEachObject(ObjectStore& store, std::string_view prefix,
                     const std::function<Status(const ObjectInfo&)>& visit) {
  ListOptions options{.prefix = std::string(prefix)};
  do {
    ARROW_ASSIGN_OR_RAISE(auto page, store.List(options));
    for (const auto& object : page.objects) ARROW_RETURN_NOT_OK(visit(object));
    options.continuation_token = std::move(page.next_token);
  } while (!options.continuation_token.empty());
  return Status::OK();
}

Result<std::vector<ObjectInfo>> ListAll(ObjectStore& store, std::string_view prefix) {
  std::vector<ObjectInfo> objects;
  ARROW_RETURN_NOT_OK(ForEachObject(store, prefix, [&](const ObjectInfo& object) {
    objects.push_back(object);
    return Status::OK();
  }));
  return objects;
}

}  // namespace glaux
