#pragma once

#include <memory>
#include <string>

#include "glaux/serve/authentication.h"
#include "glaux/serve/wire.h"

namespace glaux::serve {

struct IdentityWireOptions {
  AuthenticationOptions authentication = {};
  /// Whose catalog it is, for clients that name it in their requests.
  std::string account = "000000000000";
};

/// The one operation of AWS STS that clients of a catalog ask: GetCallerIdentity, of query protocol. The account is
/// the options', the user is named after the access key. Any other operation is an error that names it.
/// Source: AWS Security Token Service API Reference.
std::shared_ptr<Wire> MakeIdentityWire(IdentityWireOptions options);

}  // namespace glaux::serve
