#include "lib/other.glsl"

vec4 bent(int tile, ivec2 p) {
    return other_at(tile, p) * GAIN;
}

#ifdef SPAN
void bent_span(int tile, ivec2 p, out vec4 found[SPAN]) {
    for (int k = 0; k < SPAN; k++) found[k] = bent(min(tile + k, (u_shape.x - 1) / 4), p);
}
#endif
