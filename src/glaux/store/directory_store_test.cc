#include "glaux/store/directory_store.h"

#include "glaux/testing/matchers.h"
#include "glaux/testing/object_store_conformance.h"
#include "glaux/testing/temp_dir.h"

namespace glaux::testing {
namespace {

// A store whose folder goes with it.
std::shared_ptr<ObjectStore> MakeTemporaryStore(bool sync) {
  struct Holder {
    TempDir dir;
    std::shared_ptr<ObjectStore> store;
  };
  auto holder = std::make_shared<Holder>();
  holder->store = MakeDirectoryStore({.root = holder->dir / "root", .sync = sync}).ValueOrDie();
  return {holder, holder->store.get()};
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Directory, ObjectStoreConformance,
                         ::testing::Values(StoreUnderTest{"Directory", [] { return MakeTemporaryStore(false); }},
                                           StoreUnderTest{"DirectorySynced", [] { return MakeTemporaryStore(true); }}),
                         [](const auto& info) { return info.param.name; });

}  // namespace glaux::testing
