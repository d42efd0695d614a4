// How much a place is bent, by how bright another map is there: lane 0 of one tile.
#include "lib/nan.glsl"

vec4 texel(int tile, ivec2 p) {
    float sum = 0.0;
    if (u_shape0.x == 3) {
        sum = dot(read0(0, p).xyz, vec3(0.299, 0.587, 0.114));
    } else {
        for (int t = 0; t * 4 < u_shape0.x; t++) sum += dot(read0(t, p), vec4(1.0));  // lanes past the last are zero
        sum /= float(u_shape0.x);
    }
    float span = MASK_HIGH - MASK_LOW;
    float share = span == 0.0 ? float(sum >= MASK_LOW) : (sum - MASK_LOW) / span;
    return is_nan(vec4(share)).x ? vec4(0.0) : vec4(clamp(share, 0.0, 1.0));
}
