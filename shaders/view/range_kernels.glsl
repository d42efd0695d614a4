// The range of each kernel of a filter sheet, one a texel.
#include "view/range.glsl"

uniform sampler2D u_values;
uniform ivec2 u_kernel;

out vec2 o_range;

void main() {
    ivec2 corner = ivec2(gl_FragCoord.xy) * u_kernel;
    vec2 range = NOTHING;
    for (int y = 0; y < u_kernel.y; y++)
        for (int x = 0; x < u_kernel.x; x++)
            range = widened(range, texelFetch(u_values, corner + ivec2(x, y), 0).x);
    o_range = range;
}
