// Pass 2 of the fragment statistics: one summary of all shares.
uniform sampler2D u_range;
uniform usampler2D u_counts;
layout(location = 0) out vec4 o_range;
layout(location = 1) out uvec4 o_counts;

void main() {
    Summary all = nothing();
    for (int i = 0; i < SLABS; i++) {
        vec4 range = texelFetch(u_range, ivec2(i, 0), 0);
        uvec4 counts = texelFetch(u_counts, ivec2(i, 0), 0);
        all = joined(all, Summary(range.x, range.y, range.z, counts.x, counts.y, counts.z));
    }
    o_range = vec4(all.minimum, all.maximum, all.sum, 0.0);
    o_counts = uvec4(all.finite, all.nan, all.infinite, 0u);
}
