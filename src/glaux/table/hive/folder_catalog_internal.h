#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "glaux/catalog/catalog.h"
#include "glaux/store/object_store.h"

namespace glaux {

/// A catalog of the one table that a folder is: its entry is an object in the log. Partitions are not registered, they
/// are the folders that are there. What only real catalogs do is kNotImplemented.
/// \param entry_key of the object that holds the entry
/// \param location of the folder, for messages
std::shared_ptr<Catalog> MakeFolderCatalog(std::shared_ptr<ObjectStore> store, std::string entry_key,
                                           std::string location);

/// Every partition folder "k=v/" below a folder, as deep as there are keys.
/// \param prefix of the folder in the store, ends with '/' or is empty
Result<std::vector<PartitionEntry>> PartitionFolders(ObjectStore& store, const std::string& prefix,
                                                     const std::string& location, std::span<const std::string> keys);

}  // namespace glaux
