#pragma once
#include "glaux/table/table.h"
