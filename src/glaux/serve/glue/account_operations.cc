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

}  // namespace glaux::serve::glue
