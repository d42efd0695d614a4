// Adds up, in a fixed order, what the workgroups of lib/convolve_tile.glsl left of one texel.
#include "lib/parts.glsl"

#define AT_ONCE 8

vec4 texel(int tile, ivec2 p) {
    vec4 sum = vectors(0, tile);
    for (int first = 0; first < u_grid.x; first += AT_ONCE) {
        // All on their way before the first is needed.
        vec4 parts[AT_ONCE];
        for (int i = 0; i < AT_ONCE; i++) {
            parts[i] = first + i < u_grid.x ? u_parts[part_place(first + i, tile, p)] : vec4(0.0);
        }
        for (int i = 0; i < AT_ONCE; i++) sum += parts[i];
    }
    return sum;
}
