#include "lib/channel.glsl"

vec4 bent(int tile, ivec2 p) {
    vec4 value = vec4(0.0);
    for (int lane = 0; lane < 4; lane++) {
        int from = tile * 4 + lane - int(BY);
        // What % gives of numbers below zero is open.
        value[lane] = value0(from < 0 ? u_shape.x - 1 - (-1 - from) % u_shape.x : from % u_shape.x, p);
    }
    return value;
}
