// Parts of sums that several workgroups made: one map after the other, tile by tile, row by row.

layout(std430, binding = 1) coherent buffer Parts { vec4 u_parts[]; };

int part_place(int part, int tile, ivec2 p) {
    return ((part * ((u_shape.x + 3) / 4) + tile) * u_shape.y + p.y) * u_shape.z + p.x;
}
