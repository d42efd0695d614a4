#define WHICH 1
#include "lib/pass_rows.glsl"
