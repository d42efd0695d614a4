// The rows of a map, blurred; columns follow.
#include "lib/mirror.glsl"
#include "lib/gaussian.glsl"

vec4 texel(int tile, ivec2 p) {
    Gaussian g = gaussian();
    vec4 sum = read0(tile, p);
    float total = 1.0;
    for (int k = 1, far = reach(); k <= far; k++) {
        float weight = next_weight(g);
        vec4 left = read0(tile, ivec2(mirrored(p.x - k, u_shape0.z), p.y));
        sum += (left + read0(tile, ivec2(mirrored(p.x + k, u_shape0.z), p.y))) * weight;
        total += 2.0 * weight;
    }
    return sum / total;
}

#ifdef SPAN
#include "lib/along.glsl"
#define ROW_AT(e) fetch0(origin + ivec2(mirrored(p.x + (e), u_shape0.z), 0))

void texel_span(int tile, ivec2 p, out vec4 found[SPAN]) {
    ivec2 origin = tile_origin(u_shape0, tile) + ivec2(0, p.y);
    for (int k = 0; k < SPAN; k++) found[k] = vec4(0.0);
    ADD_ALONG(found, reach(), ROW_AT, weights_at)
    float total = total_weight();
    for (int k = 0; k < SPAN; k++) found[k] /= total;
}
#endif
