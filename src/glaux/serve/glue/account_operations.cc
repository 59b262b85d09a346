#include <algorithm>

#include "glaux/serve/glue/call_internal.h"

namespace glaux::serve::glue {

Result<wire::GetUserDefinedFunctionsResponse> Run(Call& call, wire::GetUserDefinedFunctionsRequest request) {
  ARROW_RETURN_NOT_OK(PageOf(request.MaxResults, request.NextToken, 100));
  if (request.DatabaseName) ARROW_RETURN_NOT_OK(call.catalog.GetDatabase(*request.DatabaseName));
  return wire::GetUserDefinedFunctionsResponse{.UserDefinedFunctions = std::vector<boost::json::object>()};
}

Result<wire::GetDataCatalogEncryptionSettingsResponse> Run(Call&, wire::GetDataCatalogEncryptionSettingsRequest) {
  wire::GetDataCatalogEncryptionSettingsResponse answer;
  answer.DataCatalogEncryptionSettings.EncryptionAtRest.CatalogEncryptionMode = "DISABLED";
  return answer;
}

Result<wire::GetCatalogImportStatusResponse> Run(Call&, wire::GetCatalogImportStatusRequest) {
  return wire::GetCatalogImportStatusResponse{};
}

Result<wire::GetTagsResponse> Run(Call& call, wire::GetTagsRequest request) {
  // "arn:aws:glue:us-east-1:123456789012:table/shop/orders". Nothing here has tags, but what is asked for has to be
  // there.
  std::string_view rest = request.ResourceArn;
  for (int part = 0; part < 5; ++part) {
    const auto colon = rest.find(':');
    if (colon == rest.npos) return InvalidInput("ResourceArn is no ARN: ", request.ResourceArn);
    rest.remove_prefix(colon + 1);
  }
  const auto kind = rest.substr(0, rest.find('/'));
  rest.remove_prefix(std::min(kind.size() + 1, rest.size()));
  const auto slash = rest.find('/');
  if (kind == "database") {
    ARROW_RETURN_NOT_OK(call.catalog.GetDatabase(rest));
  } else if (kind == "table" && slash != rest.npos) {
    ARROW_RETURN_NOT_OK(
        call.catalog.GetTable({std::string(rest.substr(0, slash)), std::string(rest.substr(slash + 1))}));
  } else if (kind != "catalog") {
    return InvalidInput("ResourceArn is of no database and no table: ", request.ResourceArn);
  }
  return wire::GetTagsResponse{.Tags = std::map<std::string, std::string>()};
}

}  // namespace glaux::serve::glue
