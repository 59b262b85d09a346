#include "glaux/table/hive/hive_table.h"
