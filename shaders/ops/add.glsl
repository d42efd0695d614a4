#include "lib/broadcast.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 sum = spread(0, tile, p);
    for (int k = 1; k < INPUTS; k++) sum += spread(k, tile, p);
    return sum;
}
