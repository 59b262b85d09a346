#include "glaux/serve/s3/s3_wire.h"

#include "glaux/aws/sigv4.h"
#include "glaux/base/checksum.h"
#include "glaux/serve/server.h"
#include "glaux/store/directory_store.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"

namespace glaux::serve {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

constexpr char kKeyId[] = "GLAUXTEST", kSecret[] = "secret/of/tests";

/// What a request says besides its method and address.
struct Ask {
  http::Headers headers = {};
  std::string body = {};
  /// Hash of the body that is signed; empty: the right one.
  std::string payload_hash = {};
};

/// Our server over buckets in memory, or in a folder, and a client that signs by hand.
class S3WireTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    Start({});
    transport = http::MakeCurlTransport().ValueOrDie();
    ASSERT_EQ(Send("PUT", "/bucket").status, 200);
    store = buckets->Open("bucket").ValueOrDie();
  }

  void Start(S3WireOptions options) {
    options.buckets = buckets;
    options.authentication.keys = {{.id = kKeyId, .secret = Secret(kSecret)}};
    auto started = Server::Start({}, MakeS3Wire(std::move(options)));
    ASSERT_TRUE(started.ok()) << started.status().ToString();
    server = *std::move(started);
  }

  aws::SignableRequest Signable(const std::string& method, const std::string& target, const Ask& ask) {
    const auto question = target.find('?');
    aws::SignableRequest request{.method = method,
                                 .path = target.substr(0, question),
                                 .query = question == std::string::npos ? "" : target.substr(question + 1),
                                 .headers = ask.headers};
    request.headers.Set("Host", "127.0.0.1:" + std::to_string(server->port()));
    return request;
  }

  http::Response Send(const std::string& method, const std::string& target, const Ask& ask = {}) {
    auto request = Signable(method, target, ask);
    const auto hash = ask.payload_hash.empty() ? aws::Sha256Hex(AsBytes(ask.body)) : ask.payload_hash;
    seed =
        aws::SignHeaders(
            &request, scope, credentials, now = Clock::System().Now(),
            {.normalize_path = false, .double_encode_path = false, .payload_hash = hash, .content_sha256_header = true})
            .signature;
    return Exchange(method, target, std::move(request.headers), ask.body);
  }

  http::Response Exchange(const std::string& method, const std::string& target, http::Headers headers,
                          std::string_view body = "") {
    auto response = transport->Send(
        {.method = method, .url = server->url() + target, .headers = std::move(headers), .body = AsBytes(body)});
    EXPECT_TRUE(response.ok()) << response.status().ToString();
    return response.ok() ? *std::move(response) : http::Response{};
  }

  /// Status and code of an error, "OK" for success.
  static std::string CodeOf(const http::Response& response) {
    if (response.status < 300) return "OK";
    const auto begin = response.body.find("<Code>");
    if (begin == std::string::npos) return std::to_string(response.status);
    return std::to_string(response.status) + " " +
           response.body.substr(begin + 6, response.body.find("</Code>") - begin - 6);
  }

  std::string Read(std::string_view key) { return GetString(*store, key).ValueOr("<none>"); }

  testing::TempDir dir;
  std::shared_ptr<BucketHost> buckets =
      GetParam() ? MakeDirectoryBuckets({.root = dir / "store", .sync = false}) : MakeMemoryBuckets();
  std::unique_ptr<Server> server;
  std::shared_ptr<http::Transport> transport;
  std::shared_ptr<ObjectStore> store;
  aws::SigningScope scope{.region = "us-east-1", .service = "s3"};
  aws::Credentials credentials{.access_key_id = kKeyId, .secret_access_key = Secret(kSecret)};
  std::string seed;
  Timestamp now;
};

