#include "lib/order.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 own = read0(tile, p), count = vec4(0.0);
    ivec4 numbers = tile * 4 + ivec4(0, 1, 2, 3);
    for (int c = 0; c < u_shape0.x; c++) count += comes_before(read0(c / 4, p)[c % 4], c, own, numbers);
    return count;
}
