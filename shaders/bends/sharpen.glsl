#include "lib/blurred_column.glsl"

vec4 bent(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    return x + (x - blurred(tile, p)) * STRENGTH;
}

#ifdef SPAN
void bent_span(int tile, ivec2 p, out vec4 found[SPAN]) {
    blurred_span(tile, p, found);
    for (int k = 0; k < SPAN; k++) {
        vec4 x = read0(tile, ivec2(p.x, min(p.y + k, u_shape.y - 1)));
        found[k] = x + (x - found[k]) * STRENGTH;
    }
}
#endif
