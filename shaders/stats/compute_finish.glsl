// Pass 2 of the compute statistics: one summary of all shares, and an empty histogram.
layout(local_size_x = 64) in;
layout(std430, binding = 1) readonly buffer Partials { Summary partials[]; };
layout(std430, binding = 2) writeonly buffer Result { Summary total; uint bins[BINS]; };

void main() {
    uint me = gl_LocalInvocationIndex;
    bins[me] = 0u;
    if (me != 0u) return;
    Summary all = nothing();
    for (int i = 0; i < partials.length(); i++) all = joined(all, partials[i]);
    total = all;
}
