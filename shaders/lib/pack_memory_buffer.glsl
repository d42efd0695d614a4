// Some tiles of packed kernels into a buffer.
//
// u_tiles = (first output tile, output tiles, first input tile, input tiles)
layout(local_size_x = 64) in;
layout(std430, binding = 0) writeonly buffer Kernel { vec4 u_kernel[]; };

void main() {
    int at = int((gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 64u + gl_LocalInvocationIndex);
    int lane = at % 4, cell = at / 4 % CELLS, tile = at / 4 / CELLS;
    int out_tile = u_tiles.x + tile / u_tiles.w, j = u_tiles.z + tile % u_tiles.w;
    if (out_tile >= u_tiles.x + u_tiles.y) return;
    int place = ((out_tile * u_kernel_layout.x + j) * CELLS + cell) * 4 + lane;
    u_kernel[u_kernel_layout.y + place] = packed_kernel(out_tile, j, cell, lane);
}
