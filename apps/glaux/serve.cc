#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "commands.h"
#include "glaux/base/quantity.h"
#include "glaux/serve/athena/athena_wire.h"
#include "glaux/serve/glue/glue_wire.h"
#include "glaux/serve/identity_wire.h"
#include "glaux/serve/s3/s3_wire.h"
#include "glaux/serve/server.h"
#include "human_text.h"

namespace glaux::cli {
namespace {

constexpr char kRegion[] = "us-east-1";

struct ServeArguments {
  std::string listen = "127.0.0.1:9000";
  std::vector<std::string> wires = {"s3"};
  bool anonymous = false;
  std::string tls_cert;
  std::string tls_key;
  bool insecure = false;
  std::string drain = "30s";
  std::vector<std::string> cors_origins;
  std::vector<std::string> domains;
};

/// "HOST:PORT", "[::1]:PORT", ":PORT" or "PORT".
Status TakeAddress(const std::string& text, serve::ServerOptions* options) {
  const auto colon = text.rfind(':');
  std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
  if (colon != std::string::npos && colon > 0) {
    options->host = text.substr(0, colon);
    if (options->host.starts_with('[') && options->host.ends_with(']')) {
      options->host = options->host.substr(1, options->host.size() - 2);
    }
  }
  const bool digits = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || std::stoi(port) > 65'535) {
    return MakeError(ErrorKind::kInvalid, "--listen: expected HOST:PORT, as in 127.0.0.1:9000, found: ", text);
  }
  options->port = static_cast<uint16_t>(std::stoi(port));
  return Status::OK();
}

bool IsLoopback(const std::string& host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

Result<serve::ServerOptions> MakeServerOptions(const ServeArguments& arguments) {
  serve::ServerOptions options;
  ARROW_RETURN_NOT_OK(TakeAddress(arguments.listen, &options));
  if (arguments.tls_cert.empty() != arguments.tls_key.empty()) {
    return MakeError(ErrorKind::kInvalid, "--tls-cert and --tls-key go together");
  }
  options.tls_certificate = arguments.tls_cert;
  options.tls_key = arguments.tls_key;
  if (!IsLoopback(options.host) && arguments.tls_cert.empty() && !arguments.insecure) {
    return MakeError({.kind = ErrorKind::kInvalid,
                      .hint = "give --tls-cert and --tls-key, or --insecure if the network may be trusted"},
                     "--listen ", arguments.listen,
                     ": other machines could read what is sent, since it is not encrypted");
  }
  return options;
}

/// The keys of clients, and what a shell sets to use them.
struct Keys {
  std::vector<serve::AccessKey> keys;
  std::string block;
};

/// GLAUX_SERVE_KEYS, else serve.keys of the configuration, else a pair that the lake keeps.
Result<Keys> FindKeys(Session& session, const LakeConfig& config) {
  Keys found;
  std::string given = session.surroundings().environment("GLAUX_SERVE_KEYS");
  const char* source = "GLAUX_SERVE_KEYS";
  if (given.empty() && !config.serve_keys.empty()) {
    given = config.serve_keys.Expose();
    source = "serve.keys";
  }
  if (!given.empty()) {
    auto keys = serve::ParseAccessKeys(given);
    if (!keys.ok()) return Prefix(keys.status(), source);
    found.keys = *std::move(keys);
    return found;
  }
  const std::string path = config.directory + "/serve.keys";
  ARROW_ASSIGN_OR_RAISE(auto kept, serve::KeepAccessKeys(path));
  found.keys = std::move(kept.keys);
  const auto& key = found.keys.front();
  found.block = fmt::format("export AWS_ACCESS_KEY_ID={}\n", key.id);
  if (kept.made) {
    session.Report("made a pair of keys; it is kept in " + path + "\n");
    found.block += fmt::format("export AWS_SECRET_ACCESS_KEY={}\n", key.secret.Expose());
  } else {
    found.block += fmt::format("export AWS_SECRET_ACCESS_KEY=$(head -n 1 '{}' | cut -d : -f 2-)\n", path);
  }
  return found;
}

/// A query without what somebody could use.
std::string ShownQuery(std::string_view query) {
  std::string shown;
  while (!query.empty()) {
    const auto one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(one.size() + 1, query.size()));
    const auto name = one.substr(0, one.find('='));
    const bool secret = name == "X-Amz-Signature" || name == "X-Amz-Credential" || name == "X-Amz-Security-Token";
    shown += shown.empty() ? '?' : '&';
    shown += secret ? std::string(name) + "=…" : std::string(one);
  }
  return shown;
}

std::string LogLine(const serve::Exchange& exchange) {
  const std::string operation = exchange.operation.empty() ? "" : " " + exchange.operation.substr(0, 100);
  return fmt::format("{} {} {} {}{}{} {} {}B in {}B out {:.1f}ms {}\n", FormatTimestamp(Clock::System().Now()),
                     exchange.peer, exchange.method, exchange.path, ShownQuery(exchange.query), operation,
                     exchange.status, exchange.bytes_received, exchange.bytes_sent,
                     static_cast<double>(exchange.time.count()) / 1000, exchange.request_id);
}

/// Each connection needs a descriptor, and so does each file that it reads.
void AllowManyFiles() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

bool Speaks(const ServeArguments& arguments, std::string_view wire) {
  return std::find(arguments.wires.begin(), arguments.wires.end(), wire) != arguments.wires.end();
}

/// All protocols that are asked for, on one port. S3 comes last: what carries no sign of another protocol is its own.
Result<std::shared_ptr<serve::Wire>> MakeWires(Lake& lake, const ServeArguments& arguments,
                                               const serve::AuthenticationOptions& authentication) {
  std::vector<std::shared_ptr<serve::Wire>> wires;
  if (Speaks(arguments, "glue") || Speaks(arguments, "athena")) {
    // Clients of a catalog ask whose it is.
    wires.push_back(serve::MakeIdentityWire({.authentication = authentication}));
  }
  if (Speaks(arguments, "glue")) {
    wires.push_back(serve::MakeGlueWire({.catalog = &lake.catalog(),
                                         .authentication = authentication,
                                         .kept_in = lake.config().directory + "/glue.json"}));
  }
  if (Speaks(arguments, "athena")) {
    serve::AthenaWireOptions athena{.engine = [&lake] { return lake.engine(); },
                                    .catalog = &lake.catalog(),
                                    .buckets = lake.bucket_host(),
                                    .authentication = authentication};
    athena.kept_in = lake.config().directory + "/athena.json";
    ARROW_ASSIGN_OR_RAISE(auto wire, serve::MakeAthenaWire(std::move(athena)));
    wires.push_back(std::move(wire));
  }
  if (Speaks(arguments, "s3")) {
    serve::S3WireOptions s3{.buckets = lake.bucket_host(), .authentication = authentication, .region = kRegion};
    s3.domains.insert(s3.domains.end(), arguments.domains.begin(), arguments.domains.end());
    s3.cors_origins = arguments.cors_origins;
    wires.push_back(serve::MakeS3Wire(std::move(s3)));
  }
  return serve::MakeRouter(std::move(wires));
}

Status RunServe(Session& session, const ServeArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const auto drain, ParseDuration(arguments.drain));
  ARROW_ASSIGN_OR_RAISE(auto options, MakeServerOptions(arguments));
  ARROW_ASSIGN_OR_RAISE(auto* guard, session.CatchSignals());
  ARROW_ASSIGN_OR_RAISE(auto* lake, session.lake(Session::IfAbsent::kCreate));
  if (lake->config().remote_store || lake->config().glue.has_value()) {
    return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "name a lake in a folder with --lake"},
                     "serve: the lake's ", lake->config().remote_store ? "store is on S3" : "catalog is Glue",
                     " already, and only lakes in folders are served");
  }
  ARROW_ASSIGN_OR_RAISE(auto keys, FindKeys(session, lake->config()));
  AllowManyFiles();

  std::mutex mutex;
  if (session.options().verbose) {
    options.on_exchange = [&](const serve::Exchange& exchange) {
      const std::string line = LogLine(exchange);
      const std::lock_guard lock(mutex);
      session.Report(line);
    };
  }
  const serve::AuthenticationOptions authentication{.keys = keys.keys, .anonymous = arguments.anonymous};
  ARROW_ASSIGN_OR_RAISE(auto wires, MakeWires(*lake, arguments, authentication));
  ARROW_ASSIGN_OR_RAISE(const auto server, serve::Server::Start(options, std::move(wires)));
  if (!keys.block.empty()) {
    ARROW_RETURN_NOT_OK(
        session.Print(fmt::format("export AWS_ENDPOINT_URL={}\n{}export AWS_REGION={} AWS_DEFAULT_REGION={}\n",
                                  server->url(), keys.block, kRegion, kRegion)));
  }
  ARROW_RETURN_NOT_OK(session.Print(fmt::format("ready: {} ({})\n", server->url(), fmt::join(arguments.wires, ", "))));

  std::condition_variable stop;
  bool stopped = false;
  guard->OnStop([&] {
    const std::lock_guard lock(mutex);
    stopped = true;
    stop.notify_all();
  });
  {
    std::unique_lock lock(mutex);
    stop.wait(lock, [&] { return stopped; });
  }
  guard->OnStop({});
  session.Report(fmt::format("stopping: requests under way have up to {}\n", arguments.drain));
  if (const int cut = server->Stop(drain); cut > 0) {
    session.Warn(FormatCount(cut, "request", "requests") + " did not end in time and " + (cut == 1 ? "was" : "were") +
                 " cut off");
  }
  return Status::OK();
}

}  // namespace

void AddServeCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<ServeArguments>();
  auto* command = app->add_subcommand("serve", "Serve the lake to clients of S3, AWS Glue and Amazon Athena");
  command->add_option("--listen", arguments->listen, "address and port; port 0 is any that is free (127.0.0.1:9000)")
      ->type_name("HOST:PORT");
  command->add_option("--wire", arguments->wires, "protocols to speak on the port, separated by commas (s3)")
      ->type_name("s3,glue,athena")
      ->delimiter(',')
      ->check(CLI::IsMember({"s3", "glue", "athena"}).description(""));
  command->add_flag("--anonymous", arguments->anonymous, "serve requests without a signature, too");
  command->add_option("--tls-cert", arguments->tls_cert, "certificate chain (PEM), for https")->type_name("FILE");
  command->add_option("--tls-key", arguments->tls_key, "key of the certificate (PEM)")->type_name("FILE");
  command->add_flag("--insecure", arguments->insecure, "without TLS even where other machines may connect");
  command->add_option("--drain", arguments->drain, "when stopped, how long requests under way may take (30s)")
      ->type_name("DURATION");
  command
      ->add_option("--cors-origin", arguments->cors_origins, "web pages of this origin may call; * is any; repeatable")
      ->type_name("ORIGIN");
  command
      ->add_option("--domain", arguments->domains,
                   "BUCKET.DOMAIN as host names a bucket (localhost always does); repeatable")
      ->type_name("NAME");
  command->footer(
      "Clients sign with the keys of GLAUX_SERVE_KEYS (ID:SECRET,...), else serve.keys of the configuration,\n"
      "else a pair that is made at the first start and kept in the lake.\n"
      "Examples:\n"
      "  glaux serve\n"
      "  glaux serve --wire s3,glue,athena --verbose\n"
      "  glaux serve --listen 0.0.0.0:443 --tls-cert lake.pem --tls-key lake.key");
  SetAction(command, session, arguments, RunServe);
}

}  // namespace glaux::cli
