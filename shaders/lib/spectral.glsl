// A map filtered by frequencies: its rows have been, and columns follow.
#include "lib/spectral_reach.glsl"

float weight(int which, int far) { return scratch(1, 0, ivec2(0, far))[which]; }

vec4 column_at(int which, int tile, int x, int y) { return scratch(2 + which, tile, ivec2(x, y)); }

vec4 passed(int which, int tile, ivec2 p) {
    int size = u_shape.y, reach = spectral_reach(which, size);
    vec4 sum = column_at(which, tile, p.x, p.y) * weight(which, 0);
    for (int far = 1; far <= reach; far++) {
        int before = p.y - far, after = p.y + far;
        vec4 first = column_at(which, tile, p.x, before < 0 ? before + size : before);
        vec4 second = column_at(which, tile, p.x, after >= size ? after - size : after);
        // What lies opposite on the circle lies there once.
        sum += (2 * far == size ? first : first + second) * weight(which, far);
    }
    return sum;
}

#ifdef SPAN
#define COLUMN_AT(which, at) column_at(which, tile, p.x, at)
#define COLUMN_WEIGHT(which, far) weight(which, far)

void passed_span(int which, int tile, ivec2 p, out vec4 sum[SPAN]) {
    for (int k = 0; k < SPAN; k++) sum[k] = vec4(0.0);
    ADD_ALONG_CIRCLE(sum, which, p.y, u_shape.y, COLUMN_AT, COLUMN_WEIGHT)
}
#endif
