// Mean and variance of every channel; the variance in a second reading, because a difference of large sums would lose it.
#include "lib/whole.glsl"

void main() {
    bool live = my_tile * 4 < u_shape.x;
    int count = live ? u_shape0.y * u_shape0.z : 0;
    vec4 sum = vec4(0.0);
    for (int n = me; n < count; n += LANES) sum += read0(my_tile, at_texel(n));
    vec4 mean = total(sum) / float(count);
    vec4 first = vec4(0.0), second = vec4(0.0);
    for (int n = me; n < count; n += LANES) {
        vec4 deviation = read0(my_tile, at_texel(n)) - mean;
        first += deviation;
        second += deviation * deviation;
    }
    vec4 rest = total(first) / float(count), variance = total(second) / float(count) - rest * rest;
    if (live) store_sums(mean + rest, max(variance, vec4(0.0)), count);
}
