#define WORST -INFINITY
#define FARTHER max
#include "lib/ellipse.glsl"
