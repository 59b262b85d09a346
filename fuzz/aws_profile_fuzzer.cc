// The shared files of the AWS tools. What stands before the first zero byte is the configuration file, what stands
// after it the credentials file.
#include "fuzz.h"
#include "glaux/aws/profile_files.h"

std::vector<std::string> FuzzSeeds() {
  using std::string_literals::operator""s;
  return {
      "[default]\nregion = eu-west-1 # c\n[profile a]\ns3 =\n  a = b\n\n  c = d ; e\n\0[a]\naws_access_key_id = k\n"s,
      "[sso-session s]\nsso_region=x\r\n[services t]\nsts =\n endpoint_url = u\n[profile b\n"s,
      "\xef\xbb\xbf[ profile  d ]; x\nname = v\n -more\n = \n"s};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = std::min(text.find('\0'), text.size());
  glaux::aws::ProfileFiles files{.config_path = "config", .credentials_path = "credentials"};
  const auto status =
      glaux::aws::ParseProfileFiles(text.substr(0, end), text.substr(std::min(end + 1, text.size())), &files);
  Require(status.ok() || glaux::KindOf(status) == glaux::ErrorKind::kInvalid, "errors are kInvalid", status.ToString());
  for (const auto& [name, properties] : files.profiles) {
    Require(!name.empty(), "profiles have names", name);
    for (const auto& [key, value] : properties) {
      Require(!key.empty(), "properties have names", value);
      glaux::aws::FindSubProperty(value, key);
    }
  }
  return 0;
}
