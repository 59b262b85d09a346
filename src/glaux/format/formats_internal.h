#pragma once

#include "glaux/format/format.h"

namespace glaux {

const Format& AvroFormat();
const Format& CsvFormat();
const Format& TsvFormat();
const Format& JsonFormat();
const Format& JsonLinesFormat();
const Format& ParquetFormat();
const Format& TxtFormat();
const Format& IpcFormat();
const Format& OrcFormat();

}  // namespace glaux
