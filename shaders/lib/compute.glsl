// Runs `texel` once for every texel of a map, as a compute shader. A dimension of workgroups may count 65535 only, so
// rows of them make up one long line.

layout(local_size_x = 64) in;

void main() {
    int at = int((gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 64u + gl_LocalInvocationIndex);
    int tile = int(gl_WorkGroupID.z);
    if (at >= u_shape.z * u_shape.y) return;
    ivec2 p = place_in(at, u_shape.z);
    store(tile, p, texel(tile, p));
}
