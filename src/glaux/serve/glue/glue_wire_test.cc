#include "glaux/serve/glue/glue_wire.h"

#include <boost/json.hpp>

#include "glaux/aws/sigv4.h"
#include "glaux/catalog/memory_catalog.h"
#include "glaux/serve/name_pattern.h"
#include "glaux/serve/server.h"
#include "glaux/testing/matchers.h"

namespace glaux::serve {
namespace {

using ::testing::HasSubstr;
namespace json = boost::json;

constexpr char kKeyId[] = "GLAUXTEST", kSecret[] = "secret/of/tests";

/// A catalog in memory, our server over it, and a client that signs by hand.
class GlueWireTest : public ::testing::Test {
 protected:
  GlueWireTest() {
    GlueWireOptions options{.catalog = catalog.get()};
    options.authentication.keys = {{.id = kKeyId, .secret = Secret(kSecret)}};
    server = Server::Start({}, MakeGlueWire(std::move(options))).ValueOrDie();
  }

  http::Response Send(const std::string& target, std::string_view body, const std::string& signed_body) {
    aws::SignableRequest request{.method = "POST", .path = "/", .query = {}, .headers = {}};
    request.headers.Set("Host", "127.0.0.1:" + std::to_string(server->port()));
    request.headers.Set("Content-Type", "application/x-amz-json-1.1");
    request.headers.Set("X-Amz-Target", target);
    aws::SignHeaders(&request, scope, credentials, Clock::System().Now() + skew,
                     {.payload_hash = aws::Sha256Hex(AsBytes(signed_body))});
    auto response = transport->Send(
        {.method = "POST", .url = server->url() + "/", .headers = std::move(request.headers), .body = AsBytes(body)});
    EXPECT_TRUE(response.ok()) << response.status().ToString();
    return response.ok() ? *std::move(response) : http::Response{};
  }
  http::Response Send(const std::string& operation, const std::string& body) {
    return Send("AWSGlue." + operation, body, body);
  }

  /// "400 EntityNotFoundException: …" of an error, the body of an answer.
  static std::string Said(const http::Response& response) {
    if (response.status == 200) return response.body;
    const auto error = json::parse(response.body).as_object();
    return std::to_string(response.status) + " " + std::string(error.at("__type").as_string()) + ": " +
           std::string(error.at("Message").as_string());
  }
  std::string Ask(const std::string& operation, const std::string& body) { return Said(Send(operation, body)); }

