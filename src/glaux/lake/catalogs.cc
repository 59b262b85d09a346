#include "glaux/lake/catalogs_internal.h"

#include "glaux/aws/endpoint.h"
#include "glaux/catalog/glue/glue_catalog.h"
#include "glaux/lake/aws_access_internal.h"

namespace glaux {
namespace {

/// Of an endpoint that is not AWS's any region will do, and most such servers have none.
constexpr char kAnyRegion[] = "us-east-1";

}  // namespace

Result<std::shared_ptr<Catalog>> OpenGlueCatalog(const GlueAccess& glue, const S3Access& access) {
  const auto environment = Environment::Process();
  ARROW_ASSIGN_OR_RAISE(const auto files, ReadAwsFiles(access, *environment));
  GlueCatalogOptions options{.region = {}, .endpoint_url = glue.endpoint_url, .catalog_id = glue.catalog_id};
  ARROW_ASSIGN_OR_RAISE(options.region, AwsRegionOf(access, *environment, files));
  ARROW_ASSIGN_OR_RAISE(options.transport, SharedAwsTransport());
  bool custom = true;
  if (options.endpoint_url.empty()) {
    ARROW_ASSIGN_OR_RAISE(auto endpoint, aws::FindEndpoint(*environment, files, aws::kGlue, options.region));
    custom = endpoint.custom;
    if (!custom && options.region.empty()) {
      options.region = RegionOfInstance(*environment, files, options.transport);
      ARROW_ASSIGN_OR_RAISE(endpoint, aws::FindEndpoint(*environment, files, aws::kGlue, options.region));
    }
    options.endpoint_url = endpoint.url;
  }
  if (options.region.empty() && custom) options.region = kAnyRegion;
  options.credentials = AwsCredentialsOf(access, environment, options.transport, options.region);
  return MakeGlueCatalog(std::move(options));
}

}  // namespace glaux
