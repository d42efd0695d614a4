// An input as it lies in memory, one plane of rows to a channel, as the texels of its atlas.

layout(std430, binding = 0) readonly buffer Planes { float u_planes[]; };

vec4 texel(int tile, ivec2 p) {
    int plane = u_shape.y * u_shape.z;
    int at = tile * 4 * plane + p.y * u_shape.z + p.x;
    vec4 value = vec4(0.0);
    for (int lane = 0; lane < 4; lane++) {
        if (tile * 4 + lane < u_shape.x) value[lane] = u_planes[at + lane * plane];
    }
    return value;
}
