// The range of a whole line of ranges: along x where AXIS is 0, along y, and then of all, where it is 1.
#include "view/range.glsl"

uniform sampler2D u_ranges;

// A range; behind it, along x, the sum of the roots of how far its parts reach from 0, and how many they are, and of all
// the range that a common scale shows.
out vec4 o_range;

// So many times as far as parts do in the middle, which is a mean of roots, so that a few far ones count little.
const float REACH = 4.0;

void main() {
    vec2 range = NOTHING, roots = vec2(0.0);
    int count = textureSize(u_ranges, 0)[AXIS];
    ivec2 at = ivec2(gl_FragCoord.xy);
    for (int i = 0; i < count; i++) {
        at[AXIS] = i;
        vec4 part = texelFetch(u_ranges, at, 0);
        range = vec2(min(range.x, part.x), max(range.y, part.y));
#if AXIS == 0
        if (part.x <= part.y) roots += vec2(sqrt(max(abs(part.x), abs(part.y))), 1.0);
#else
        roots += part.zw;
#endif
    }
#if AXIS == 0
    o_range = vec4(range, roots);
#else
    float middle = roots.x / max(roots.y, 1.0), reach = min(middle * middle, FLOAT_MAX / REACH) * REACH;
    o_range = vec4(range, range.x <= range.y ? vec2(max(range.x, -reach), min(range.y, reach)) : range);
#endif
}
