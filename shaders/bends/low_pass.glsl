#include "lib/spectral.glsl"

vec4 bent(int tile, ivec2 p) {
    return passed(0, tile, p);
}

#ifdef SPAN
void bent_span(int tile, ivec2 p, out vec4 found[SPAN]) {
    passed_span(0, tile, p, found);
}
#endif
