// Makes 8 × 8 places of SPAN tiles in a workgroup, by ``texel_span``: where places are turned, what those side by side read
// lies close together, which is not so for a row of 64. Groups along z count tiles.

layout(local_size_x = LANES) in;

void main() {
    int across = (u_shape.z + 7) / 8, tile = int(gl_WorkGroupID.z) * SPAN, me = int(gl_LocalInvocationIndex);
    ivec2 first = place_in(int(gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x), across) * 8;
    ivec2 p = first + ivec2(me & 7, me >> 3);
    if (!inside(p, u_shape)) return;
    vec4 found[SPAN];
    texel_span(tile, p, found);
    for (int k = 0; k < SPAN; k++) {
        if ((tile + k) * 4 < u_shape.x) store(tile + k, p, found[k]);
    }
}
