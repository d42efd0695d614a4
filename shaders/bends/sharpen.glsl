#include "lib/mirror.glsl"
#include "lib/gaussian.glsl"

vec4 column(int tile, ivec2 p) {
    vec4 sum = vec4(0.0);
    float total = 0.0;
    for (int k = -reach(); k <= reach(); k++) {
        float weight = gaussian_weight(k);
        sum += scratch(0, tile, ivec2(p.x, mirrored(p.y + k, u_shape.y))) * weight;
        total += weight;
    }
    return sum / total;
}

vec4 bent(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    return x + (x - column(tile, p)) * STRENGTH;
}
