#include "glaux/schema/types.h"
