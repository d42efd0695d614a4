// A map filtered by frequencies: its rows have been, and columns follow.
#include "lib/spectral_reach.glsl"

vec4 column_at(int which, int tile, int x, int y) { return scratch(2 + which, tile, ivec2(x, y)); }

vec4 passed(int which, int tile, ivec2 p) {
    int size = u_shape.y, reach = spectral_reach(which, size), middle = middle_of_line(size);
    vec4 sum = column_at(which, tile, p.x, p.y) * scratch(1, 0, ivec2(middle, which)).x;
    for (int far = 1; far <= reach; far++) {
        int before = p.y - far, after = p.y + far;
        vec4 first = column_at(which, tile, p.x, before < 0 ? before + size : before);
        vec4 second = column_at(which, tile, p.x, after >= size ? after - size : after);
        // What lies opposite on the circle lies there once.
        sum += (2 * far == size ? first : first + second) * scratch(1, 0, ivec2(middle + far / 4, which))[far % 4];
    }
    return sum;
}

#ifdef SPAN
// The map is read first, then both lines, and the rows filtered by each.
#define LOW_AT(e) fetch3(origin + ivec2(0, step_on(at, size)))
#define HIGH_AT(e) fetch4(origin + ivec2(0, step_on(at, size)))
#define COLUMN_WEIGHTS(e) fetch2(ivec2(middle + (e) / 4, which))

void passed_span(const int which, int tile, ivec2 p, out vec4 sum[SPAN]) {
    int size = u_shape.y, middle = middle_of_line(size), far = fours_of_reach(which, size);
    int at = back_from(p.y, far, size);
    ivec2 origin = tile_origin(u_shape3, tile) + ivec2(p.x, 0);
    for (int k = 0; k < SPAN; k++) sum[k] = vec4(0.0);
#ifdef BAND
    if (which == 1) ADD_ALONG(sum, far, HIGH_AT, COLUMN_WEIGHTS)
    else ADD_ALONG(sum, far, LOW_AT, COLUMN_WEIGHTS)
#else
    ADD_ALONG(sum, far, LOW_AT, COLUMN_WEIGHTS)
#endif
}
#endif
