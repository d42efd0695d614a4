// The value that is FARTHER than all others within OpenCV's ellipse of 2 * RADIUS + 1 pixels; NaN wins.
#include "lib/nan.glsl"

#ifdef WINDOW
// A workgroup of 16 × 16 texels copies what lies around them, as far as that is kept.
#define KEPT 8
#define PITCH (16 + 2 * KEPT)

shared vec4 s_window[PITCH * PITCH];

ivec2 g_first;

void look_over(int tile, ivec2 first) {
    int radius = int(RADIUS), wide = 16 + 2 * radius;
    g_first = first - radius;
    if (radius <= KEPT) {
        for (int n = int(gl_LocalInvocationIndex); n < wide * wide; n += 256) {
            ivec2 q = place_in(n, wide);
            s_window[q.y * PITCH + q.x] = read0(tile, clamp(g_first + q, ivec2(0), u_shape.zy - 1));
        }
    }
    barrier();
}

vec4 around(int tile, ivec2 p) {
    ivec2 q = p - g_first;
    return RADIUS <= float(KEPT) ? s_window[q.y * PITCH + q.x] : read0(tile, p);
}
#else
#define around read0
#endif

vec4 bent(int tile, ivec2 p) {
    int radius = int(RADIUS);
    vec4 found = vec4(WORST);
    uvec4 largest_bits = uvec4(0u);
    for (int y = max(-radius, -p.y); y <= min(radius, u_shape.y - 1 - p.y); y++) {
        int wide = int(sqrt(float(radius * radius - y * y)) + 0.5);
        for (int x = max(-wide, -p.x); x <= min(wide, u_shape.z - 1 - p.x); x++) {
            vec4 value = around(tile, p + ivec2(x, y));
            found = FARTHER(found, value);
            largest_bits = max(largest_bits, magnitude_bits(value));
        }
    }
    return mix(found, uintBitsToFloat(largest_bits), greaterThan(largest_bits, uvec4(0x7f800000u)));
}
