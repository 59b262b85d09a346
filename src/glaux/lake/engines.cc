#include "glaux/aws/endpoint.h"
#include "glaux/engine/athena/athena_engine.h"
#include "glaux/lake/aws_access_internal.h"
#include "glaux/lake/engines_internal.h"

namespace glaux {
namespace {

/// Of an endpoint that is not AWS's any region will do, and most such servers have none.
constexpr char kAnyRegion[] = "us-east-1";

}  // namespace

Result<std::unique_ptr<QueryEngine>> OpenAthenaEngine(const AthenaAccess& athena, const S3Access& access,
                                                      const std::string& database, double dollars,
                                                      LocationResolver resolve) {
  const auto environment = Environment::Process();
  ARROW_ASSIGN_OR_RAISE(const auto files, ReadAwsFiles(access, *environment));
  AthenaEngineOptions options{.region = {}, .endpoint_url = athena.endpoint_url};
  options.workgroup = athena.workgroup;
  options.output_location = athena.output_location;
  options.catalog = athena.catalog;
  options.database = database;
  options.dollars_per_terabyte = dollars;
  ARROW_ASSIGN_OR_RAISE(options.results, ParseAthenaResults(athena.results));
  options.result_reuse = athena.result_reuse;
  options.max_concurrent = athena.max_concurrent;
  options.resolve = std::move(resolve);
  ARROW_ASSIGN_OR_RAISE(options.region, AwsRegionOf(access, *environment, files));
  bool custom = true;
  if (options.endpoint_url.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto endpoint, aws::FindEndpoint(*environment, files, aws::kAthena, options.region));
    options.endpoint_url = endpoint.url;
    custom = endpoint.custom;
  }
  if (options.region.empty() && custom) options.region = kAnyRegion;
  ARROW_ASSIGN_OR_RAISE(options.transport, SharedAwsTransport());
  options.credentials = AwsCredentialsOf(access, environment, options.transport, options.region);
  return MakeAthenaEngine(std::move(options));
}

}  // namespace glaux
