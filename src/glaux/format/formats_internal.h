#pragma once

#include "glaux/format/format.h"

namespace glaux {

const Format& CsvFormat();
const Format& ParquetFormat();
const Format& TxtFormat();
const Format& IpcFormat();
const Format& OrcFormat();

}  // namespace glaux
