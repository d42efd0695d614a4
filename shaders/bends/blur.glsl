#include "lib/blurred_column.glsl"

vec4 bent(int tile, ivec2 p) {
    return blurred(tile, p);
}

#ifdef SPAN
void bent_span(int tile, ivec2 p, out vec4 found[SPAN]) {
    blurred_span(tile, p, found);
}
#endif
