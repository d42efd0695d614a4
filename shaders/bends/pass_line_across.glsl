#define LINE u_shape0.z
#include "lib/pass_line.glsl"
