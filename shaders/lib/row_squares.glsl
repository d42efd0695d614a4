// Of every row, the mean square of what is finite.
#include "lib/nan.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 sum = vec4(0.0);
    for (int x = 0; x < u_shape0.z; x++) {
        vec4 value = read0(tile, ivec2(x, p.y));
        value = mix(value, vec4(0.0), is_not_finite(value));
        sum += value * value;
    }
    return sum / float(u_shape0.z);
}
