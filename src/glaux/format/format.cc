#include "glaux/format/format.h"
