// The range of each row of each channel of an atlas: column = tile, row = row of the map, lane = channel.
#include "view/range.glsl"

uniform sampler2D u_values;
uniform ivec4 u_shape;
uniform ivec2 u_crop;

layout(location = 0) out vec4 o_low;
layout(location = 1) out vec4 o_high;

void main() {
    ivec2 start = tile_origin(u_shape, int(gl_FragCoord.x)) + ivec2(0, int(gl_FragCoord.y));
    vec4 low = vec4(FLOAT_MAX), high = vec4(-FLOAT_MAX);
    for (int x = 0; x < u_crop.x; x++) {
        vec4 texel = texelFetch(u_values, start + ivec2(x, 0), 0);
        bvec4 finite = lessThan(floatBitsToUint(texel) & 0x7fffffffu, uvec4(0x7f800000u));
        low = mix(low, min(low, texel), finite);
        high = mix(high, max(high, texel), finite);
    }
    o_low = low;
    o_high = high;
}
