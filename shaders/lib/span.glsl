// Makes SPAN texels side by side in one invocation, below one another with SPAN_DOWN, by ``texel_span``; the groups along z
// count tiles.

layout(local_size_x = LANES) in;

void main() {
    int at = int((gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * uint(LANES) + gl_LocalInvocationIndex);
    int tile = int(gl_WorkGroupID.z);
    int per_row = SPAN_DOWN != 0 ? u_shape.z : (u_shape.z + SPAN - 1) / SPAN;
    int row = quotient(at, per_row);
    ivec2 on = SPAN_DOWN != 0 ? ivec2(0, 1) : ivec2(1, 0);
    ivec2 p = ivec2(at - row * per_row, row) * (on * (SPAN - 1) + 1);
    if (p.y >= u_shape.y) return;
    vec4 found[SPAN];
    texel_span(tile, p, found);
    begin_tile(tile);
    for (int k = 0; k < SPAN; k++) {
        if (inside(p + on * k, u_shape)) store_texel(p + on * k, found[k]);
    }
}
