#include "lib/blurred_column.glsl"

vec4 bent(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    return x + (x - blurred(tile, p)) * STRENGTH;
}
