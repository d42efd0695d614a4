// Makes SPAN texels in one invocation by ``texel_span``: along one of SPAN_X, SPAN_Y and SPAN_TILES, of which one is 1 and the
// others 0. Groups along z count tiles.

layout(local_size_x = LANES) in;

void main() {
    int at = int((gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * uint(LANES) + gl_LocalInvocationIndex);
    int tile = int(gl_WorkGroupID.z) * (SPAN_TILES * (SPAN - 1) + 1);
    ivec2 on = ivec2(SPAN_X, SPAN_Y), many = on * (SPAN - 1) + 1;
    ivec2 p = place_in(at, (u_shape.z + many.x - 1) / many.x) * many;
    if (p.y >= u_shape.y) return;
    vec4 found[SPAN];
    texel_span(tile, p, found);
#if SPAN_TILES
    for (int k = 0; k < SPAN; k++) {
        if ((tile + k) * 4 < u_shape.x) store(tile + k, p, found[k]);
    }
#else
    begin_tile(tile);
    for (int k = 0; k < SPAN; k++) {
        if (inside(p + on * k, u_shape)) store_texel(p + on * k, found[k]);
    }
#endif
}
