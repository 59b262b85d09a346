#include "glaux/lake/lake.h"
