// Of every channel, the sum of the gradient, and that of the gradient times the normalised map.
#include "lib/whole.glsl"

void main() {
    bool live = my_tile * 4 < u_shape.x;
    int count = live ? u_shape0.y * u_shape0.z : 0;
    vec4 mean = read2(my_tile, ivec2(0)), scale = 1.0 / sqrt(read2(my_tile, ivec2(1, 0)) + EPS);
    vec4 sum = vec4(0.0), product = vec4(0.0);
    for (int n = me; n < count; n += LANES) {
        ivec2 at = at_texel(n);
        vec4 grad = read0(my_tile, at);
        sum += grad;
        product += grad * (read1(my_tile, at) - mean);
    }
    sum = total(sum);
    product = total(product) * scale;
    if (live) store_sums(sum, product, count);
}
