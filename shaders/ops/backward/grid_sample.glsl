#include "lib/grid_taps.glsl"

float share_of(Taps found, int pixel) {
    float sum = 0.0;
    for (int k = 0; k < TAPS; k++) sum += found.at[k] == pixel ? found.share[k] : 0.0;
    return sum;
}

vec4 texel(int tile, ivec2 p) {
    vec4 sum = vec4(0.0);
    for (int y = 0; y < u_shape1.y; y++) {
        vec4 rows = read3(0, ivec2(0, y));
        if (float(p.y) < rows.x || float(p.y) > rows.y) continue;
        vec4 line = vec4(0.0);
        for (int x = 0; x < u_shape1.z; x++) {
            vec4 place = read1(0, ivec2(x, y));
            float share = share_of(taps(place.y, u_shape0.y), p.y);
            if (share != 0.0) share *= share_of(taps(place.x, u_shape0.z), p.x);
            if (share != 0.0) line += share * read2(tile, ivec2(x, y));
        }
        sum += line;
    }
    return sum;
}
