// Sums of squares of every gradient: each group leaves one.
#include "learn/table.glsl"

layout(std430, binding = 2) writeonly buffer Sums { float u_sums[]; };

shared vec4 s_sums[64];

void main() {
    int me = int(gl_LocalInvocationIndex), group = my_group();
    vec4 sum = vec4(0.0);
    for (int number = me; number < u_span.z; number += 64) {
        Item item = item_at(group, number);
        if (!item.live) break;
        for (int lane = 0; lane < 4 && has_lane(item, lane); lane++) {
            vec4 grad = texelFetch(GRAD(item.job), place_of(item, lane), 0);
            sum += grad * grad;
        }
    }
    s_sums[me] = sum;
    barrier();
    for (int half_of = 32; half_of > 0; half_of /= 2) {
        if (me < half_of) s_sums[me] += s_sums[me + half_of];
        barrier();
    }
    if (me == 0) u_sums[group] = dot(s_sums[0], vec4(1.0));
}
