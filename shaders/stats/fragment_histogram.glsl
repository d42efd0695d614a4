// Pass 3 of the fragment statistics: column x counts bins 4x .. 4x+3 in share y of the values, by gathering; a
// scatter with blending would meet its own writes in the same few texels.
uniform sampler2D u_range;
out uvec4 o_counts;

void main() {
    vec2 range = texelFetch(u_range, ivec2(0), 0).xy;
    int first = int(gl_FragCoord.x) * 4;
    uvec4 counts = uvec4(0u);
    for (int i = int(gl_FragCoord.y); i < value_count(); i += SLABS) {
        bvec4 live;
        vec4 v = values_at(i, live);
        for (int lane = 0; lane < LANES; lane++) {
            if (!live[lane] || is_nan(v[lane]) || is_infinite(v[lane])) continue;
            counts += uvec4(equal(ivec4(bin_of(v[lane], range.x, range.y)), ivec4(first) + ivec4(0, 1, 2, 3)));
        }
    }
    o_counts = counts;
}
