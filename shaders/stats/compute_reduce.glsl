// Pass 1 of the compute statistics: GROUPS work groups, each summing up its share of the values.
layout(local_size_x = 256) in;
layout(std430, binding = 1) writeonly buffer Partials { Summary partials[]; };

shared Summary s_part[256];

void main() {
    uint me = gl_LocalInvocationIndex;
    Summary mine = nothing();
    for (int i = int(gl_GlobalInvocationID.x); i < value_count(); i += int(gl_NumWorkGroups.x) * 256) {
        bvec4 live;
        vec4 v = values_at(i, live);
        for (int lane = 0; lane < LANES; lane++) if (live[lane]) add_value(mine, v[lane]);
    }
    s_part[me] = mine;
    barrier();
    for (uint half_size = 128u; half_size > 0u; half_size /= 2u) {
        if (me < half_size) s_part[me] = joined(s_part[me], s_part[me + half_size]);
        barrier();
    }
    if (me == 0u) partials[gl_WorkGroupID.x] = s_part[0];
}
