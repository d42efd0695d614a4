#define WHICH 0
#include "lib/pass_rows.glsl"
