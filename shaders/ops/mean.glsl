#include "lib/adaptive.glsl"

#ifndef DIM_CHANNELS
vec4 texel(int tile, ivec2 p) {
    return window_mean(tile, p);  // the window is the whole of what is averaged away
}
#else
vec4 texel(int tile, ivec2 p) {
    vec4 sum = vec4(0.0);
    for (int t = 0; t * 4 < u_shape0.x; t++) sum += read0(t, p);  // lanes past the last channel are zero
    return vec4(dot(sum, vec4(1.0)) / float(u_shape0.x));
}
#endif
