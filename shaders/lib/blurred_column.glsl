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
