// The rows of a map, blurred; columns follow.
#include "lib/mirror.glsl"
#include "lib/gaussian.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 sum = vec4(0.0);
    float total = 0.0;
    for (int k = -reach(); k <= reach(); k++) {
        float weight = gaussian_weight(k);
        sum += mirrored_pixel(tile, p + ivec2(k, 0)) * weight;
        total += weight;
    }
    return sum / total;
}
