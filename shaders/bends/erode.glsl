#define WORST INFINITY
#define FARTHER min
#include "lib/ellipse.glsl"
