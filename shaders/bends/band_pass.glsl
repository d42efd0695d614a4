#include "lib/spectral.glsl"

vec4 bent(int tile, ivec2 p) {
    return passed(1, tile, p) - passed(0, tile, p);
}

#ifdef SPAN
void bent_span(int tile, ivec2 p, out vec4 found[SPAN]) {
    vec4 low[SPAN];
    passed_span(0, tile, p, low);
    passed_span(1, tile, p, found);
    for (int k = 0; k < SPAN; k++) found[k] -= low[k];
}
#endif
