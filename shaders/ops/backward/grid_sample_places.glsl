#include "lib/grid_taps.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 place = read1(0, p);
    Taps x = taps(place.x, u_shape0.z), y = taps(place.y, u_shape0.y);
    vec2 sum = vec2(0.0);
    for (int t = 0; t * 4 < u_shape0.x; t++) {
        vec4 grad = read2(t, p);
        for (int j = 0; j < TAPS; j++) {
            if (y.at[j] < 0) continue;
            for (int i = 0; i < TAPS; i++) {
                if (x.at[i] < 0) continue;
                float value = dot(grad, read0(t, ivec2(x.at[i], y.at[j])));
                sum += value * vec2(y.share[j] * x.slope[i], y.slope[j] * x.share[i]);
            }
        }
    }
    return vec4(sum, 0.0, 0.0);
}
