#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "glaux/aws/sigv4.h"
#include "glaux/base/base64.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/testdata.h"

namespace glaux::aws {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string ReadText(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string Text(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

/// "2015-08-30T12:36:00Z" and "20150830T123600Z".
Timestamp ParseTime(std::string text) {
  if (text.size() == 16) {
    text = text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2) + "T" + text.substr(9, 2) + ":" +
           text.substr(11, 2) + ":" + text.substr(13, 2) + "Z";
  }
  return ParseTimestamp(text).ValueOrDie();
}

struct CrtRequest {
  SignableRequest request;
  std::string body;
};

/// A request as a text file: first line, headers (a line that begins with a blank goes on), an empty line, the body.
CrtRequest ParseRequest(const std::string& text) {
  CrtRequest parsed;
  size_t at = 0;
  const auto line = [&] {
    const size_t end = std::min(text.find('\n', at), text.size());
    auto one = text.substr(at, end - at);
    at = std::min(end + 1, text.size());
    return one;
  };
  const std::string first = line();
  const size_t target = first.find(' ') + 1;
  const std::string url = first.substr(target, first.rfind(' ') - target);
  parsed.request.method = first.substr(0, target - 1);
  parsed.request.path = url.substr(0, url.find('?'));
  if (url.find('?') != std::string::npos) parsed.request.query = url.substr(url.find('?') + 1);
  std::vector<std::pair<std::string, std::string>> fields;
  while (at < text.size()) {
    const std::string header = line();
    if (header.empty()) break;
    if (header.starts_with(' ')) {
      fields.back().second += "\n" + header;
    } else {
      fields.emplace_back(header.substr(0, header.find(':')), header.substr(header.find(':') + 1));
    }
  }
  for (auto& [name, value] : fields) parsed.request.headers.Add(name, value);
  parsed.body = text.substr(at);
  return parsed;
}

std::string PrintRequest(const SignableRequest& request, const std::string& body) {
  std::string text =
      request.method + " " + request.path + (request.query.empty() ? "" : "?" + request.query) + " HTTP/1.1\n";
  for (const auto& [name, value] : request.headers.fields()) text += name + ":" + value + "\n";
  return text + "\n" + body;
}

struct Context {
  Credentials credentials;
  SigningScope scope;
  Timestamp time;
  std::chrono::seconds expires{0};
  SigningOptions options;
};

Context ReadContext(const fs::path& path, const std::string& body) {
  const auto object = json::parse(ReadText(path)).as_object();
  const auto& keys = object.at("credentials").as_object();
  Context context;
  context.credentials.access_key_id = Text(keys, "access_key_id");
  context.credentials.secret_access_key = Secret(Text(keys, "secret_access_key"));
  context.credentials.session_token = Secret(Text(keys, "token"));
  context.scope = {.region = Text(object, "region"), .service = Text(object, "service")};
  context.time = ParseTime(Text(object, "timestamp"));
  context.expires = std::chrono::seconds(object.at("expiration_in_seconds").as_int64());
  context.options.normalize_path = object.at("normalize").as_bool();
  context.options.content_sha256_header = object.at("sign_body").as_bool();
  context.options.payload_hash = Sha256Hex(std::as_bytes(std::span(body)));
  if (const auto* omit = object.if_contains("omit_session_token")) {
    context.options.sign_session_token = !omit->as_bool();
  }
  return context;
}

std::string Stripped(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

void ExpectTexts(const fs::path& folder, const std::string& form, const SigningTexts& texts,
                 const std::string& signed_request) {
  EXPECT_EQ(texts.canonical_request, Stripped(ReadText(folder / (form + "-canonical-request.txt"))));
  EXPECT_EQ(texts.string_to_sign, Stripped(ReadText(folder / (form + "-string-to-sign.txt"))));
  EXPECT_EQ(texts.signature, Stripped(ReadText(folder / (form + "-signature.txt"))));
  EXPECT_EQ(Stripped(signed_request), Stripped(ReadText(folder / (form + "-signed-request.txt"))));
}

TEST(SigV4Suite, SignsEveryCaseOfTheCrtSuiteByteForByte) {
  GLAUX_TESTDATA_OR_SKIP(suite, "aws-sigv4-crt");
  int cases = 0;
  for (const auto& entry : fs::directory_iterator(suite / "data")) {
    SCOPED_TRACE(entry.path().filename().string());
    ++cases;
    const auto parsed = ParseRequest(ReadText(entry.path() / "request.txt"));
    const auto context = ReadContext(entry.path() / "context.json", parsed.body);

    auto request = parsed.request;
    auto texts = SignHeaders(&request, context.scope, context.credentials, context.time, context.options);
    ExpectTexts(entry.path(), "header", texts, PrintRequest(request, parsed.body));

    request = parsed.request;
    texts = SignQuery(&request, context.scope, context.credentials, context.time, context.expires, context.options);
    ExpectTexts(entry.path(), "query", texts, PrintRequest(request, parsed.body));
  }
  EXPECT_GE(cases, 38);
}

struct Url {
  std::string host;
  std::string path;
  std::string query;
};

Url TakeApart(const std::string& url) {
  const size_t host = url.find("://") + 3;
  const size_t end = std::min(url.find_first_of("/?", host), url.size());
  const size_t query = std::min(url.find('?', end), url.size());
  return {.host = url.substr(host, end - host),
          .path = url.substr(end, query - end),
          .query = query < url.size() ? url.substr(query + 1) : ""};
}

TEST(SigV4Suite, SignsAsBotocoreDoes) {
  GLAUX_TESTDATA_OR_SKIP(suite, "sigv4-vectors");
  std::ifstream in(suite / "vectors.jsonl");
  int cases = 0;
  for (std::string line; std::getline(in, line);) {
    const auto vector = json::parse(line).as_object();
    SCOPED_TRACE(cases++);
    const auto url = TakeApart(Text(vector, "url"));
    SignableRequest request{.method = Text(vector, "method"), .path = url.path, .query = url.query, .headers = {}};
    for (const auto& [name, value] : vector.at("headers").as_object()) {
      request.headers.Add(std::string(name), std::string(value.as_string()));
    }
    request.headers.Add("Host", url.host);
    const Credentials credentials{.access_key_id = Text(vector, "access_key"),
                                  .secret_access_key = Secret(Text(vector, "secret_key")),
                                  .session_token = Secret(Text(vector, "token"))};
    const SigningScope scope{.region = Text(vector, "region"), .service = Text(vector, "service")};
    const auto time = ParseTime(Text(vector, "timestamp"));
    const bool s3 = scope.service == "s3";
    SigningOptions options{.normalize_path = !s3, .double_encode_path = !s3};
    std::string body;
    ASSERT_TRUE(DecodeBase64(Text(vector, "body_b64"), &body));
    options.payload_hash = Sha256Hex(std::as_bytes(std::span(body)));
    if (Text(vector, "kind") == "header") {
      options.content_sha256_header = s3;
      SignHeaders(&request, scope, credentials, time, options);
      EXPECT_EQ(request.headers.Get("authorization"), Text(vector, "authorization"));
      for (const auto& [name, value] : vector.at("signed_headers").as_object()) {
        EXPECT_EQ(request.headers.Get(name), value.as_string());
      }
      continue;
    }
    if (s3) options.payload_hash = kUnsignedPayload;
    SignQuery(&request, scope, credentials, time, std::chrono::seconds(vector.at("expires").as_int64()), options);
    const auto signature = [](const std::string& query) { return query.substr(query.find("X-Amz-Signature=")); };
    EXPECT_EQ(signature(request.query), signature(Text(vector, "signed_url")));
  }
  EXPECT_GE(cases, 100);
}

}  // namespace
}  // namespace glaux::aws
