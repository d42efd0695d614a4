// The range of a whole line of ranges: along x where AXIS is 0, along y where it is 1.
#include "view/range.glsl"

uniform sampler2D u_ranges;

out vec2 o_range;

void main() {
    vec2 range = NOTHING;
    int count = textureSize(u_ranges, 0)[AXIS];
    ivec2 at = ivec2(gl_FragCoord.xy);
    for (int i = 0; i < count; i++) {
        at[AXIS] = i;
        vec2 part = texelFetch(u_ranges, at, 0).xy;
        range = vec2(min(range.x, part.x), max(range.y, part.y));
    }
    o_range = range;
}
