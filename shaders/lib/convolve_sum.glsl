// Adds up, in a fixed order, what the workgroups of lib/convolve_end.glsl left of one texel.
#include "lib/parts.glsl"

#define AT_ONCE 8

int parts = abs(u_grid.x);

vec4 texel(int tile, ivec2 p) {
    vec4 sum = vectors(0, tile);
    for (int first = 0; first < parts; first += AT_ONCE) {
        // All on their way before the first is needed.
        vec4 some[AT_ONCE];
        for (int i = 0; i < AT_ONCE; i++) {
            some[i] = first + i < parts ? u_parts[part_place(first + i, tile, p)] : vec4(0.0);
        }
        for (int i = 0; i < AT_ONCE; i++) sum += some[i];
    }
    return sum;
}
