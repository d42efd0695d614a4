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
