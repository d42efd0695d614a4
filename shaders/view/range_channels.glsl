// The range of each channel, one a texel, in the grid in which tiles are shown.
#include "view/range.glsl"

uniform sampler2D u_low, u_high;
uniform ivec4 u_shape;
uniform ivec2 u_crop;
uniform ivec2 u_tiling;

out vec2 o_range;

void main() {
    int channel = int(gl_FragCoord.y) * u_tiling.x + int(gl_FragCoord.x);
    vec2 range = NOTHING;
    if (channel < u_shape.x) {
        for (int y = 0; y < u_crop.y; y++) {
            ivec2 at = ivec2(channel / 4, y);
            range.x = min(range.x, texelFetch(u_low, at, 0)[channel & 3]);
            range.y = max(range.y, texelFetch(u_high, at, 0)[channel & 3]);
        }
    }
    o_range = range;
}
