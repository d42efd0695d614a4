vec4 near(int tile, ivec2 p, int across, int down) {
    return read0(tile, clamp(p + ivec2(across, down) - RADIUS, ivec2(0), u_shape.zy - 1));
}

#ifdef SPAN
#define MEDIANS SPAN
#else
#define MEDIANS 1
#endif

#if RADIUS == 1
#include "lib/median_1.glsl"
#elif RADIUS == 2
#include "lib/median_2.glsl"
#else
#include "lib/median_3.glsl"
#endif

#ifdef SPAN
void bent_span(int tile, ivec2 p, out vec4 found[SPAN]) {
    medians(tile, p, found);
}
#else
vec4 bent(int tile, ivec2 p) {
    vec4 found[1];
    medians(tile, p, found);
    return found[0];
}
#endif