INSTANTIATE_TEST_SUITE_P(S3Wire, S3WireTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Directory" : "Memory"; });

TEST_P(S3WireTest, AnObjectComesBackWithWhatWasSaidOfIt) {
  const auto put =
      Send("PUT", "/bucket/a%20b",
           {.headers = {{"Content-Type", "text/csv"}, {"Cache-Control", "no-cache"}, {"x-amz-meta-Owner", "me"}},
            .body = "content"});
  ASSERT_EQ(put.status, 200) << put.body;
  const auto get = Send("GET", "/bucket/a%20b");
  EXPECT_EQ(get.status, 200);
  EXPECT_EQ(get.body, "content");
  EXPECT_EQ(get.headers.Get("etag"), put.headers.Get("etag"));
  EXPECT_EQ(get.headers.Get("content-type"), "text/csv");
  EXPECT_EQ(get.headers.Get("cache-control"), "no-cache");
  EXPECT_EQ(get.headers.Get("x-amz-meta-owner"), "me");
  EXPECT_EQ(get.headers.Get("x-amz-request-id").size(), 16u);
  EXPECT_EQ(Read("a b"), "content");
  const auto head = Send("HEAD", "/bucket/a%20b");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.Get("content-length"), "7");
  EXPECT_EQ(Send("DELETE", "/bucket/a%20b").status, 204);
  EXPECT_EQ(CodeOf(Send("GET", "/bucket/a%20b")), "404 NoSuchKey");
  EXPECT_EQ(Send("HEAD", "/bucket/a%20b").status, 404);
  EXPECT_EQ(Send("DELETE", "/bucket/a%20b").status, 204);
}

TEST_P(S3WireTest, RangesAreThoseOfS3) {
  Send("PUT", "/bucket/k", {.body = "0123456789"});
  const auto range = [&](const char* text) {
    const auto response = Send("GET", "/bucket/k", {.headers = {{"Range", text}}});
    return std::to_string(response.status) + " " + response.headers.Get("content-range") + " " +
           (response.status < 300 ? response.body : "");
  };
  EXPECT_EQ(range("bytes=2-4"), "206 bytes 2-4/10 234");
  EXPECT_EQ(range("bytes=7-"), "206 bytes 7-9/10 789");
  EXPECT_EQ(range("bytes=-3"), "206 bytes 7-9/10 789");
  EXPECT_EQ(range("bytes=-30"), "206 bytes 0-9/10 0123456789");
  EXPECT_EQ(range("bytes=5-99999999999999999999"), "206 bytes 5-9/10 56789");
  EXPECT_EQ(range("bytes=10-"), "416 bytes */10 ");
  EXPECT_EQ(range("bytes=-0"), "416 bytes */10 ");
  for (const char* odd : {"bytes=4-2", "bytes=a-b", "items=0-1", "bytes=0-1,3-4", "bytes=-", "bytes"}) {
    EXPECT_EQ(range(odd), "200  0123456789") << odd;
  }
  Send("PUT", "/bucket/empty");
  EXPECT_EQ(CodeOf(Send("GET", "/bucket/empty", {.headers = {{"Range", "bytes=0-"}}})), "416 InvalidRange");
  EXPECT_EQ(Send("HEAD", "/bucket/k", {.headers = {{"Range", "bytes=2-4"}}}).headers.Get("content-length"), "3");
}

TEST_P(S3WireTest, ConditionsHaveS3sPrecedence) {
  const auto etag = Send("PUT", "/bucket/k", {.body = "x"}).headers.Get("etag");
  const std::string old = "Sat, 01 Jan 2000 00:00:00 GMT", late = "Fri, 01 Jan 2100 00:00:00 GMT";
  const auto get = [&](http::Headers headers) {
    return Send("GET", "/bucket/k", {.headers = std::move(headers)}).status;
  };
  EXPECT_EQ(get({{"If-Match", etag}}), 200);
  EXPECT_EQ(get({{"If-Match", "\"other\", " + etag}}), 200);
  EXPECT_EQ(get({{"If-Match", "\"other\""}}), 412);
  EXPECT_EQ(get({{"If-None-Match", etag}}), 304);
  EXPECT_EQ(get({{"If-None-Match", "*"}}), 304);
  EXPECT_EQ(get({{"If-None-Match", "\"other\""}}), 200);
  EXPECT_EQ(get({{"If-Modified-Since", late}}), 304);
  EXPECT_EQ(get({{"If-Modified-Since", old}}), 200);
  EXPECT_EQ(get({{"If-Unmodified-Since", late}}), 200);
  EXPECT_EQ(get({{"If-Unmodified-Since", old}}), 412);
  EXPECT_EQ(get({{"If-Match", etag}, {"If-Unmodified-Since", old}}), 200);
  EXPECT_EQ(get({{"If-None-Match", "\"other\""}, {"If-Modified-Since", late}}), 200);
  EXPECT_EQ(get({{"If-Modified-Since", "yesterday"}}), 200);
  const auto unchanged = Send("GET", "/bucket/k", {.headers = {{"If-None-Match", etag}}});
  EXPECT_EQ(unchanged.headers.Get("etag"), etag);
  EXPECT_TRUE(unchanged.body.empty());
}

