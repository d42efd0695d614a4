#include "lib/grid_taps.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 place = read1(0, p), sum = vec4(0.0);
    Taps x = taps(place.x, u_shape0.z), y = taps(place.y, u_shape0.y);
    for (int j = 0; j < TAPS; j++) {
        if (y.at[j] < 0) continue;
        for (int i = 0; i < TAPS; i++) {
            if (x.at[i] >= 0) sum += y.share[j] * x.share[i] * read0(tile, ivec2(x.at[i], y.at[j]));
        }
    }
    return sum;
}
