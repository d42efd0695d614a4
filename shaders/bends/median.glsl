#ifdef WINDOW
// A workgroup of 16 × 16 texels copies what lies around them, channel by channel, and each of its invocations finds four
// medians of one channel, one below the other: that takes a quarter of the registers. What is turned has the same medians.
#define WIDE (16 + 2 * RADIUS)
// Rows so long that four of them lie half-way round the banks of shared memory.
#define PITCH 28
#define SPAN 4

shared float s_window[4][WIDE * PITCH];
shared float s_found[4][256];

int g_lane;

float near(int tile, ivec2 p, int across, int down) {
    return s_window[g_lane][(p.y + across) * PITCH + p.x + down];
}

#define vec4 float
#else
vec4 near(int tile, ivec2 p, int across, int down) {
    return read0(tile, clamp(p + ivec2(across, down) - RADIUS, ivec2(0), u_shape.zy - 1));
}
#endif

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

#ifdef WINDOW
#undef vec4
#undef SPAN

void look_over(int tile, ivec2 first) {
    int me = int(gl_LocalInvocationIndex);
    for (int n = me; n < WIDE * WIDE; n += 256) {
        ivec2 q = place_in(n, WIDE);
        vec4 value = read0(tile, clamp(first + q - RADIUS, ivec2(0), u_shape.zy - 1));
        for (int lane = 0; lane < 4; lane++) s_window[lane][q.y * PITCH + q.x] = value[lane];
    }
    barrier();
    g_lane = me >> 6;
    ivec2 p = ivec2(me & 15, (me >> 4 & 3) * 4);
    float found[4];
    medians(tile, p, found);
    for (int k = 0; k < 4; k++) s_found[g_lane][(p.y + k) * 16 + p.x] = found[k];
    barrier();
}

vec4 bent(int tile, ivec2 p) {
    int at = (p.y & 15) * 16 + (p.x & 15);
    return vec4(s_found[0][at], s_found[1][at], s_found[2][at], s_found[3][at]);
}
#elif defined(SPAN)
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
