// Pass 3 of the compute statistics: counts per bin between the minimum and the maximum that pass 2 found.
layout(local_size_x = 256) in;
layout(std430, binding = 2) buffer Result { Summary total; uint bins[BINS]; };

shared uint s_bins[BINS];

void main() {
    uint me = gl_LocalInvocationIndex;
    if (me < uint(BINS)) s_bins[me] = 0u;
    barrier();
    for (int i = int(gl_GlobalInvocationID.x); i < value_count(); i += int(gl_NumWorkGroups.x) * 256) {
        bvec4 live;
        vec4 v = values_at(i, live);
        for (int lane = 0; lane < LANES; lane++) {
            if (!live[lane] || is_nan(v[lane]) || is_infinite(v[lane])) continue;
            atomicAdd(s_bins[bin_of(v[lane], total.minimum, total.maximum)], 1u);
        }
    }
    barrier();
    if (me < uint(BINS) && s_bins[me] > 0u) atomicAdd(bins[me], s_bins[me]);
}
