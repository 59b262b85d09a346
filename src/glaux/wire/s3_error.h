#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "glaux/base/status.h"

// The XML that Amazon S3's clients and servers exchange. Names are those of the Amazon S3 API Reference; every shape
// writes itself with ToXml and is read with FromXml, by the client and by the server alike.
//
// What FromXml gives is kInvalid for bytes that are no such document: broken XML, a document type declaration, bytes
// that are no UTF-8, another root, a number that is none, a required element that is missing; the message names the
// element. Elements that are not known are passed over. Control characters are written as character references, as S3
// itself does; EncodingType "url" avoids them in listings.
namespace glaux::wire::s3 {

/// The namespace of all documents but errors.
inline constexpr std::string_view kNamespace = "http://s3.amazonaws.com/doc/2006-03-01/";

/// The answer to a request that failed; also the body of a 200 to CompleteMultipartUpload, CopyObject and
/// UploadPartCopy that failed after the answer had begun.
struct Error {
  std::string Code;
  std::string Message;
  std::string Resource;
  std::string RequestId;
  std::string HostId;
  /// Further elements in their order: Region, Endpoint, BucketName, Condition, …
  std::vector<std::pair<std::string, std::string>> extra;

  std::string ToXml() const;
  static Result<Error> FromXml(std::string_view xml);
};

/// Name of a document's root element without its prefix, found without reading the rest; "" if there is none.
std::string_view RootName(std::string_view xml);

/// A key as `encoding-type=url` shows it: a blank is "+", "/" and A-Z a-z 0-9 - _ . * stay, all else is %XX.
std::string EncodeUrl(std::string_view text);
/// kInvalid for a broken escape.
Result<std::string> DecodeUrl(std::string_view text);

}  // namespace glaux::wire::s3