  std::shared_ptr<Catalog> catalog = MakeMemoryCatalog();
  std::unique_ptr<Server> server;
  std::shared_ptr<http::Transport> transport = http::MakeCurlTransport().ValueOrDie();
  aws::SigningScope scope{.region = "eu-west-1", .service = "glue"};
  aws::Credentials credentials{.access_key_id = kKeyId, .secret_access_key = Secret(kSecret)};
  std::chrono::seconds skew{0};
};

TEST_F(GlueWireTest, AnswersInGluesForm) {
  ASSERT_EQ(Ask("CreateDatabase", R"({"DatabaseInput":{"Name":"Shop","Description":"d"}})"), "{}");
  const auto response = Send("GetDatabase", R"({"Name":"shop","CatalogId":"123456789012"})");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.headers.Get("content-type"), "application/x-amz-json-1.1");
  EXPECT_EQ(response.headers.Get("x-amzn-requestid").size(), 16u);
  const auto database = json::parse(response.body).at("Database").as_object();
  EXPECT_EQ(database.at("Name"), "shop");
  EXPECT_EQ(database.at("Description"), "d");
  EXPECT_EQ(database.at("CatalogId"), "123456789012");
  EXPECT_GT(database.at("CreateTime").as_double(), 1.6e9);
  EXPECT_EQ(Ask("GetDatabase", R"({"Name":"none"})"), "400 EntityNotFoundException: database none is not there");
  EXPECT_THAT(Ask("CreateDatabase", R"({"DatabaseInput":{"Name":"shop"}})"), HasSubstr("400 AlreadyExistsException: "));
}

TEST_F(GlueWireTest, RefusesWhoIsNotKnown) {
  scope.service = "s3";
  EXPECT_THAT(Ask("GetDatabases", "{}"), HasSubstr("400 IncompleteSignatureException: "));
  scope.service = "glue";
  skew = std::chrono::hours(-1);
  EXPECT_THAT(Ask("GetDatabases", "{}"), HasSubstr("400 InvalidSignatureException: "));
  skew = {};
  credentials.secret_access_key = Secret("another");
  EXPECT_THAT(Ask("GetDatabases", "{}"), HasSubstr("400 InvalidSignatureException: "));
  credentials.access_key_id = "SOMEBODY";
  EXPECT_THAT(Ask("GetDatabases", "{}"), HasSubstr("400 UnrecognizedClientException: "));
  ASSERT_OK_AND_ASSIGN(const auto unsigned_one, transport->Send({.method = "POST",
                                                                 .url = server->url() + "/",
                                                                 .headers = {{"X-Amz-Target", "AWSGlue.GetDatabases"}},
                                                                 .body = AsBytes("{}")}));
  EXPECT_THAT(Said(unsigned_one), HasSubstr("400 MissingAuthenticationTokenException: "));
}

TEST_F(GlueWireTest, RefusesABodyThatIsNotTheOneThatWasSigned) {
  const auto response =
      Send("AWSGlue.CreateDatabase", R"({"DatabaseInput":{"Name":"b"}})", R"({"DatabaseInput":{"Name":"a"}})");
  EXPECT_THAT(Said(response), HasSubstr("400 InvalidSignatureException: "));
  ASSERT_OK_AND_ASSIGN(const auto databases, AllDatabases(*catalog));
  EXPECT_TRUE(databases.empty());
}

TEST_F(GlueWireTest, NamesTheOperationThatItDoesNotHave) {
  EXPECT_EQ(Ask("CreateCrawler", "{}"),
            "400 UnknownOperationException: The operation CreateCrawler is not implemented by this server");
  EXPECT_THAT(Said(Send("AmazonAthena.StartQueryExecution", "{}", "{}")), HasSubstr("400 UnknownOperationException: "));
}

TEST_F(GlueWireTest, RefusesRequestsThatAreNone) {
  EXPECT_THAT(Ask("GetDatabase", "{"), HasSubstr("400 SerializationException: "));
  EXPECT_THAT(Ask("GetDatabase", R"({"Name":1})"), HasSubstr("400 SerializationException: Name: expected text"));
  EXPECT_THAT(Ask("GetDatabase", "{}"), HasSubstr("400 ValidationException: "));
  EXPECT_THAT(Ask("GetDatabase", R"({"Name":"a","Nmae":"b"})"), HasSubstr("there is no field 'Nmae'"));
  EXPECT_THAT(Ask("GetDatabases", R"({"MaxResults":101})"),
              HasSubstr("400 ValidationException: 1 validation error detected: Value '101' at 'MaxResults'"));
  EXPECT_THAT(Ask("GetDatabases", R"({"NextToken":"zz"})"), HasSubstr("400 InvalidInputException: "));
  EXPECT_THAT(Ask("GetTable", R"({"DatabaseName":"a","Name":"b","TransactionId":"1"})"),
              HasSubstr("400 InvalidInputException: TransactionId is not supported"));
}

TEST_F(GlueWireTest, ADatabaseKeepsItsName) {
  ASSERT_EQ(Ask("CreateDatabase", R"({"DatabaseInput":{"Name":"shop"}})"), "{}");
  EXPECT_THAT(Ask("UpdateDatabase", R"({"Name":"shop","DatabaseInput":{"Name":"other"}})"),
              HasSubstr("400 InvalidInputException: "));
  EXPECT_EQ(Ask("UpdateDatabase", R"({"Name":"shop","DatabaseInput":{"Name":"SHOP","Parameters":{"a":"b"}}})"), "{}");
  ASSERT_OK_AND_ASSIGN(const auto database, catalog->GetDatabase("shop"));
  EXPECT_EQ(database.parameters, (Parameters{{"a", "b"}}));
}

TEST(NamePattern, IsARegularExpressionOrHasStars) {
  const auto matches = [](std::string_view expression, const std::string& name) {
    return NamePattern::Make(expression).ValueOrDie().Matches(name).ValueOrDie();
  };
  EXPECT_TRUE(matches("", "any"));
  EXPECT_TRUE(matches("cur_.*", "cur_2025"));
  EXPECT_FALSE(matches("cur_.*", "my_cur_2025"));
  EXPECT_TRUE(matches("CUR_\\d+", "cur_2025"));
  EXPECT_TRUE(matches("a|b", "b"));
  EXPECT_TRUE(matches("cur_*", "cur_2025"));
  EXPECT_FALSE(matches("cur_*", "mycur_2025"));
  EXPECT_TRUE(matches("*2025", "cur_2025"));
  EXPECT_TRUE(matches("*ur_*", "cur_2025"));
  EXPECT_FALSE(matches("*ur_*x", "cur_2025"));
  EXPECT_TRUE(matches("Orders", "orders"));
  EXPECT_TRUE(matches("[a-c]+", "abc"));
}

TEST(NamePattern, RefusesWhatIsNone) {
  for (const char* expression : {"(", "*.a(", "[a"}) {
    ASSERT_FAILS(ErrorKind::kInvalid, "Expression", NamePattern::Make(expression));
  }
  ASSERT_FAILS(ErrorKind::kInvalid, "2048", NamePattern::Make(std::string(2049, 'a')));
  // Such a pattern would try for longer than anybody lives.
  ASSERT_OK_AND_ASSIGN(const auto pattern, NamePattern::Make("(a+)+(b+)+(a|aa)+$"));
  const auto matches = pattern.Matches(std::string(250, 'a') + "c");
  EXPECT_TRUE(!matches.ok() || !*matches);
}

}  // namespace
}  // namespace glaux::serve
