#include "lib/spectral.glsl"

vec4 bent(int tile, ivec2 p) {
    return read0(tile, p) - passed(0, tile, p);
}

#ifdef SPAN
void bent_span(int tile, ivec2 p, out vec4 found[SPAN]) {
    passed_span(0, tile, p, found);
    for (int k = 0; k < SPAN; k++) found[k] = read0(tile, ivec2(p.x, min(p.y + k, u_shape.y - 1))) - found[k];
}
#endif
