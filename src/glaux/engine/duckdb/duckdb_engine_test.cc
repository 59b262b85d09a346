#include "glaux/engine/duckdb/duckdb_engine.h"

#include <arrow/api.h>

#include "glaux/engine/duckdb/fake_lake.h"
#include "glaux/testing/query_engine_conformance.h"

namespace glaux::testing {

namespace {

class ConformanceLake : public EngineLake {
 public:
  ConformanceLake() {
    const auto orders = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("customer", arrow::int64()),
                                       arrow::field("amount", arrow::float64()), arrow::field("note", arrow::utf8())});
    const auto customers = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8())});
    lake_.AddTable({"conformance", "orders"}, orders->fields(), {arrow::field("day", arrow::utf8())});
    lake_.AddFile({"conformance", "orders"}, {arrow::MakeScalar("01")},
                  *FakeLake::Rows(orders, R"([{"id":1,"customer":10,"amount":1.5,"note":"a"},
                                              {"id":2,"customer":11,"amount":2.5}])"));
    lake_.AddFile({"conformance", "orders"}, {arrow::MakeScalar("02")},
                  *FakeLake::Rows(orders, R"([{"id":3,"customer":10,"amount":4,"note":""}])"));
    lake_.AddFile({"conformance", "orders"}, {arrow::MakeNullScalar(arrow::utf8())},
                  *FakeLake::Rows(orders, R"([{"id":4,"amount":8,"note":"d"}])"));
    lake_.AddTable({"conformance", "nothing"}, customers->fields());
    lake_.AddTable({"conformance_other", "customers"}, customers->fields());
    lake_.AddFile({"conformance_other", "customers"}, {},
                  *FakeLake::Rows(customers, R"([{"id":10,"name":"ada"},{"id":11,"name":"bob"}])"));
    engine_ = lake_.Engine({.default_database = "conformance"}).ValueOrDie();
  }

  QueryEngine& engine() override { return *engine_; }

 private:
  FakeLake lake_;
  std::unique_ptr<QueryEngine> engine_;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(DuckDB, QueryEngineConformance,
                         ::testing::Values(EngineUnderTest{"Embedded",
                                                           [] { return std::make_shared<ConformanceLake>(); }}),
                         EngineName);

}  // namespace glaux::testing
