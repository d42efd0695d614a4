// Rows filtered around the edges by the line that was read behind the map, in its row WHICH.
#include "lib/spectral_reach.glsl"

vec4 texel(int tile, ivec2 p) {
    int size = u_shape.z, reach = spectral_reach(WHICH, size), middle = middle_of_line(size);
    vec4 sum = read0(tile, p) * read1(0, ivec2(middle, WHICH)).x;
    for (int far = 1; far <= reach; far++) {
        int before = p.x - far, after = p.x + far;
        vec4 first = read0(tile, ivec2(before < 0 ? before + size : before, p.y));
        vec4 second = read0(tile, ivec2(after >= size ? after - size : after, p.y));
        // What lies opposite on the circle lies there once.
        sum += (2 * far == size ? first : first + second) * read1(0, ivec2(middle + far / 4, WHICH))[far % 4];
    }
    return sum;
}

#ifdef SPAN
#define ROW_AT(e) fetch0(origin + ivec2(step_on(at, size), 0))
#define ROW_WEIGHTS(e) fetch1(ivec2(middle + (e) / 4, WHICH))

void texel_span(int tile, ivec2 p, out vec4 found[SPAN]) {
    int size = u_shape.z, middle = middle_of_line(size), far = fours_of_reach(WHICH, size);
    int at = back_from(p.x, far, size);
    ivec2 origin = tile_origin(u_shape0, tile) + ivec2(0, p.y);
    for (int k = 0; k < SPAN; k++) found[k] = vec4(0.0);
    ADD_ALONG(found, far, ROW_AT, ROW_WEIGHTS)
}
#endif
