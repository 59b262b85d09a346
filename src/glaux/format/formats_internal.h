#pragma once

#include "glaux/format/format.h"

namespace glaux {

const Format& AvroFormat();
const Format& CsvFormat();
const Format& ParquetFormat();

}  // namespace glaux
