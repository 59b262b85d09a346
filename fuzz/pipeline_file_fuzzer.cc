// Pipeline files: YAML, the keys of sources, destinations and pipelines, and what stands in their values.
#include "fuzz.h"
#include "glaux/sync/config.h"

std::vector<std::string> FuzzSeeds() {
  return {R"(sources: { s: { path: 'in/**/*.csv', columns: [a, b], filter: 'a > 5', limit: 10 } }
destinations: { d: { table: a.b } }
pipelines: [{ name: p, from: s, to: d, on_error: quarantine, max_errors: 5 }]
)",
          R"(lake: ./lake
memory_limit: 1GB
sources:
  s:
    connector: s3
    bucket: ${BB:-b}
    key: 'x/{a,b}/**'
    format: csv
    delimiter: ';'
    date_formats: ['%d.%m.%Y']
    select: { exclude: ['*.tmp'], regex: '^a+$', modified_after: 2025-01-01, min_size: 1KB, partitions: "y = '2'" }
    types: { a: 'decimal(10,2)' }
    hints: { "*_id": string }
    incremental: { datetime_field: t, lag: 90m }
destinations:
  d: &to
    uri: 's3://b/out/{date}-{run}-{part}.parquet'
    partition_by: day(t), region
    target_file_size: 64MB
    compression: zstd
  e: { <<: *to, row_group_rows: 1000, contract: { columns: freeze, data_type: discard_row } }
pipelines:
- { from: [s], to: d }
- to: e
  sql: |
    SELECT * FROM s
  checkpoint: 1GB
)",
          R"(sources:
  q: { sql: "SELECT '$${X}' AS \u00e4" }
  t: { table: a.b, incremental: { datetime_field: t, time_filter_hours: 2.5, initial_value: '2025-01-01' } }
destinations:
  f: { connector: file, path: out/a.jsonl.gz, mode: upsert, primary_key: [id, k], datetime_field: t, omit_nulls: true }
  db: { connector: duckdb, path: a.duckdb, table: main.t, mode: insert_new, primary_key: id }
  o: { connector: stdout }
pipelines:
- { from: q, to: f }
- { from: t, to: db }
- { from: [q, t], to: o }
)",
          "a: &x [1, 2]\nb: *x\nd: >-\n  folded\n  text\n? e\n: f\n--- !!str\n"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace glaux;
  const auto variables = [](std::string_view name) -> std::optional<std::string> {
    if (name.size() % 2 == 0) return std::nullopt;
    return "value of " + std::string(name);
  };
  const auto config = ParseSyncConfig({reinterpret_cast<const char*>(data), size}, "pipeline.yaml", variables);
  Require(config.ok() || KindOf(config.status()) == ErrorKind::kInvalid, "a file that is none is kInvalid",
          config.status().ToString());
  return 0;
}
