// Rows filtered around the edges by the line that was read behind the map, in lane LANE.
#include "lib/spectral_reach.glsl"

vec4 texel(int tile, ivec2 p) {
    int size = u_shape.z, reach = spectral_reach(LANE, size);
    vec4 sum = read0(tile, p) * read1(0, ivec2(0))[LANE];
    for (int far = 1; far <= reach; far++) {
        int before = p.x - far, after = p.x + far;
        vec4 first = read0(tile, ivec2(before < 0 ? before + size : before, p.y));
        vec4 second = read0(tile, ivec2(after >= size ? after - size : after, p.y));
        // What lies opposite on the circle lies there once.
        sum += (2 * far == size ? first : first + second) * read1(0, ivec2(far, 0))[LANE];
    }
    return sum;
}

#ifdef SPAN
#define ROW_AT(which, at) read0(tile, ivec2(at, p.y))
#define ROW_WEIGHT(which, far) read1(0, ivec2(far, 0))[which]

void texel_span(int tile, ivec2 p, out vec4 found[SPAN]) {
    for (int k = 0; k < SPAN; k++) found[k] = vec4(0.0);
    ADD_ALONG_CIRCLE(found, LANE, p.x, u_shape.z, ROW_AT, ROW_WEIGHT)
}
#endif
