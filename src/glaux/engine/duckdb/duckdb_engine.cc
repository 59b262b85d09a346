#include "glaux/engine/duckdb/duckdb_engine.h"