TEST_P(S3WireTest, WritesHaveConditions) {
  EXPECT_EQ(Send("PUT", "/bucket/k", {.headers = {{"If-None-Match", "*"}}, .body = "first"}).status, 200);
  EXPECT_EQ(CodeOf(Send("PUT", "/bucket/k", {.headers = {{"If-None-Match", "*"}}, .body = "second"})),
            "412 PreconditionFailed");
  const auto etag = Send("HEAD", "/bucket/k").headers.Get("etag");
  EXPECT_EQ(Send("PUT", "/bucket/k", {.headers = {{"If-Match", etag}}, .body = "third"}).status, 200);
  EXPECT_EQ(CodeOf(Send("PUT", "/bucket/k", {.headers = {{"If-Match", etag}}, .body = "x"})), "412 PreconditionFailed");
  EXPECT_EQ(CodeOf(Send("PUT", "/bucket/none", {.headers = {{"If-Match", etag}}, .body = "x"})), "404 NoSuchKey");
  EXPECT_EQ(CodeOf(Send("PUT", "/bucket/k", {.headers = {{"If-None-Match", etag}}, .body = "x"})),
            "501 NotImplemented");
  EXPECT_EQ(Read("k"), "third");
}

TEST_P(S3WireTest, ABodyThatIsNotWhatItsDigestsSayIsNotStored) {
  Send("PUT", "/bucket/k", {.body = "old"});
  const auto put = [&](http::Headers headers, std::string hash = "") {
    return CodeOf(
        Send("PUT", "/bucket/k", {.headers = std::move(headers), .body = "body", .payload_hash = std::move(hash)}));
  };
  EXPECT_EQ(put({}, std::string(aws::kEmptySha256)), "400 XAmzContentSHA256Mismatch");
  EXPECT_EQ(put({{"Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="}}), "400 BadDigest");
  EXPECT_EQ(put({{"Content-MD5", "nonsense"}}), "400 InvalidDigest");
  EXPECT_EQ(put({{"x-amz-checksum-crc32", "AAAAAA=="}}), "400 BadDigest");
  EXPECT_EQ(put({{"x-amz-checksum-crc32", "AAAA"}}), "400 InvalidRequest");
  EXPECT_EQ(put({{"x-amz-checksum-xxhash", "AAAAAA=="}}), "501 NotImplemented");
  EXPECT_EQ(put({}, "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"), "501 NotImplemented");
  EXPECT_EQ(put({}, "nonsense"), "400 InvalidArgument");
  EXPECT_EQ(Read("k"), "old");
  EXPECT_EQ(put({{"Content-MD5", "hBotaJrYa9FhFEdFPCLG/A=="}}), "OK");
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"x-amz-checksum-crc32", ChecksumText(Crc32(AsBytes("body")))},
           {"x-amz-checksum-crc32c", ChecksumText(Crc32c(AsBytes("body")))},
           {"x-amz-checksum-crc64nvme", ChecksumText(Crc64Nvme(AsBytes("body")))},
           {"x-amz-checksum-sha1", "Agg/RXngimEkJcDBoX7ket14O5Q="},
           {"x-amz-checksum-sha256", "Iw2DWNyOiJC0xY3utikS7i8gNXrpKlzIYbmOaP4xrLU="}}) {
    const auto response = Send("PUT", "/bucket/k", {.headers = {{name, value}}, .body = "body"});
    EXPECT_EQ(response.status, 200) << name << response.body;
    EXPECT_EQ(response.headers.Get(name), value);
  }
}

// ---- bodies in chunks -----------------------------------------------------------------------------------------------

