#include <algorithm>

#include "glaux/aws/sigv4.h"
#include "glaux/store/s3/s3_address_internal.h"

namespace glaux::s3 {
namespace {

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

std::string_view HostOf(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != url.npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  if (url.starts_with('[')) return url.substr(0, url.find(']') + 1);
  return url.substr(0, url.find(':'));
}

bool IsIpAddress(std::string_view host) {
  return host.starts_with('[') || (!host.empty() && host.find_first_not_of("0123456789.") == host.npos);
}

std::string_view DnsSuffix(std::string_view region) {
  return region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

// Letters, digits, '.', '-' and '_': what buckets of old and of other servers may have.
Status CheckBucketName(std::string_view bucket) {
  const auto bad = [&](std::string_view why) {
    return WithHint(MakeError(ErrorKind::kInvalid, "not a bucket's name: '", bucket, "': ", why),
                    "give the name alone, without s3:// and without a path");
  };
  if (bucket.empty()) return MakeError(ErrorKind::kInvalid, "the name of the bucket is empty");
  if (bucket.size() > 255) return bad("it has more than 255 characters");
  for (const char c : bucket) {
    if (!IsLowerOrDigit(c) && !(c >= 'A' && c <= 'Z') && c != '.' && c != '-' && c != '_') {
      return bad("it may hold letters, digits, '.', '-' and '_'");
    }
  }
  if (bucket == "." || bucket == "..") return bad("it is a path");
  if (bucket.ends_with("--x-s3")) {
    return MakeError(ErrorKind::kNotImplemented, "bucket ", bucket,
                     ": directory buckets (S3 Express) are not supported");
  }
  return Status::OK();
}

// arn:aws:s3:region:account:accesspoint/name, also with ':' before the name.
Status ReadArn(const std::string& arn, Address* address) {
  std::vector<std::string> fields;
  size_t begin = 0;
  for (int i = 0; i < 5; ++i) {
    const size_t end = arn.find(':', begin);
    if (end == arn.npos) break;
    fields.push_back(arn.substr(begin, end - begin));
    begin = end + 1;
  }
  const std::string resource = arn.substr(begin);
  constexpr std::string_view kKind = "accesspoint";
  if (fields.size() != 5 || !resource.starts_with(kKind) || resource.size() < kKind.size() + 2 ||
      (resource[kKind.size()] != '/' && resource[kKind.size()] != ':')) {
    return WithHint(MakeError(ErrorKind::kInvalid, "not the ARN of an access point: ", arn),
                    "write arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME");
  }
  if (fields[3].empty()) {
    return MakeError(ErrorKind::kNotImplemented, "multi-region access points are not supported: ", arn);
  }
  if (fields[2] != "s3" && fields[2] != "s3-object-lambda") {
    return MakeError(ErrorKind::kNotImplemented, "access points of the service ", fields[2],
                     " are not supported: ", arn);
  }
  address->arn = arn;
  address->service = fields[2];
  address->fixed_region = fields[3];
  address->account = fields[4];
  address->bucket = resource.substr(kKind.size() + 1);
  address->virtual_host = true;
  const auto& name = address->bucket;
  if (!std::all_of(name.begin(), name.end(), [](char c) { return IsLowerOrDigit(c) || c == '-'; })) {
    return MakeError(ErrorKind::kInvalid, "not the name of an access point: '", name, "' in ", arn);
  }
  return Status::OK();
}

Result<std::string> ReadEndpoint(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  if (url.empty()) return url;
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return WithHint(MakeError(ErrorKind::kInvalid, "endpoint_url has no scheme: ", url),
                    "write http://host:port or https://host");
  }
  if (HostOf(url).empty() || url.find_first_of("?#@ ") != url.npos) {
    return MakeError(ErrorKind::kInvalid, "endpoint_url is not the address of a server alone");
  }
  return url;
}

std::string QueryText(const Query& query) {
  std::string text;
  for (const auto& [name, value] : query) {
    text += text.empty() ? '?' : '&';
    text += aws::UriEncode(name, false);
    text += '=';
    text += aws::UriEncode(value, false);
  }
  return text;
}

}  // namespace

bool IsDnsName(std::string_view bucket) {
  if (bucket.size() < 3 || bucket.size() > 63) return false;
  if (!IsLowerOrDigit(bucket.front()) || !IsLowerOrDigit(bucket.back())) return false;
  // A dot would need a certificate for *.*.host.
  return std::all_of(bucket.begin(), bucket.end(), [](char c) { return IsLowerOrDigit(c) || c == '-'; });
}

bool IsLoopback(std::string_view url) {
  const auto host = HostOf(url);
  return host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "[::1]";
}

Result<Address> MakeAddress(const S3StoreOptions& options) {
  Address address;
  ARROW_ASSIGN_OR_RAISE(address.endpoint, ReadEndpoint(options.endpoint_url));
  const auto host = HostOf(address.endpoint);
  address.is_aws = address.endpoint.empty() || host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
  if (options.bucket.starts_with("arn:")) {
    ARROW_RETURN_NOT_OK(ReadArn(options.bucket, &address));
    return address;
  }
  ARROW_RETURN_NOT_OK(CheckBucketName(options.bucket));
  address.bucket = options.bucket;
  switch (options.addressing) {
    case S3Addressing::kPath:
      break;
    case S3Addressing::kVirtualHost:
      if (IsIpAddress(host)) {
        return MakeError(ErrorKind::kInvalid, "a bucket cannot be a part of the host name ", host);
      }
      address.virtual_host = true;
      break;
    case S3Addressing::kAuto:
      address.virtual_host = address.is_aws && IsDnsName(address.bucket);
  }
  return address;
}

std::string MakeServiceUrl(const Address& address, std::string_view region) {
  if (!address.endpoint.empty()) return address.endpoint + "/";
  return "https://s3." + std::string(region) + "." + std::string(DnsSuffix(region)) + "/";
}

std::string MakeUrl(const Address& address, std::string_view region, std::string_view key, const Query& query) {
  std::string url;
  std::string host, scheme = "https://", base;
  if (address.endpoint.empty()) {
    host = "s3." + std::string(region) + "." + std::string(DnsSuffix(region));
    if (!address.arn.empty()) {
      const std::string service = address.service == "s3" ? "s3-accesspoint" : address.service;
      host = service + "." + std::string(region) + "." + std::string(DnsSuffix(region));
    }
  } else {
    const size_t begin = address.endpoint.find("://") + 3;
    const size_t end = std::min(address.endpoint.find('/', begin), address.endpoint.size());
    scheme = address.endpoint.substr(0, begin);
    host = address.endpoint.substr(begin, end - begin);
    base = address.endpoint.substr(end);
  }
  if (!address.arn.empty()) {
    url = scheme + address.bucket + "-" + address.account + "." + host + base + "/";
  } else if (address.virtual_host) {
    url = scheme + address.bucket + "." + host + base + "/";
  } else {
    url = scheme + host + base + "/" + address.bucket;
    if (!key.empty()) url += '/';
  }
  return url + aws::UriEncode(key, true) + QueryText(query);
}

std::string CopySource(const Address& address, std::string_view key) {
  const std::string front = address.arn.empty() ? address.bucket + "/" : address.arn + "/object/";
  return aws::UriEncode(front, true) + aws::UriEncode(key, true);
}

}  // namespace glaux::s3
