// Conditions over columns, parsed, printed and asked.
#include <arrow/scalar.h>

#include "fuzz.h"
#include "glaux/schema/predicate.h"

std::vector<std::string> FuzzSeeds() {
  return {"year = '2025' AND month IN ('01', '02') OR NOT (a <> 5)",
          "\"q\"\"x\" LIKE 'a\\_%' ESCAPE '\\' and b between 1.5 and -2e3",
          "d >= DATE '2025-01-31' and `t` < TIMESTAMP '2025-01-31 08:00:00' or x is not null",
          "not not (a = true) and c != FALSE"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace glaux;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto predicate = Predicate::Parse(text);
  if (!predicate.ok()) {
    Require(KindOf(predicate.status()) == ErrorKind::kInvalid, "a condition that is none is kInvalid",
            predicate.status().ToString());
    return 0;
  }
  const auto printed = predicate->ToString();
  const auto again = Predicate::Parse(printed);
  Require(again.ok(), "what was printed is parsed", printed + ": " + again.status().ToString());
  Require(again->ToString() == printed, "what was printed prints the same", printed + "\n" + again->ToString());
  const auto truth = predicate->Evaluate([](const std::string& column) -> std::shared_ptr<arrow::Scalar> {
    if (column.empty()) return nullptr;
    if (column.size() % 2 == 0) return arrow::MakeScalar(int64_t{5});
    return arrow::MakeScalar(column);
  });
  Require(truth.ok() || KindOf(truth.status()) != ErrorKind::kOther, "every error has a kind",
          truth.status().ToString());
  return 0;
}
