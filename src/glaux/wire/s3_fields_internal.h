#pragma once

#include "glaux/wire/s3_object.h"
#include "glaux/wire/xml_internal.h"

// Fields that several shapes share; each works with an XmlWriter and with an XmlReader.
namespace glaux::wire::s3 {

inline constexpr auto OwnerFields = [](auto& io, auto& owner) {
  io.Text("ID", owner.ID, Need::kAlways);
  io.Text("DisplayName", owner.DisplayName, Need::kIfSet);
};

inline constexpr auto ChecksumFields = [](auto& io, auto& checksums) {
  io.Text("ChecksumCRC32", checksums.ChecksumCRC32, Need::kIfSet);
  io.Text("ChecksumCRC32C", checksums.ChecksumCRC32C, Need::kIfSet);
  io.Text("ChecksumCRC64NVME", checksums.ChecksumCRC64NVME, Need::kIfSet);
  io.Text("ChecksumSHA1", checksums.ChecksumSHA1, Need::kIfSet);
  io.Text("ChecksumSHA256", checksums.ChecksumSHA256, Need::kIfSet);
  io.Text("ChecksumType", checksums.ChecksumType, Need::kIfSet);
};

inline constexpr auto PrefixFields = [](auto& io, auto& prefix) { io.Key("Prefix", prefix, Need::kRequired); };

}  // namespace glaux::wire::s3
