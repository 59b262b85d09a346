#include "glaux/aws/sigv4.h"

#include <gtest/gtest.h>

#include "glaux/testing/matchers.h"

namespace glaux::aws {
namespace {

// The keys, times and signatures of the Amazon S3 API Reference, "Signature Calculations for the Authorization Header:
// Transferring Payload in Multiple Chunks" and "… Including Trailing Headers".
const Credentials kCredentials{.access_key_id = "AKIAIOSFODNN7EXAMPLE",
                               .secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")};
const SigningScope kScope{.region = "us-east-1", .service = "s3"};
const SigningOptions kOptions{.normalize_path = false,
                              .double_encode_path = false,
                              .payload_hash = std::string(kStreamingPayload),
                              .content_sha256_header = true};

Timestamp ExampleTime() { return ParseTimestamp("2013-05-24T00:00:00Z").ValueOrDie(); }

std::string HashOfLetters(size_t count) {
  const std::string letters(count, 'a');
  return Sha256Hex(std::as_bytes(std::span(letters)));
}

TEST(SigV4, SignsChunksOneBehindTheOther) {
  SignableRequest request{.method = "PUT",
                          .path = "/examplebucket/chunkObject.txt",
                          .query = "",
                          .headers = {{"Host", "s3.amazonaws.com"},
                                      {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                                      {"Content-Encoding", "aws-chunked"},
                                      {"x-amz-decoded-content-length", "66560"},
                                      {"Content-Length", "66824"}}};
  const auto seed = SignHeaders(&request, kScope, kCredentials, ExampleTime(), kOptions).signature;
  EXPECT_EQ(seed, "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
  const auto key = DeriveSigningKey(kCredentials.secret_access_key, ExampleTime(), kScope);
  const auto first = SignChunk(key, ExampleTime(), kScope, seed, HashOfLetters(65536));
  EXPECT_EQ(first, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648");
  const auto second = SignChunk(key, ExampleTime(), kScope, first, HashOfLetters(1024));
  EXPECT_EQ(second, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497");
  EXPECT_EQ(SignChunk(key, ExampleTime(), kScope, second, kEmptySha256),
            "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9");
}

TEST(SigV4, SignsTrailingHeadersBehindTheLastChunk) {
  SignableRequest request{.method = "PUT",
                          .path = "/examplebucket/chunkObject.txt",
                          .query = "",
                          .headers = {{"Host", "s3.amazonaws.com"},
                                      {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                                      {"Content-Encoding", "aws-chunked"},
                                      {"x-amz-decoded-content-length", "66560"},
                                      {"x-amz-trailer", "x-amz-checksum-crc32c"}}};
  auto options = kOptions;
  options.payload_hash = kStreamingPayloadTrailer;
  const auto seed = SignHeaders(&request, kScope, kCredentials, ExampleTime(), options).signature;
  EXPECT_EQ(seed, "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e");
  const auto key = DeriveSigningKey(kCredentials.secret_access_key, ExampleTime(), kScope);
  const auto first = SignChunk(key, ExampleTime(), kScope, seed, HashOfLetters(65536));
  EXPECT_EQ(first, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2");
  const auto second = SignChunk(key, ExampleTime(), kScope, first, HashOfLetters(1024));
  EXPECT_EQ(second, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7");
  const auto last = SignChunk(key, ExampleTime(), kScope, second, kEmptySha256);
  EXPECT_EQ(last, "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992");
  EXPECT_EQ(SignTrailer(key, ExampleTime(), kScope, last, "x-amz-checksum-crc32c:sOO8/Q==\n"),
            "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435");
}

TEST(SigV4, ComputesForAServerWhatTheClientSigned) {
  SignableRequest request{.method = "GET",
                          .path = "/bucket/a%20b",
                          .query = "list-type=2&prefix=x%2Fy",
                          .headers = {{"Host", "127.0.0.1:9000"}, {"X-Amz-Meta-A", "  one   two "}}};
  const auto signed_texts = SignHeaders(&request, kScope, kCredentials, ExampleTime(), kOptions);
  request.headers.Add("Via", "a proxy that nobody signed");
  const std::vector<std::string> names = {"host", "x-amz-content-sha256", "x-amz-date", "x-amz-meta-a"};
  EXPECT_EQ(ComputeSignature(request, names, kScope, kCredentials.secret_access_key, ExampleTime(), kOptions).signature,
            signed_texts.signature);
  EXPECT_NE(ComputeSignature(request, names, kScope, Secret("another"), ExampleTime(), kOptions).signature,
            signed_texts.signature);
}

TEST(SigV4, LeavesTheSignatureOutOfThePresignedQueryThatAServerVerifies) {
  SignableRequest request{.method = "GET", .path = "/b/k", .query = "versionId=3", .headers = {{"Host", "h"}}};
  const SigningOptions options{
      .normalize_path = false, .double_encode_path = false, .payload_hash = std::string(kUnsignedPayload)};
  const auto texts = SignQuery(&request, kScope, kCredentials, ExampleTime(), std::chrono::seconds(60), options);
  EXPECT_THAT(request.query, ::testing::EndsWith("X-Amz-Signature=" + texts.signature));
  EXPECT_EQ(
      ComputeSignature(request, {"host"}, kScope, kCredentials.secret_access_key, ExampleTime(), options).signature,
      texts.signature);
}

TEST(SigV4, DoesNotMixUpKeysOfOtherDaysRegionsAndSecrets) {
  const auto key = [](const char* secret, int day, const char* region) {
    return DeriveSigningKey(Secret(secret), ExampleTime() + std::chrono::days(day), {region, "s3"});
  };
  EXPECT_EQ(key("a", 0, "r"), key("a", 0, "r"));
  EXPECT_NE(key("a", 0, "r"), key("b", 0, "r"));
  EXPECT_NE(key("a", 0, "r"), key("a", 1, "r"));
  EXPECT_NE(key("a", 0, "r"), key("a", 0, "q"));
}

TEST(UriEncode, EncodesAllButUnreservedCharacters) {
  EXPECT_EQ(UriEncode("a b/c+d~e_f-g.h%\xC3\xBC", false), "a%20b%2Fc%2Bd~e_f-g.h%25%C3%BC");
  EXPECT_EQ(UriEncode("a/b", true), "a/b");
}

TEST(UriDecode, ReadsBackEveryByteAndRefusesBrokenEscapes) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  ASSERT_OK_AND_ASSIGN(const auto decoded, UriDecode(UriEncode(all, false)));
  EXPECT_EQ(decoded, all);
  EXPECT_EQ(UriDecode("a+b").ValueOrDie(), "a+b");
  for (const char* broken : {"%", "a%2", "%zz", "%4", "%%41"}) {
    ASSERT_FAILS(ErrorKind::kInvalid, "hexadecimal", UriDecode(broken));
  }
}

}  // namespace
}  // namespace glaux::aws
