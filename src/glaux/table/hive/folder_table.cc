#include "glaux/table/hive/folder_table.h"
namespace glaux {
Result<std::shared_ptr<Table>> OpenFolderTable(const LocationResolver&, const FolderSpec&, Clock&) { return MakeError(ErrorKind::kNotImplemented, "folder"); }
Result<std::vector<std::string>> KeepCommitted(ObjectStore&, const std::string&, std::vector<std::string> keys) { return keys; }
}
