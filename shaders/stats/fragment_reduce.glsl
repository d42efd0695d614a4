// Pass 1 of the fragment statistics: SLABS fragments in a row, each summing up its share of the values.
layout(location = 0) out vec4 o_range;
layout(location = 1) out uvec4 o_counts;

void main() {
    Summary mine = nothing();
    for (int i = int(gl_FragCoord.x); i < value_count(); i += SLABS) {
        bvec4 live;
        vec4 v = values_at(i, live);
        for (int lane = 0; lane < LANES; lane++) if (live[lane]) add_value(mine, v[lane]);
    }
    o_range = vec4(mine.minimum, mine.maximum, mine.sum, 0.0);
    o_counts = uvec4(mine.finite, mine.nan, mine.infinite, 0u);
}
