#include "glaux/table/table.h"
