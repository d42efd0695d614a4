#include "lib/broadcast.glsl"
#include "lib/arc.glsl"
#include "lib/nan.glsl"

vec4 texel(int tile, ivec2 p) {
    vec4 y = spread(0, tile, p), x = spread(1, tile, p);
    vec4 found = vec4(arc(y.x, x.x), arc(y.y, x.y), arc(y.z, x.z), arc(y.w, x.w));
    return mix(mix(found, y, is_nan(y)), x, is_nan(x));
}
