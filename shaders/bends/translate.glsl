#include "lib/sample.glsl"

vec4 bent(int tile, ivec2 p) {
    return sampled(tile, vec2(p) - vec2(X, Y) * vec2(u_shape.zy));
}
