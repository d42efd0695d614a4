// Makes 16 × 16 texels of a tile in a workgroup of 256, which looks over them and what lies around them together, by
// ``look_over``, before each makes its own.

layout(local_size_x = LANES) in;

void main() {
    int across = (u_shape.z + 15) / 16, tile = int(gl_WorkGroupID.z);
    ivec2 first = place_in(int(gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x), across) * 16;
    if (first.y >= u_shape.y) return;
    look_over(tile, first);
    ivec2 p = first + ivec2(int(gl_LocalInvocationIndex) & 15, int(gl_LocalInvocationIndex) >> 4);
    if (inside(p, u_shape)) store(tile, p, texel(tile, p));
}
