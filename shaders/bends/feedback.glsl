#define SAMPLED_MAP(tile, q) past(0, tile, q)
#include "lib/sample.glsl"

vec4 bent(int tile, ivec2 p) {
    vec2 middle = vec2(u_shape.zy - 1) / 2.0, from = (vec2(p) - middle) / ZOOM;
    vec2 to = vec2(COSINE * from.x - SINE * from.y, SINE * from.x + COSINE * from.y);
    return read0(tile, p) * (1.0 - MIX) + sampled(tile, middle + to) * (GAIN * MIX);
}
