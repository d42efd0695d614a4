vec4 near(int tile, ivec2 p, int across, int down) {
    return read0(tile, clamp(p + ivec2(across, down) - RADIUS, ivec2(0), u_shape.zy - 1));
}

#ifdef SPAN
#if RADIUS == 1
#include "lib/medians_1.glsl"
#elif RADIUS == 2
#include "lib/medians_2.glsl"
#else
#include "lib/medians_3.glsl"
#endif

void bent_span(int tile, ivec2 p, out vec4 found[SPAN]) {
    middles(tile, p, found);
}
#else
#if RADIUS == 1
#include "lib/median_1.glsl"
#elif RADIUS == 2
#include "lib/median_2.glsl"
#else
#include "lib/median_3.glsl"
#endif

vec4 bent(int tile, ivec2 p) {
    return middle(tile, p);
}
#endif