class ChunkedTest : public S3WireTest {
 protected:
  /// Send a body in chunks. \param harm changes the chunks after they were signed
  std::string Put(const std::vector<std::string>& chunks, std::string_view kind, const http::Headers& trailers,
                  const std::function<void(std::string*)>& harm = {}, int64_t size_difference = 0) {
    int64_t size = 0;
    for (const auto& chunk : chunks) size += static_cast<int64_t>(chunk.size());
    auto request = Signable("PUT", "/bucket/k", {});
    request.headers.Set("x-amz-decoded-content-length", std::to_string(size + size_difference));
    request.headers.Set("content-encoding", "gzip,aws-chunked");
    for (const auto& [name, value] : trailers.fields()) request.headers.Set("x-amz-trailer", name);
    const auto time = Clock::System().Now();
    auto signature = aws::SignHeaders(&request, scope, credentials, time,
                                      {.normalize_path = false,
                                       .double_encode_path = false,
                                       .payload_hash = std::string(kind),
                                       .content_sha256_header = true})
                         .signature;
    const auto key = aws::DeriveSigningKey(credentials.secret_access_key, time, scope);
    const bool is_signed = kind != aws::kStreamingUnsignedTrailer;
    std::string body;
    const auto add = [&](const std::string& chunk) {
      char length[32];
      std::snprintf(length, sizeof length, "%zx", chunk.size());
      body += length;
      if (is_signed) {
        signature = aws::SignChunk(key, time, scope, signature, aws::Sha256Hex(AsBytes(chunk)));
        body += ";chunk-signature=" + signature;
      }
      body += "\r\n" + chunk + (chunk.empty() ? "" : "\r\n");
    };
    for (const auto& chunk : chunks) add(chunk);
    add("");
    std::string signed_text;
    for (const auto& [name, value] : trailers.fields()) {
      body += name + ":" + value + "\r\n";
      signed_text += name + ":" + value + "\n";
    }
    if (kind == aws::kStreamingPayloadTrailer) {
      body += "x-amz-trailer-signature:" + aws::SignTrailer(key, time, scope, signature, signed_text) + "\r\n";
    }
    body += "\r\n";
    if (harm) harm(&body);
    return CodeOf(Exchange("PUT", "/bucket/k", request.headers, body));
  }

  const std::vector<std::string> chunks = {std::string(70'000, 'a'), std::string(65'536, 'b'), "end"};
  const std::string whole = chunks[0] + chunks[1] + chunks[2];
};

INSTANTIATE_TEST_SUITE_P(Chunked, ChunkedTest, ::testing::Values(false));

TEST_P(ChunkedTest, SignedChunksArePutTogether) {
  EXPECT_EQ(Put(chunks, aws::kStreamingPayload, {}), "OK");
  EXPECT_TRUE(Read("k") == whole);
  ASSERT_OK_AND_ASSIGN(const auto info, store->Head("k"));
  EXPECT_EQ(info.attributes, (ObjectAttributes{{"content-encoding", "gzip"}}));
  EXPECT_EQ(Put({}, aws::kStreamingPayload, {}), "OK");
  EXPECT_EQ(Read("k"), "");
}

TEST_P(ChunkedTest, TrailersCarryAChecksum) {
  const http::Headers right = {{"x-amz-checksum-crc32c", ChecksumText(Crc32c(AsBytes(whole)))}};
  const http::Headers wrong = {{"x-amz-checksum-crc32c", "AAAAAA=="}};
  for (const auto kind : {aws::kStreamingPayloadTrailer, aws::kStreamingUnsignedTrailer}) {
    SCOPED_TRACE(kind);
    EXPECT_EQ(Put(chunks, kind, right), "OK");
    EXPECT_TRUE(Read("k") == whole);
    ASSERT_OK(store->Delete(std::vector<std::string>{"k"}));
    EXPECT_EQ(Put(chunks, kind, wrong), "400 BadDigest");
    EXPECT_EQ(Read("k"), "<none>");
  }
}

