// Parts of sums that several workgroups made: one map after the other, tile by tile, row by row.

layout(std430, binding = 1) coherent buffer Parts { vec4 u_parts[]; };

// Of gradients, which run at the same time, each has a place of its own in the buffer.
#ifdef UNBIASED
#define FIRST_PART u_grid.w
#else
#define FIRST_PART 0
#endif

int part_place(int part, int tile, ivec2 p) {
    return FIRST_PART + ((part * ((u_shape.x + 3) / 4) + tile) * u_shape.y + p.y) * u_shape.z + p.x;
}
