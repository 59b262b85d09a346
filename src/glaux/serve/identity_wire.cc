#include "glaux/serve/identity_wire.h"

#include <span>
#include <utility>

#include "glaux/aws/sigv4.h"
#include "glaux/serve/query.h"

namespace glaux::serve {
namespace {

constexpr char kService[] = "sts";
constexpr size_t kMostBody = 64 << 10;

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
    }
  }
  return out;
}

class IdentityWire final : public Wire {
 public:
  explicit IdentityWire(IdentityWireOptions options)
      : options_(std::move(options)), authenticator_(options_.authentication) {}

  bool Takes(const Request& request) const override { return SigningServiceOf(request) == kService; }

  void Handle(Request& request, Response& response) override {
    const auto answer = Run(request);
    const http::Headers headers{{"x-amzn-RequestId", request.id}, {"Content-Type", "text/xml"}};
    if (answer.ok()) {
      static_cast<void>(response.Send(200, headers, *answer));
      return;
    }
    const auto info = InfoOf(answer.status());
    const std::string body =
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>" +
        info.code + "</Code><Message>" + Escaped(answer.status().message()) + "</Message></Error><RequestId>" +
        request.id + "</RequestId></ErrorResponse>";
    static_cast<void>(response.Send(info.http_status == 0 ? 400 : info.http_status, headers, body));
  }

 private:
  Result<std::string> Run(Request& request) const {
    std::string body, piece(4096, '\0');
    for (size_t got = 1; got > 0;) {
      ARROW_ASSIGN_OR_RAISE(got, request.body->Read(std::as_writable_bytes(std::span(piece))));
      body.append(piece, 0, got);
      if (body.size() > kMostBody) {
        return MakeError({.kind = ErrorKind::kInvalid, .code = "RequestEntityTooLarge", .http_status = 413},
                         "the body is larger than ", kMostBody, " bytes");
      }
    }
    ARROW_ASSIGN_OR_RAISE(const auto query, Query::Parse(request.query));
    std::vector<std::pair<std::string, std::string>> details;
    ARROW_ASSIGN_OR_RAISE(const auto caller,
                          authenticator_.Check(request, query, kService, &details,
                                               aws::Sha256Hex(std::as_bytes(std::span(body.data(), body.size())))));
    ARROW_ASSIGN_OR_RAISE(const auto form, Query::Parse(body));
    const std::string action = form.Has("Action") ? form.Get("Action") : query.Get("Action");
    if (action != "GetCallerIdentity") {
      return MakeError({.kind = ErrorKind::kNotImplemented, .code = "InvalidAction", .http_status = 400},
                       "Could not find operation ", action.substr(0, 100),
                       ": this server has GetCallerIdentity of STS, and no other");
    }
    const std::string user = Escaped(caller.access_key_id.empty() ? "anonymous" : caller.access_key_id);
    return "<GetCallerIdentityResponse "
           "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult><Arn>"
           "arn:aws:iam::" +
           options_.account + ":user/" + user + "</Arn><UserId>" + user + "</UserId><Account>" + options_.account +
           "</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>" + request.id +
           "</RequestId></ResponseMetadata></GetCallerIdentityResponse>";
  }

  const IdentityWireOptions options_;
  const Authenticator authenticator_;
};

}  // namespace

std::shared_ptr<Wire> MakeIdentityWire(IdentityWireOptions options) {
  return std::make_shared<IdentityWire>(std::move(options));
}

}  // namespace glaux::serve
