#define LANE 0
#include "lib/pass_rows.glsl"
