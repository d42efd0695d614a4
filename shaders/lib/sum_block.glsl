// Of every channel, the sum over space of what is read, or of the product of both maps, over the number of its terms where it is a mean.
#include "lib/whole.glsl"

void main() {
    bool live = my_tile * 4 < u_shape.x;
    int count = live ? u_shape0.y * u_shape0.z : 0;
    vec4 sum = vec4(0.0);
    for (int n = me; n < count; n += LANES) {
        ivec2 at = at_texel(n);
#if PRODUCT
        sum += read0(my_tile, at) * read1(my_tile, at);
#else
        sum += read0(my_tile, at);
#endif
    }
    sum = total(sum);
    if (AVERAGED == 1) sum /= float(count);
    if (live && me == 0) store(my_tile, ivec2(0), sum);
}
