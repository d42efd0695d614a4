// Adds up, in a fixed order, what the workgroups of lib/convolve_end.glsl left of one texel: with FIRST_IN_MAP the first
// part in the map that is read and written, the others among the parts.
#include "lib/parts.glsl"

#define AT_ONCE 8

int parts = abs(u_grid.x) - FIRST_IN_MAP;

vec4 texel(int tile, ivec2 p) {
#ifdef UNBIASED
    vec4 sum = vec4(0.0);
#else
    vec4 sum = vectors(0, tile);
#endif
    if (FIRST_IN_MAP == 1) sum += read0(tile, p);
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
