// What comes to the Athena wire as text: requests, statements with their parameters, and pages of result objects. The
// first byte of the input chooses.
#include "fuzz.h"
#include "glaux/serve/athena/result_object_internal.h"
#include "glaux/serve/athena/statement_text_internal.h"
#include "glaux/store/memory_store.h"
#include "glaux/wire/athena_query.h"
#include "glaux/wire/athena_workgroup.h"

using namespace glaux;
using namespace glaux::serve::athena;

std::vector<std::string> FuzzSeeds() {
  return {std::string(1, '\0') +
              R"({"QueryString":"select ?","ExecutionParameters":["1"],"QueryExecutionContext":{"Database":"d"}})",
          "\1"
          R"({"WorkGroup":"w","ConfigurationUpdates":{"ResultConfigurationUpdates":{"OutputLocation":"s3://b/"}}})",
          "\2select a, '?' -- ?\nfrom t where b = ? and $q$ ? $q$ = e'\\'?'",
          "\2EXECUTE p USING 'a, b', 2",
          "\2create table t with (format = 'x') as (select 1)",
          "\3'it''s'",
          "\3timestamp '2025-01-31 08:30:00'",
          "\4\"a\",\"b\"\n\"say \"\"hi\"\"\",\n\"\",\"x\"\n"};
}

namespace {

template <typename Shape>
void CheckShape(std::string_view text) {
  const auto read = wire::ParseShape<Shape>(text, wire::UnknownFields::kRefuse);
  if (!read.ok()) return;
  const std::string printed = wire::PrintShape(*read);
  const auto again = wire::ParseShape<Shape>(printed, wire::UnknownFields::kRefuse);
  Require(again.ok() && wire::PrintShape(*again) == printed, "what is printed is read as the same", printed);
}

void CheckStatement(std::string_view text) {
  static_cast<void>(ShapeOf(text));
  static_cast<void>(ParseExecute(text));
  const auto bound = BindParameters(text, {"'"});
  if (!bound.ok()) return;
  // The value is in its place, and there is no second one.
  Require(bound->find(" '''' ") != bound->npos, "a parameter is a literal", *bound);
  Require(!BindParameters(*bound, {"'"}).ok(), "a bound statement has no parameter", *bound);
}

/// A literal is a value of its own: beside another one it does not change what is a parameter and what is not.
void CheckLiteral(std::string_view value) {
  const auto literal = LiteralOf(value);
  if (!literal.ok()) return;
  const auto bound = BindParameters("a" + *literal + "? b", {"7"});
  Require(bound.ok() && *bound == "a" + *literal + " 7  b", "a literal ends where it ends", *literal);
}

void CheckPages(std::string_view text) {
  const auto store = MakeMemoryStore();
  if (!PutString(*store, "k", text).ok()) return;
  for (const auto kind : {ResultKind::kRows, ResultKind::kText}) {
    const auto all = ReadResultPage(*store, "k", kind, 0, 1'000'000);
    if (!all.ok() || all->next) continue;
    size_t rows = 0;
    for (std::optional<int64_t> at = 0; at;) {
      const auto page = ReadResultPage(*store, "k", kind, *at, 1);
      Require(page.ok(), "what is read whole is read line by line", std::string(text));
      rows += page->rows.size();
      at = page->next;
    }
    Require(rows == all->rows.size(), "pages have all lines", std::string(text));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      CheckShape<wire::athena::StartQueryExecutionRequest>(text);
      break;
    case 1:
      CheckShape<wire::athena::UpdateWorkGroupRequest>(text);
      break;
    case 2:
      CheckStatement(text);
      break;
    case 3:
      CheckLiteral(text);
      break;
    default:
      CheckPages(text);
  }
  return 0;
}
