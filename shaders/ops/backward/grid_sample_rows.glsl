// The first and the last row that the samples of a row are taken from.
#include "lib/grid_taps.glsl"

vec4 texel(int tile, ivec2 p) {
    float low = float(u_shape0.y), high = -1.0;
    for (int x = 0; x < u_shape1.z; x++) {
        Taps y = taps(read1(0, ivec2(x, p.y)).y, u_shape0.y);
        for (int j = 0; j < TAPS; j++) {
            if (y.at[j] < 0) continue;
            low = min(low, float(y.at[j]));
            high = max(high, float(y.at[j]));
        }
    }
    return vec4(low, high, 0.0, 0.0);
}
