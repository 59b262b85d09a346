#include "glaux/engine/query_engine.h"
