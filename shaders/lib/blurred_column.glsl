// What a Gaussian makes of the columns of a map whose rows have been blurred.
#include "lib/mirror.glsl"
#include "lib/gaussian.glsl"

vec4 blurred(int tile, ivec2 p) {
    Gaussian g = gaussian();
    vec4 sum = scratch(0, tile, p);
    float total = 1.0;
    for (int k = 1, far = reach(); k <= far; k++) {
        float weight = next_weight(g);
        vec4 above = scratch(0, tile, ivec2(p.x, mirrored(p.y - k, u_shape.y)));
        sum += (above + scratch(0, tile, ivec2(p.x, mirrored(p.y + k, u_shape.y)))) * weight;
        total += 2.0 * weight;
    }
    return sum / total;
}

#ifdef SPAN
#include "lib/along.glsl"
#define COLUMN_AT(e) fetch1(origin + ivec2(0, mirrored(p.y + (e), u_shape.y)))

void blurred_span(int tile, ivec2 p, out vec4 found[SPAN]) {
    ivec2 origin = tile_origin(u_shape1, tile) + ivec2(p.x, 0);
    for (int k = 0; k < SPAN; k++) found[k] = vec4(0.0);
    ADD_ALONG(found, reach(), COLUMN_AT, weights_at)
    float total = total_weight();
    for (int k = 0; k < SPAN; k++) found[k] /= total;
}
#endif
