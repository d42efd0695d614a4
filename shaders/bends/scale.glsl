#include "lib/sample.glsl"

vec4 bent(int tile, ivec2 p) {
    vec2 middle = vec2(u_shape.zy) / 2.0;
    return sampled(tile, middle + (vec2(p) - middle) / FACTOR);
}
