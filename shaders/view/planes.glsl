// A map as it lies in memory, one plane of rows to a channel, as the texels of its atlas.
uniform ivec4 u_shape;
#include "lib/planes.glsl"

layout(local_size_x = 64) in;

layout(binding = 0) writeonly uniform image2D u_copy;

void main() {
    int at = int((gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 64u + gl_LocalInvocationIndex);
    int tile = int(gl_WorkGroupID.z);
    if (at >= u_shape.y * u_shape.z) return;
    ivec2 p = place_in(at, u_shape.z);
    imageStore(u_copy, tile_origin(u_shape, tile) + p, texel(tile, p));
}