TEST_P(ChunkedTest, ATamperedChunkIsRefusedAndNothingStored) {
  const auto flip = [](size_t at) { return [at](std::string* body) { (*body)[at] ^= 1; }; };
  EXPECT_EQ(Put(chunks, aws::kStreamingPayload, {}, flip(200)), "403 SignatureDoesNotMatch");
  EXPECT_EQ(Put(chunks, aws::kStreamingPayload, {}, flip(100'000)), "403 SignatureDoesNotMatch");
  EXPECT_EQ(Put(chunks, aws::kStreamingPayload, {}, [](std::string* body) { body->resize(body->size() - 90); }),
            "400 IncompleteBody");
  EXPECT_EQ(Put(chunks, aws::kStreamingPayload, {},
                [](std::string* body) { body->erase(body->find(";chunk-signature="), 17 + 64); }),
            "403 SignatureDoesNotMatch");
  EXPECT_EQ(Put(chunks, aws::kStreamingPayload, {}, [](std::string* body) { body->replace(0, 5, "zzzzz"); }),
            "400 IncompleteBody");
  EXPECT_EQ(Put(chunks, aws::kStreamingPayload, {}, {}, 1), "400 IncompleteBody");
  EXPECT_EQ(Put(chunks, aws::kStreamingPayload, {}, {}, -1), "400 IncompleteBody");
  const http::Headers trailer = {{"x-amz-checksum-crc32c", ChecksumText(Crc32c(AsBytes(whole)))}};
  EXPECT_EQ(
      Put(chunks, aws::kStreamingPayloadTrailer, trailer, [](std::string* body) { (*body)[body->size() - 6] ^= 1; }),
      "403 SignatureDoesNotMatch");
  EXPECT_EQ(Put(chunks, aws::kStreamingUnsignedTrailer, trailer, flip(200)), "400 BadDigest");
  EXPECT_EQ(Read("k"), "<none>");
}

// ---- the rest -------------------------------------------------------------------------------------------------------

TEST_P(S3WireTest, WhoeverMayNotIsToldWhy) {
  EXPECT_EQ(CodeOf(Exchange("GET", "/bucket/k", {})), "403 AccessDenied");
  EXPECT_EQ(CodeOf(Exchange("GET", "/", {})), "403 AccessDenied");
  credentials.secret_access_key = Secret("wrong");
  const auto wrong = Send("GET", "/bucket/k");
  EXPECT_EQ(CodeOf(wrong), "403 SignatureDoesNotMatch");
  EXPECT_THAT(wrong.body, HasSubstr("<CanonicalRequest>GET"));
  EXPECT_THAT(wrong.body, HasSubstr("<RequestId>" + wrong.headers.Get("x-amz-request-id") + "</RequestId>"));
  credentials.access_key_id = "NOBODY";
  EXPECT_EQ(CodeOf(Send("GET", "/bucket/k")), "403 InvalidAccessKeyId");
  EXPECT_EQ(CodeOf(Send("PUT", "/bucket/k", {.body = "x"})), "403 InvalidAccessKeyId");
  EXPECT_EQ(Read("k"), "<none>");
}

TEST_P(S3WireTest, AnonymousServesTheUnsigned) {
  Start({.authentication = {.anonymous = true}});
  EXPECT_EQ(Exchange("PUT", "/bucket/k", {}, "x").status, 200);
  EXPECT_EQ(Exchange("GET", "/bucket/k", {}).body, "x");
  EXPECT_EQ(CodeOf(Exchange("GET", "/bucket/k?response-content-type=a", {})), "400 InvalidRequest");
  EXPECT_EQ(Send("GET", "/bucket/k?response-content-type=text/x").headers.Get("content-type"), "text/x");
}

TEST_P(S3WireTest, BucketsMayBeNamedByTheHost) {
  Send("PUT", "/bucket/k", {.body = "x"});
  Start({.authentication = {.anonymous = true}, .domains = {"lake.test"}});
  EXPECT_EQ(Exchange("GET", "/k", {{"Host", "bucket.lake.test:80"}}).body, "x");
  EXPECT_EQ(Exchange("GET", "/bucket/k", {{"Host", "lake.test"}}).body, "x");
}

TEST_P(S3WireTest, OperationsThatAreNotThereAreNamed) {
  const auto acl = Send("GET", "/bucket?acl");
  EXPECT_EQ(CodeOf(acl), "501 NotImplemented");
  EXPECT_THAT(acl.body, HasSubstr("BucketAcl"));
  EXPECT_EQ(CodeOf(Send("PUT", "/bucket?versioning")), "501 NotImplemented");
  EXPECT_EQ(CodeOf(Send("POST", "/bucket")), "501 NotImplemented");
  EXPECT_EQ(CodeOf(Send("POST", "/bucket/k?select&select-type=2")), "501 NotImplemented");
  EXPECT_EQ(CodeOf(Send("GET", "/bucket?policy")), "404 NoSuchBucketPolicy");
  EXPECT_EQ(CodeOf(Send("PATCH", "/bucket/k")), "405 MethodNotAllowed");
  EXPECT_EQ(CodeOf(Send("PUT", "/bucket/k", {.headers = {{"x-amz-server-side-encryption", "AES256"}}})),
            "501 NotImplemented");
  EXPECT_EQ(CodeOf(Send("PUT", "/bucket/k", {.headers = {{"x-amz-acl", "public-read"}}})), "501 NotImplemented");
  EXPECT_EQ(CodeOf(Send("GET", "/bucket/k?versionId=abc")), "404 NoSuchVersion");
  EXPECT_EQ(CodeOf(Send("GET", "/nobucket/k")), "404 NoSuchBucket");
  EXPECT_EQ(CodeOf(Send("GET", "/bucket/%zz")), "400 InvalidURI");
}

TEST_P(S3WireTest, BrowsersOfConfiguredOriginsMayCall) {
  Start({.cors_origins = {"https://app.example"}});
  const auto preflight = [&](const char* origin) {
    return Exchange("OPTIONS", "/bucket/k",
                    {{"Origin", origin},
                     {"Access-Control-Request-Method", "PUT"},
                     {"Access-Control-Request-Headers", "x-amz-date"}});
  };
  const auto allowed = preflight("https://app.example");
  EXPECT_EQ(allowed.status, 200);
  EXPECT_EQ(allowed.headers.Get("access-control-allow-origin"), "https://app.example");
  EXPECT_EQ(allowed.headers.Get("access-control-allow-headers"), "x-amz-date");
  EXPECT_EQ(CodeOf(preflight("https://evil.example")), "403 AccessForbidden");
  EXPECT_EQ(Send("GET", "/bucket", {.headers = {{"Origin", "https://app.example"}}})
                .headers.Get("access-control-allow-origin"),
            "https://app.example");
  EXPECT_FALSE(Send("GET", "/bucket", {.headers = {{"Origin", "https://evil.example"}}})
                   .headers.Find("access-control-allow-origin"));
}

TEST_P(S3WireTest, ErrorsDoNotNameFoldersOfTheServer) {
  if (!GetParam()) GTEST_SKIP() << "no folders";
  const auto response = Send("PUT", "/bucket/a//b", {.body = "x"});
  EXPECT_EQ(CodeOf(response), "400 InvalidArgument");
  EXPECT_THAT(response.body, HasSubstr("s3://bucket/a//b"));
  EXPECT_THAT(response.body, Not(HasSubstr(dir.path().string())));
  EXPECT_EQ(CodeOf(Send("GET", "/bucket/a//b")), "404 NoSuchKey");
  EXPECT_EQ(Send("HEAD", "/bucket/../x").status, 404);
  EXPECT_EQ(Send("DELETE", "/bucket/a//b").status, 204);
}

TEST_P(S3WireTest, AListingWithAMarkerGoesOnBehindAWholeCommonPrefix) {
  for (const char* key : {"a/1", "a/2", "b", "c/1"}) ASSERT_OK(PutString(*store, key, "x"));
  std::string marker, seen;
  for (int page = 0; page < 10; ++page) {
    const auto response = Send("GET", "/bucket?delimiter=%2F&max-keys=1&marker=" + aws::UriEncode(marker, false));
    const auto between = [&](const std::string& from, const std::string& to) {
      const auto begin = response.body.find(from);
      if (begin == std::string::npos) return std::string();
      return response.body.substr(begin + from.size(), response.body.find(to, begin) - begin - from.size());
    };
    seen += between("<Key>", "</Key>") + between("<CommonPrefixes><Prefix>", "</Prefix>") + ";";
    marker = between("<NextMarker>", "</NextMarker>");
    if (marker.empty()) break;
  }
  EXPECT_EQ(seen, "a/;b;c/;");
}

TEST_P(S3WireTest, XmlThatIsNoneIsMalformed) {
  EXPECT_EQ(CodeOf(Send("POST", "/bucket?delete", {.body = "<Delete>"})), "400 MalformedXML");
  EXPECT_EQ(CodeOf(Send("POST", "/bucket?delete", {.body = "<Delete></Delete>"})), "400 MalformedXML");
  EXPECT_EQ(CodeOf(Send("POST", "/bucket?delete", {.body = std::string(5'000'000, 'x')})),
            "400 MaxMessageLengthExceeded");
  EXPECT_EQ(CodeOf(Send("POST", "/bucket/k?uploadId=x", {.body = "<a/>"})), "400 MalformedXML");
  EXPECT_EQ(CodeOf(Send("PUT", "/bucket/k?partNumber=0&uploadId=x", {.body = "x"})), "400 InvalidArgument");
  EXPECT_EQ(CodeOf(Send("PUT", "/bucket/k?partNumber=1&uploadId=x", {.body = "x"})), "404 NoSuchUpload");
  EXPECT_EQ(CodeOf(Send("GET", "/bucket?list-type=2&max-keys=x")), "400 InvalidArgument");
  EXPECT_EQ(CodeOf(Send("GET", "/bucket?list-type=2&continuation-token=%21")), "400 InvalidArgument");
}

}  // namespace
}  // namespace glaux::serve
