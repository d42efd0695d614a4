#define LINE u_shape0.y
#include "lib/pass_line.glsl"
